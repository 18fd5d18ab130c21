import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { VerifiedAssertion } from '../verified-assertion.js';
import { attributeOf, onlyChild, SAML, textOf } from '../xml/elements.js';
import { utcTime } from '../xml/utc-time.js';
import { readAttributes } from './attributes.js';
import { readAuthentication } from './authentication.js';
import { CLOCK_SKEW_MS, demandFresh, MAX_AGE_MS } from './clock-skew.js';
import { demandConditions } from './conditions.js';
import type { AssertionExpectations } from './expectations.js';
import { readSubject } from './subject.js';

/**
 * What an assertion means for us, and that it means us (SEC-111).
 * @param assertion of the bytes that were verified, and its structure has been checked, too
 * @throws SamlRefused
 */
export function readAssertion(assertion: Element, expectations: AssertionExpectations): VerifiedAssertion {
  const { identityProvider, now } = expectations;
  const id = attributeOf(assertion, 'ID');
  if (id === null) throw new SamlRefused('assertion-malformed');
  if (textOf(onlyChild(assertion, SAML, 'Issuer')) !== identityProvider.entityId) throw new SamlRefused('issuer-wrong');
  const issuedAt = demandFresh(now, utcTime(attributeOf(assertion, 'IssueInstant')));
  const subject = readSubject(assertion, expectations);
  const conditionsEnd = demandConditions(assertion, expectations);
  const ends = [issuedAt.getTime() + MAX_AGE_MS, subject.notOnOrAfter.getTime(), conditionsEnd.getTime()];
  return {
    id,
    issuer: identityProvider.entityId,
    requestId: subject.requestId,
    nameId: subject.nameId,
    ...readAuthentication(assertion, now),
    acceptableUntil: new Date(Math.min(...ends) + CLOCK_SKEW_MS),
    attributes: readAttributes(assertion),
  };
}
