import { SamlRefused } from '#domain/saml/saml-refused.js';
import { attributeOf, childElements, childrenNamed, onlyChild, SAML, textOf } from '../xml/elements.js';
import { utcTime } from '../xml/utc-time.js';
import { demandBefore, demandNotBefore } from './clock-skew.js';
import type { AssertionExpectations } from './expectations.js';

// The last two hold here anyway: an assertion is used once, and none is made from it.
const KNOWN_CONDITIONS: ReadonlySet<string> = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction']);

/**
 * That the assertion holds now, and for us (SAML core §2.5.1); a condition that is not known cannot be met.
 * @returns when it ends
 * @throws SamlRefused `conditions-wrong`, `audience-wrong`, `not-yet-valid`, `expired`
 */
export function demandConditions(assertion: Element, { serviceProvider, now }: AssertionExpectations): Date {
  const conditions = onlyChild(assertion, SAML, 'Conditions');
  if (conditions === null) throw new SamlRefused('conditions-wrong');
  for (const { namespaceURI, localName } of childElements(conditions))
    if (namespaceURI !== SAML || !KNOWN_CONDITIONS.has(localName)) throw new SamlRefused('conditions-wrong');

  // Each of them has to name us, whom else it names is its own affair.
  const restrictions = childrenNamed(conditions, SAML, 'AudienceRestriction');
  const namesUs = (restriction: Element) =>
    childrenNamed(restriction, SAML, 'Audience').some((audience) => textOf(audience) === serviceProvider.entityId);
  if (restrictions.length === 0 || !restrictions.every(namesUs)) throw new SamlRefused('audience-wrong');

  const notBefore = utcTime(attributeOf(conditions, 'NotBefore'));
  const notOnOrAfter = utcTime(attributeOf(conditions, 'NotOnOrAfter'));
  if (notBefore === null || notOnOrAfter === null || notBefore >= notOnOrAfter)
    throw new SamlRefused('conditions-wrong');
  demandNotBefore(now, notBefore);
  demandBefore(now, notOnOrAfter);
  return notOnOrAfter;
}
