import type { RequestedAttribute } from '../metadata/service-description.js';
import type { AttributeNames } from './provider-preset.js';

/**
 * The attributes of eduPerson, SCHAC and LDAP that are used, by URI and by plain name: which of the two comes is agreed for each
 * service, and some get both at once (wayf-saml §1.4).
 */
export const STANDARD_ATTRIBUTES: AttributeNames = {
  subject: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.10', 'eduPersonTargetedID'],
  firstNames: ['urn:oid:2.5.4.42', 'gn', 'givenName'],
  lastName: ['urn:oid:2.5.4.4', 'sn'],
  mail: ['urn:oid:0.9.2342.19200300.100.1.3', 'mail'],
  principalName: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.6', 'eduPersonPrincipalName'],
  organizationId: ['urn:oid:1.3.6.1.4.1.25178.1.2.9', 'schacHomeOrganization'],
  organizationName: ['urn:oid:2.5.4.10', 'organizationName'],
  primaryAffiliation: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.5', 'eduPersonPrimaryAffiliation'],
  affiliation: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.1', 'eduPersonAffiliation'],
  scopedAffiliation: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.9', 'eduPersonScopedAffiliation'],
  assurance: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.11', 'eduPersonAssurance'],
};

const ask = (isRequired: boolean, [name = '', friendlyName = '']: readonly string[]): RequestedAttribute => ({
  name,
  friendlyName,
  isRequired,
});

/** What our metadata asks for: without the first two nobody can be let in, the rest is recorded where it is released. */
export const REQUESTED_ATTRIBUTES: readonly RequestedAttribute[] = [
  ask(true, STANDARD_ATTRIBUTES.subject),
  ask(true, STANDARD_ATTRIBUTES.organizationId),
  ask(false, STANDARD_ATTRIBUTES.firstNames),
  ask(false, STANDARD_ATTRIBUTES.lastName),
  ask(false, STANDARD_ATTRIBUTES.mail),
  ask(false, STANDARD_ATTRIBUTES.principalName),
  ask(false, STANDARD_ATTRIBUTES.organizationName),
  ask(false, STANDARD_ATTRIBUTES.primaryAffiliation),
  ask(false, STANDARD_ATTRIBUTES.scopedAffiliation),
  ask(false, STANDARD_ATTRIBUTES.assurance),
];
