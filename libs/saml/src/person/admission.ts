import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { AssertedPerson } from './asserted-person.js';

/** Whom a service lets in, of those whom the federation can vouch for: it does no access control by itself (wayf-saml §1.1). */
export interface AdmissionPolicy {
  /** Domains in lower case, each of them exactly; null for any. Of a list, whoever has no institution is not. */
  readonly allowedInstitutions: readonly string[] | null;
  readonly refusedInstitutions: readonly string[];
  /** Accounts that anybody can make, at WAYF Orphanage. */
  readonly selfRegistered: 'refuse' | 'admit';
  /** Citizens without an institution. */
  readonly nemLogIn: 'refuse' | 'admit';
}

/** @throws SamlRefused `self-registered-not-admitted`, `nemlogin-not-admitted`, `institution-not-admitted` */
export function demandAdmitted(
  { organizationId, isSelfRegistered, isNemLogIn }: AssertedPerson,
  policy: AdmissionPolicy,
): void {
  if (isSelfRegistered && policy.selfRegistered === 'refuse') throw new SamlRefused('self-registered-not-admitted');
  if (isNemLogIn && policy.nemLogIn === 'refuse') throw new SamlRefused('nemlogin-not-admitted');
  const { allowedInstitutions, refusedInstitutions } = policy;
  const isAllowed =
    allowedInstitutions === null || (organizationId !== null && allowedInstitutions.includes(organizationId));
  const isRefused = organizationId !== null && refusedInstitutions.includes(organizationId);
  if (!isAllowed || isRefused) throw new SamlRefused('institution-not-admitted');
}
