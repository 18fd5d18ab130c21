import { SamlRefused } from '#domain/saml/saml-refused.js';
import { isEmail } from '#domain/user/email-address.js';
import type { IdentityProvider } from '../parties.js';
import type { VerifiedAssertion } from '../verified-assertion.js';
import { firstText, shownTexts } from './asserted-text.js';
import { type AttributeMap, type PlainName, valuesOf } from './attribute-map.js';
import { domainOf, isWithin, mayAssert, scopeOf } from './scope.js';
import { type IdentifierSource, subjectOf } from './subject-identifier.js';

/** Who logs in, as the identity provider says at this login. What is absent is null, or an empty list. */
export interface AssertedPerson {
  /** Stable, and of this person alone at this identity provider: compared exactly. */
  readonly subject: string;
  readonly firstNames: string | null;
  readonly lastName: string | null;
  /** Unverified, and perhaps shared with others: nobody is found by them. */
  readonly mails: readonly string[];
  /** Evidence for a merge by hand, and nothing else; null also for one of another organisation. */
  readonly principalName: string | null;
  /** There was a principal name that does not belong to the organisation. */
  readonly hasForeignPrincipalName: boolean;
  /** schacHomeOrganization, a domain in lower case. */
  readonly organizationId: string | null;
  readonly organizationName: string | null;
  readonly primaryAffiliation: string | null;
  /** `staff`, and `staff@sdu.dk` where the identity provider may speak for that domain. */
  readonly affiliations: readonly string[];
  /** As sent: `1` is self-asserted, `2` verified, `3` strong at WAYF. */
  readonly assurance: readonly string[];
  /** Has an account that anybody can make, at WAYF Orphanage. */
  readonly isSelfRegistered: boolean;
  /** Comes as a citizen, by NemLog-in. */
  readonly isNemLogIn: boolean;
}

const ORPHANAGE = 'orphanage.wayf.dk';
const NEMLOGIN = 'nemlogin.wayf.dk';
const NEMLOGIN_SCOPE = 'sikker-adgang.dk';

/**
 * What an assertion says of a person, in the words of WAYF. National ids and birth dates are not read, even where they come.
 * @param identifiedBy what identifies people of this identity provider: changing it makes other people of them
 * @throws SamlRefused `identifier-missing`, `identifier-ambiguous`, `organisation-ambiguous`, `organisation-wrong`
 */
export function assertedPerson(
  assertion: VerifiedAssertion,
  { scopes }: Pick<IdentityProvider, 'scopes'>,
  map: AttributeMap,
  identifiedBy?: readonly IdentifierSource[],
): AssertedPerson {
  const values = (name: PlainName) => valuesOf(name, assertion.attributes, map);
  const organizationId = organizationOf(values('schacHomeOrganization'), scopes);
  const subject = subjectOf(assertion, values, { scopes, organizationId }, identifiedBy);
  const principalNames = values('eduPersonPrincipalName');
  const [principalName = null] = principalNames;
  const isOwn = principalName !== null && isOfOrganization(principalName, organizationId, scopes);
  const scoped = values('eduPersonScopedAffiliation').filter((value) => {
    const scope = scopeOf(value);
    return scope !== null && mayAssert(scope, scopes);
  });
  // Behind the hub they have several entity ids, each with this in it (wayf-saml §1.1).
  const cameBy = (host: string) =>
    [assertion.issuer, ...assertion.authenticatingAuthorities].some((entity) => entity.toLowerCase().includes(host));
  const belongsTo = (host: string) =>
    [organizationId, ...principalNames.map(scopeOf)].some((domain) => domain !== null && isWithin(domain, host));
  return {
    subject,
    firstNames: firstText(values('gn')),
    lastName: firstText(values('sn')),
    mails: values('mail').filter(isEmail),
    principalName: isOwn ? principalName : null,
    hasForeignPrincipalName: principalName !== null && !isOwn,
    organizationId,
    organizationName: firstText(values('organizationName')),
    primaryAffiliation: firstText(values('eduPersonPrimaryAffiliation')),
    affiliations: shownTexts([...values('eduPersonAffiliation'), ...scoped]),
    assurance: shownTexts(values('eduPersonAssurance')),
    isSelfRegistered: cameBy(ORPHANAGE) || belongsTo(ORPHANAGE),
    isNemLogIn: cameBy(NEMLOGIN) || belongsTo(NEMLOGIN_SCOPE),
  };
}

/** Two would let a person choose whose rules apply, and so would one that cannot be read: it would be as good as none. */
function organizationOf(values: readonly string[], scopes: readonly string[] | null): string | null {
  const [domain, ...more] = new Set(values.map(domainOf));
  if (more.length > 0) throw new SamlRefused('organisation-ambiguous');
  if (domain === undefined) return null;
  if (domain === null || !mayAssert(domain, scopes)) throw new SamlRefused('organisation-wrong');
  return domain;
}

const MAX_PRINCIPAL_NAME = 256;

function isOfOrganization(name: string, organization: string | null, scopes: readonly string[] | null): boolean {
  const scope = scopeOf(name);
  if (scope === null || organization === null || name.length > MAX_PRINCIPAL_NAME) return false;
  return isWithin(scope, organization) && mayAssert(scope, scopes);
}
