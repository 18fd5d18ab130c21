import { describe, it } from 'vitest';
import { asUserId } from '../ids.js';
import { scenario } from '../testing/scenario.js';
import { ada, adaCreated, invalidated } from '../testing/users.js';
import type { UserEvent } from './user-events.js';
import { user } from './user.js';

const given = scenario(user);
const by = asUserId('the administrator');
const suspended: UserEvent = { type: 'UserSuspended', data: { userId: ada } };
const reinstated: UserEvent = { type: 'UserReinstated', data: { userId: ada } };
const deleted: UserEvent = { type: 'UserDeleted', data: { userId: ada } };
const administer = <Type extends string>(type: Type) => ({ type, by, reason: null }) as const;

describe('suspending an account', () => {
  it('ends its sessions, which do not come back when it is reinstated (SEC-64)', () => {
    given(adaCreated).when(administer('SuspendUser')).yields(suspended, invalidated(1));
    given(adaCreated, suspended, invalidated(1)).when(administer('SuspendUser')).yields();
    given(adaCreated, suspended, invalidated(1)).when(administer('ReinstateUser')).yields(reinstated);
    given(adaCreated).when(administer('ReinstateUser')).yields();
  });

  it('remembers why, if that was said', () => {
    const reason = 'was on holiday in two countries at once';
    given(adaCreated)
      .when({ ...administer('SuspendUser'), reason })
      .yields({ type: 'UserSuspended', data: { userId: ada, reason } }, invalidated(1));
    const long = '🔑'.repeat(500);
    given(adaCreated)
      .when({ ...administer('SuspendUser'), reason: long })
      .yields({ type: 'UserSuspended', data: { userId: ada, reason: long } }, invalidated(1));
    for (const bad of ['two\nlines', `${long}.`])
      given(adaCreated)
        .when({ ...administer('SuspendUser'), reason: bad })
        .refuses('name-invalid');
  });
});

describe('changing a role', () => {
  const change = (role: 'USER' | 'ADMIN' | 'SERVICE' | 'GUEST' | 'PROVIDER') => ({ ...administer('ChangeRole'), role });

  it('is for another one of the same kind, and ends the sessions of the old one (SEC-140)', () => {
    const changed: UserEvent = { type: 'RoleChanged', data: { userId: ada, role: 'ADMIN' } };
    given(adaCreated).when(change('ADMIN')).yields(changed, invalidated(1));
    given(adaCreated).when(change('USER')).yields();
    for (const role of ['SERVICE', 'GUEST', 'PROVIDER'] as const)
      given(adaCreated).when(change(role)).refuses('role-not-assignable');
  });
});

describe('deleting an account', () => {
  it('ends its sessions in the same append, and is for good (SEC-64)', () => {
    given(adaCreated).when(administer('DeleteUser')).yields(invalidated(1), deleted);
    for (const type of ['DeleteUser', 'ReinstateUser', 'SuspendUser'] as const)
      given(adaCreated, invalidated(1), deleted).when(administer(type)).refuses('user-unknown');
  });
});

describe('administering an account', () => {
  it('is refused for one’s own, and where there is none', () => {
    for (const type of ['SuspendUser', 'ReinstateUser', 'DeleteUser', 'RequirePasswordChange'] as const) {
      given(adaCreated)
        .when({ ...administer(type), by: ada })
        .refuses('own-account');
      given().when(administer(type)).refuses('user-unknown');
    }
  });
});
