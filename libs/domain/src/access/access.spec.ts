import { describe, expect, it } from 'vitest';
import { asSessionId, asUserId } from '../ids.js';
import { END_USER, PRIVILEGED } from '../role.js';
import { parseScope } from '../scope.js';
import {
  type Caller,
  demandFreshAuthentication,
  demandFreshSecondFactor,
  demandMayCreate,
  demandOwnToken,
  demandPermission,
  demandUnrestrictedToken,
  needsCode,
} from './access.js';

const caller: Caller = {
  userId: asUserId('ada'),
  sessionId: asSessionId('s1'),
  username: 'ada',
  role: 'USER',
  isAuditor: false,
  scopes: ['all:write'],
  extendedBy: [],
  tokenExpiresAt: new Date('2030-01-01T00:10:00.000Z'),
};
const listing = { scope: parseScope('auth.listUserSessions:read'), roles: END_USER };

describe('permission for a call', () => {
  it('needs one of its roles', () => {
    expect(() => demandPermission(caller, listing)).not.toThrow();
    expect(() => demandPermission(caller, { ...listing, roles: PRIVILEGED })).toThrow('role-not-allowed');
  });
  it('needs an appointment where it is for auditors, and no role then', () => {
    const audit = { ...listing, roles: ['ADMIN', 'AUDITOR'] } as const;
    expect(() => demandPermission(caller, audit)).toThrow('role-not-allowed');
    expect(() => demandPermission({ ...caller, isAuditor: true }, audit)).not.toThrow();
    expect(() => demandPermission({ ...caller, role: 'ADMIN' }, audit)).not.toThrow();
    expect(() => demandPermission({ ...caller, isAuditor: true }, { ...listing, roles: PRIVILEGED })).toThrow(
      'role-not-allowed',
    );
  });
  it('needs a scope that covers it', () => {
    expect(() => demandPermission({ ...caller, scopes: ['auth.listUserSessions:read'] }, listing)).not.toThrow();
    expect(() => demandPermission({ ...caller, scopes: ['files:read'] }, listing)).toThrow('scope-missing');
  });
});

describe('managing sessions', () => {
  it('needs a token for everything that its owner got by a login', () => {
    expect(() => demandUnrestrictedToken(caller)).not.toThrow();
    expect(() => demandUnrestrictedToken({ ...caller, extendedBy: [asUserId('share')] })).toThrow(
      'extended-token-not-allowed',
    );
    expect(() => demandUnrestrictedToken({ ...caller, scopes: ['auth:write'] })).toThrow('extended-token-not-allowed');
  });
});

describe('what outlasts a token', () => {
  it('needs a token that its owner got by a login, whatever its scopes', () => {
    expect(() => demandOwnToken({ ...caller, scopes: ['auth.users.changePassword:write'] })).not.toThrow();
    expect(() => demandOwnToken({ ...caller, extendedBy: [asUserId('share')] })).toThrow('extended-token-not-allowed');
  });
});

describe('making accounts', () => {
  it('of more power than a person’s needs a token for everything (SEC-176)', () => {
    const limited = { ...caller, scopes: ['auth:write', 'files:write'] };
    for (const role of ['ADMIN', 'SERVICE'] as const) {
      expect(() => demandMayCreate(role, caller)).not.toThrow();
      expect(() => demandMayCreate(role, limited)).toThrow('scope-not-covered');
    }
    expect(() => demandMayCreate('USER', limited)).not.toThrow();
  });
});

describe('what a stolen session must not be enough for (SEC-76)', () => {
  const authenticatedAt = new Date('2030-01-01T00:00:00.000Z');
  const demand = (time: string, amr: readonly string[], hasSecondFactor: boolean) => () =>
    demandFreshAuthentication({ authenticatedAt, amr }, hasSecondFactor, new Date(time));

  it('is for five minutes after a login', () => {
    expect(demand('2030-01-01T00:05:00.000Z', ['pwd'], false)).not.toThrow();
    expect(demand('2030-01-01T00:05:00.001Z', ['pwd'], false)).toThrow('step-up-required');
  });

  it('is not for a session that nobody logged in to', () => {
    expect(demand('2030-01-01T00:00:00.000Z', [], false)).toThrow('step-up-required');
  });

  it('needs the second factor of who has one', () => {
    expect(demand('2030-01-01T00:00:00.000Z', ['pwd'], true)).toThrow('step-up-required');
    expect(demand('2030-01-01T00:05:00.000Z', ['pwd', 'otp', 'mfa'], true)).not.toThrow();
    expect(demand('2030-01-01T00:05:00.001Z', ['pwd', 'otp', 'mfa'], true)).toThrow('step-up-required');
  });
});

describe('reading the audit', () => {
  it('is for a quarter of an hour after a login with a second factor', () => {
    const authenticatedAt = new Date('2030-01-01T00:00:00.000Z');
    const demand =
      (time: string, ...amr: string[]) =>
      () =>
        demandFreshSecondFactor({ authenticatedAt, amr }, new Date(time));
    const [soon, late] = ['2030-01-01T00:15:00.000Z', '2030-01-01T00:15:00.001Z'];
    expect(demand(soon, 'pwd', 'otp', 'mfa')).not.toThrow();
    expect(demand(late, 'pwd', 'otp', 'mfa')).toThrow('step-up-required');
    for (const amr of [[], ['pwd']]) expect(demand(soon, ...amr)).toThrow('step-up-required');
  });
});

describe('what the password is asked for anyway (SEC-08)', () => {
  const authenticatedAt = new Date('2030-01-01T00:00:00.000Z');
  const needs = (time: string, amr: readonly string[], hasSecondFactor: boolean, hasCode: boolean) => () =>
    needsCode({ authenticatedAt, amr }, hasSecondFactor, hasCode, new Date(time));
  const [soon, late] = ['2030-01-01T00:05:00.000Z', '2030-01-01T00:05:00.001Z'];

  it('needs nothing else of who has no second factor, or has just logged in with it', () => {
    for (const hasCode of [true, false]) {
      expect(needs(late, ['pwd'], false, hasCode)()).toBe(false);
      expect(needs(soon, ['pwd', 'otp', 'mfa'], true, hasCode)()).toBe(false);
    }
  });

  it('needs a code of everybody else', () => {
    for (const [time, amr] of [
      [soon, ['pwd']],
      [late, ['pwd', 'otp', 'mfa']],
    ] as const) {
      expect(needs(time, amr, true, true)()).toBe(true);
      expect(needs(time, amr, true, false)).toThrow('step-up-required');
    }
  });
});
