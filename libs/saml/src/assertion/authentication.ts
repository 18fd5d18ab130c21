import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { VerifiedAssertion } from '../verified-assertion.js';
import { attributeOf, childrenNamed, onlyChild, SAML, textOf } from '../xml/elements.js';
import { utcTime } from '../xml/utc-time.js';
import { demandNotBefore } from './clock-skew.js';

/** Of what is remembered with a session. */
const MAX_LENGTH = 1_024;
const MAX_AUTHORITIES = 10;

/** How and when the person proved who they are. */
export type Authentication = Pick<
  VerifiedAssertion,
  'sessionIndex' | 'authenticatedAt' | 'sessionEndsAt' | 'authnContext' | 'authenticatingAuthorities'
>;

/**
 * Of the one AuthnStatement (SAML core §2.7.2).
 * @throws SamlRefused `authentication-missing`, `not-yet-valid`, `session-over`
 */
export function readAuthentication(assertion: Element, now: Date): Authentication {
  const statement = onlyChild(assertion, SAML, 'AuthnStatement');
  const context = statement === null ? null : onlyChild(statement, SAML, 'AuthnContext');
  const authenticatedAt = statement === null ? null : utcTime(attributeOf(statement, 'AuthnInstant'));
  if (statement === null || context === null || authenticatedAt === null)
    throw new SamlRefused('authentication-missing');
  demandNotBefore(now, authenticatedAt);
  const authentication = {
    sessionIndex: attributeOf(statement, 'SessionIndex'),
    authenticatedAt,
    sessionEndsAt: readSessionEnd(statement, now),
    authnContext: textOf(onlyChild(context, SAML, 'AuthnContextClassRef')),
    authenticatingAuthorities: childrenNamed(context, SAML, 'AuthenticatingAuthority').map(
      (authority) => textOf(authority) ?? '',
    ),
  };
  const { sessionIndex, authnContext, authenticatingAuthorities } = authentication;
  const texts = [sessionIndex, authnContext, ...authenticatingAuthorities];
  if (texts.some((text) => text !== null && text.length > MAX_LENGTH) || texts.length > MAX_AUTHORITIES + 2)
    throw new SamlRefused('authentication-missing');
  return authentication;
}

/** Without a skew: a session that ends now is none. */
function readSessionEnd(statement: Element, now: Date): Date | null {
  const text = attributeOf(statement, 'SessionNotOnOrAfter');
  if (text === null) return null;
  const end = utcTime(text);
  if (end === null) throw new SamlRefused('authentication-missing');
  if (end <= now) throw new SamlRefused('session-over');
  return end;
}
