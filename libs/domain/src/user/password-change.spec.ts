import { describe, it } from 'vitest';
import { asCredentialId, asSessionId, asUserId } from '../ids.js';
import { at, scenario } from '../testing/scenario.js';
import { ada, adaCreated, adaData, invalidated, serviceCreated } from '../testing/users.js';
import type { UserEvent } from './user-events.js';
import { user } from './user.js';

const given = scenario(user);
const { credentialId: old } = adaData;
const next = asCredentialId('next');
const third = asCredentialId('third');

describe('changing a password', () => {
  const change = { type: 'ChangePassword', replaces: old, reset: null, credentialId: next, spare: null } as const;
  const changed: UserEvent = {
    type: 'PasswordChanged',
    data: { userId: ada, credentialId: next, replaced: old, cause: 'change' },
  };

  it('ends the sessions that were opened with the old one (SEC-09)', () => {
    given(adaCreated).when(change).yields(changed, invalidated(1));
    given(adaCreated)
      .when({ ...change, spare: { id: asSessionId('a'), epoch: 0 } })
      .yields(changed, invalidated(1, 'a'));
  });

  it('changes nothing the second time', () => given(adaCreated, changed, invalidated(1)).when(change).yields());

  it('is refused to who knew a password that was changed meanwhile', () =>
    given(adaCreated, changed, invalidated(1))
      .when({ ...change, credentialId: third })
      .refuses('password-changed-meanwhile'));

  it('is refused for services, and where there is no user', () => {
    given(serviceCreated)
      .when({ ...change, replaces: null })
      .refuses('password-not-applicable');
    given().when(change).refuses('user-unknown');
  });

  it('is what an administrator may require', () => {
    const by = asUserId('the administrator');
    const required: UserEvent = { type: 'PasswordChangeRequired', data: { userId: ada } };
    const require = { type: 'RequirePasswordChange', by, reason: null } as const;
    given(adaCreated).when(require).yields(required, invalidated(1));
    given(adaCreated, required, invalidated(1)).when(require).yields();
    given(adaCreated, required, invalidated(1), changed, invalidated(2)).when(require).yields(required, invalidated(3));
    given(serviceCreated).when(require).refuses('password-not-applicable');
  });
});

describe('resetting a password', () => {
  const reset = { type: 'ChangePassword', replaces: null, reset: null, credentialId: next, spare: null } as const;
  const wasReset = (resetId?: string): UserEvent => ({
    type: 'PasswordChanged',
    data: {
      userId: ada,
      credentialId: next,
      replaced: old,
      cause: 'reset',
      ...(resetId === undefined ? {} : { resetId }),
    },
  });
  const asked = (id: string, time = '2030-01-01T12:00:00.000Z') => ({ id, requestedAt: new Date(time) });

  it('ends every session (SEC-09)', () => {
    given(adaCreated).when(reset).yields(wasReset(), invalidated(1));
    given(adaCreated)
      .when({ ...reset, reset: asked('r1') })
      .yields(wasReset('r1'), invalidated(1));
  });

  it('is done once for each request by mail, also when two redeem it at the same moment (SEC-55, SEC-59)', () => {
    const again = { ...reset, credentialId: third };
    given(adaCreated, wasReset('r1'), invalidated(1))
      .when({ ...again, reset: asked('r1', '2040-01-01T00:00:00.000Z') })
      .refuses('reset-token-unknown');
    const data = { userId: ada, credentialId: third, replaced: next, cause: 'reset', resetId: 'r2' } as const;
    given(adaCreated, at('2030-01-01T11:59:59.999Z', wasReset('r1')), invalidated(1))
      .when({ ...again, reset: asked('r2') })
      .yields({ type: 'PasswordChanged', data }, invalidated(2));
  });
});

describe('a reset that was asked for before the password was changed', () => {
  it('is void: it was for the one that was forgotten', () => {
    const data = { userId: ada, credentialId: next, replaced: old, cause: 'change' } as const;
    const reset = { id: 'r1', requestedAt: new Date('2030-01-01T12:00:00.000Z') };
    given(adaCreated, at('2030-01-01T12:00:00.001Z', { type: 'PasswordChanged', data }))
      .when({ type: 'ChangePassword', replaces: null, reset, credentialId: third, spare: null })
      .refuses('reset-token-unknown');
  });
});

describe('keeping a password under other parameters', () => {
  const rehash = {
    type: 'RehashPassword',
    replaces: old,
    credentialId: next,
    from: 'bcrypt 10',
    to: 'argon2id',
  } as const;
  const rehashed: UserEvent = {
    type: 'PasswordRehashed',
    data: { userId: ada, credentialId: next, from: 'bcrypt 10', to: 'argon2id' },
  };

  it('ends nothing (SEC-14)', () => given(adaCreated).when(rehash).yields(rehashed));

  it('is done by one of two logins at the same moment', () => given(adaCreated, rehashed).when(rehash).yields());
});
