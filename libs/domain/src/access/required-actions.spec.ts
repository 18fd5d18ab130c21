import { describe, expect, it } from 'vitest';
import {
  type LoginFacts,
  type RequiredAction,
  explanationOf,
  requiredActions,
  scopesWhile,
} from './required-actions.js';

const account = { kind: 'password', mustChangePassword: false, registeredBy: 'service' } as const;
const facts: LoginFacts = {
  policy: { provisionedUsers: 'required', registeredUsers: 'optional', federatedUsers: 'optional' },
  hasSecondFactor: false,
  secondFactorAsserted: false,
  passwordTooShort: false,
};
const both: RequiredAction[] = ['change-password', 'enrol-second-factor'];

describe('what is required of somebody who logs in', () => {
  it('is nothing, as a rule', () => expect(requiredActions(account, facts)).toEqual([]));

  it('is another password where an administrator asked for it, or it is too short by now (SEC-01)', () => {
    expect(requiredActions({ ...account, mustChangePassword: true }, facts)).toEqual(['change-password']);
    expect(requiredActions(account, { ...facts, passwordTooShort: true })).toEqual(['change-password']);
    expect(requiredActions(account, { ...facts, passwordTooShort: true, hasSecondFactor: true })).toEqual([
      'change-password',
    ]);
  });

  it('is a second factor where the policy asks for one and there is none (SEC-44)', () => {
    const provisioned = { ...account, registeredBy: 'administrator' } as const;
    expect(requiredActions(provisioned, facts)).toEqual(['enrol-second-factor']);
    expect(requiredActions(provisioned, { ...facts, hasSecondFactor: true })).toEqual([]);
    expect(requiredActions({ ...provisioned, mustChangePassword: true }, facts)).toEqual(both);
    expect(requiredActions({ ...provisioned, registeredBy: 'installation' }, facts)).toEqual([]);
    expect(requiredActions({ ...provisioned, kind: 'service' }, facts)).toEqual([]);
  });

  it('is one of who comes from an identity provider, if the policy asks for it and none was shown there', () => {
    const federated = { ...account, kind: 'wayf', registeredBy: 'identity-provider' } as const;
    expect(requiredActions(federated, facts)).toEqual([]);
    const strict = { ...facts, policy: { ...facts.policy, federatedUsers: 'required' } } as const;
    expect(requiredActions(federated, strict)).toEqual(['enrol-second-factor']);
    expect(requiredActions(federated, { ...strict, secondFactorAsserted: true })).toEqual([]);
    expect(requiredActions(federated, { ...strict, hasSecondFactor: true })).toEqual([]);
    expect(requiredActions(account, strict)).toEqual([]);
  });
});

describe('the scopes of who owes something', () => {
  const ALWAYS = ['auth.currentSession:read', 'auth.users.getUserInfo:read', 'auth.refresh:write', 'auth.logout:write'];
  const FACTOR = ['createCredentials', 'answerChallenge', 'twoFactorStatus'].map(
    (call) => `auth.twofactor.${call}:write`,
  );
  const PASSWORD = ['auth.users.changePassword:write'];

  it('are what it takes, and what everybody may', () => {
    expect(scopesWhile([])).toEqual(['all:write']);
    expect(scopesWhile(['change-password'])).toEqual([...PASSWORD, ...ALWAYS]);
    expect(scopesWhile(['enrol-second-factor'])).toEqual([...FACTOR, ...ALWAYS]);
    expect(scopesWhile(both)).toEqual([...PASSWORD, ...FACTOR, ...ALWAYS]);
  });

  it('tell what to do first', () => {
    const [password, factor] = [/^Choose another password first.*password\.$/, /^Enrol a second factor first.*2fa\.$/];
    expect(explanationOf(scopesWhile(['change-password']))).toMatch(password);
    expect(explanationOf(scopesWhile(['enrol-second-factor']))).toMatch(factor);
    expect(explanationOf(scopesWhile(both))).toMatch(/^Choose another password first.*Enrol a second factor first/);
    for (const scopes of [['all:write'], PASSWORD, ['files:read'], []]) expect(explanationOf(scopes)).toBe('');
  });
});
