import { MULTI_FACTOR } from '../access/access.js';

/**
 * How somebody was authenticated whom an identity provider vouches for (RFC 8176 has no word for it).
 * @param authnContext how they proved it there; null where it is not said
 * @param multiFactorContexts those that stand for two factors or more; nothing else does
 */
export const methodsOfAssertion = (
  authnContext: string | null,
  multiFactorContexts: ReadonlySet<string>,
): readonly string[] =>
  authnContext !== null && multiFactorContexts.has(authnContext) ? ['saml', MULTI_FACTOR] : ['saml'];

/** The methods of a login whose own second factor was shown, too. @param first those before it */
export const withSecondFactor = (first: readonly string[], kind: 'totp' | 'recovery'): readonly string[] => [
  ...first.filter((method) => method !== MULTI_FACTOR),
  ...(kind === 'totp' ? ['otp'] : []),
  MULTI_FACTOR,
];
