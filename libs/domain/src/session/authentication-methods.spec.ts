import { describe, expect, it } from 'vitest';
import { methodsOfAssertion, withSecondFactor } from './authentication-methods.js';

const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
const REFEDS_MFA = 'https://refeds.org/profile/mfa';

describe('the methods of a login by an identity provider', () => {
  it('are two factors only where the assertion names one of the contexts that stand for them', () => {
    expect(methodsOfAssertion(REFEDS_MFA, new Set([REFEDS_MFA]))).toEqual(['saml', 'mfa']);
    expect(methodsOfAssertion(PASSWORD, new Set([REFEDS_MFA]))).toEqual(['saml']);
    expect(methodsOfAssertion(`${REFEDS_MFA}/`, new Set([REFEDS_MFA]))).toEqual(['saml']);
    expect(methodsOfAssertion(null, new Set([REFEDS_MFA]))).toEqual(['saml']);
    expect(methodsOfAssertion(REFEDS_MFA, new Set())).toEqual(['saml']);
  });
});

describe('a second factor that was shown here', () => {
  it('is added to how the first one was', () => {
    expect(withSecondFactor(['pwd'], 'totp')).toEqual(['pwd', 'otp', 'mfa']);
    expect(withSecondFactor(['pwd'], 'recovery')).toEqual(['pwd', 'mfa']);
    expect(withSecondFactor(['saml'], 'totp')).toEqual(['saml', 'otp', 'mfa']);
  });

  it('adds nothing twice to one that an identity provider saw', () =>
    expect(withSecondFactor(['saml', 'mfa'], 'totp')).toEqual(['saml', 'otp', 'mfa']));
});
