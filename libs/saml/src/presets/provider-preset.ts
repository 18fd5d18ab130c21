/** What attributes are for, whatever a federation calls them; the names that settings use. */
export const ATTRIBUTE_PURPOSES = [
  'subject',
  'firstNames',
  'lastName',
  'mail',
  'principalName',
  'organizationId',
  'organizationName',
  'primaryAffiliation',
  'affiliation',
  'scopedAffiliation',
  'assurance',
] as const;
export type AttributePurpose = (typeof ATTRIBUTE_PURPOSES)[number];

/** By what it is for, every Name that an attribute may come under. */
export type AttributeNames = Readonly<Record<AttributePurpose, readonly string[]>>;

/** What is known of an identity provider, so that settings need not say it. */
export interface ProviderPreset {
  readonly entityId: string;
  /** Of a signed feed that it is in. */
  readonly metadataUrl: string;
  readonly attributes: AttributeNames;
  /** Values of AuthnContextClassRef that mean a second factor. */
  readonly secondFactorContexts: readonly string[];
}
