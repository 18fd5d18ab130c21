/** What an attribute means, by its name in WAYF's list (wayf-saml §1.4). What is not here is not looked at, and not kept (SEC-114). */
export const PLAIN_NAMES = [
  'eduPersonTargetedID',
  'pairwise-id',
  'subject-id',
  'eduPersonPrincipalName',
  'schacHomeOrganization',
  'organizationName',
  'gn',
  'sn',
  'mail',
  'eduPersonPrimaryAffiliation',
  'eduPersonAffiliation',
  'eduPersonScopedAffiliation',
  'eduPersonAssurance',
] as const;

export type PlainName = (typeof PLAIN_NAMES)[number];

/** Under which names each of them comes; the settings may say others. */
export type AttributeMap = Readonly<Record<PlainName, readonly string[]>>;

/** Both forms of each name: the hub sends either, and to some services both at once. */
export const WAYF_ATTRIBUTES: AttributeMap = {
  eduPersonTargetedID: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.10', 'eduPersonTargetedID'],
  'pairwise-id': ['urn:oasis:names:tc:SAML:attribute:pairwise-id', 'pairwise-id'],
  'subject-id': ['urn:oasis:names:tc:SAML:attribute:subject-id', 'subject-id'],
  eduPersonPrincipalName: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.6', 'eduPersonPrincipalName'],
  schacHomeOrganization: ['urn:oid:1.3.6.1.4.1.25178.1.2.9', 'schacHomeOrganization'],
  organizationName: ['urn:oid:2.5.4.10', 'organizationName', 'o'],
  gn: ['urn:oid:2.5.4.42', 'gn', 'givenName'],
  sn: ['urn:oid:2.5.4.4', 'sn'],
  mail: ['urn:oid:0.9.2342.19200300.100.1.3', 'mail'],
  eduPersonPrimaryAffiliation: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.5', 'eduPersonPrimaryAffiliation'],
  eduPersonAffiliation: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.1', 'eduPersonAffiliation'],
  eduPersonScopedAffiliation: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.9', 'eduPersonScopedAffiliation'],
  eduPersonAssurance: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.11', 'eduPersonAssurance'],
};

/** The values under any of the names, each once, in the order of the names and then of the assertion. */
export function valuesOf(
  name: PlainName,
  attributes: ReadonlyMap<string, readonly string[]>,
  map: AttributeMap,
): readonly string[] {
  return [...new Set(map[name].flatMap((form) => attributes.get(form) ?? []))];
}
