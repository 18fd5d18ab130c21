import { SamlRefused } from '#domain/saml/saml-refused.js';

/** How far the clock of an identity provider may be from ours; what WAYF asks of services (wayf-saml §1.3). */
export const CLOCK_SKEW_MS = 60_000;

/** How long ago a message may have been written: it comes by way of a browser, at once. */
export const MAX_AGE_MS = 5 * 60_000;

/** @throws SamlRefused `expired` */
export function demandBefore(now: Date, notOnOrAfter: Date): void {
  if (now.getTime() - CLOCK_SKEW_MS >= notOnOrAfter.getTime()) throw new SamlRefused('expired');
}

/** @throws SamlRefused `not-yet-valid` */
export function demandNotBefore(now: Date, notBefore: Date): void {
  if (now.getTime() + CLOCK_SKEW_MS < notBefore.getTime()) throw new SamlRefused('not-yet-valid');
}

/** @throws SamlRefused `issue-instant-wrong` for none, for one that is too long ago, and for one in the future */
export function demandFresh(now: Date, issueInstant: Date | null): Date {
  const ageMs = issueInstant === null ? Number.NaN : now.getTime() - issueInstant.getTime();
  if (issueInstant === null || ageMs > MAX_AGE_MS + CLOCK_SKEW_MS || ageMs < -CLOCK_SKEW_MS)
    throw new SamlRefused('issue-instant-wrong');
  return issueInstant;
}
