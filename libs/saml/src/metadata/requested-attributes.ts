import { type PlainName, WAYF_ATTRIBUTES } from '../person/attribute-map.js';

/** An attribute that is asked for, by its name as a URI. */
export interface RequestedAttribute {
  readonly name: string;
  /** For people only. */
  readonly friendlyName: string;
  readonly isRequired: boolean;
}

const ask = (friendlyName: PlainName, isRequired: boolean): RequestedAttribute => ({
  name: WAYF_ATTRIBUTES[friendlyName][0] ?? friendlyName,
  friendlyName,
  isRequired,
});

/** What our metadata asks for: without the first two few can be let in, the rest is recorded where it is released. */
export const REQUESTED_ATTRIBUTES: readonly RequestedAttribute[] = [
  ask('eduPersonTargetedID', true),
  ask('schacHomeOrganization', true),
  ask('gn', false),
  ask('sn', false),
  ask('mail', false),
  ask('eduPersonPrincipalName', false),
  ask('organizationName', false),
  ask('eduPersonPrimaryAffiliation', false),
  ask('eduPersonScopedAffiliation', false),
  ask('eduPersonAssurance', false),
];
