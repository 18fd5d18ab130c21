import { describe, expect, it } from 'vitest';
import { asUserId } from '../ids.js';
import { scenario, stateAfter } from '../testing/scenario.js';
import { ada, adaCreated, invalidated, serviceCreated } from '../testing/users.js';
import { type AdministerUser, isAdministrator, withdrawsAdministration } from './user-administration.js';
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
        .refuses('reason-invalid');
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

describe('an auditor', () => {
  const appoint = (seesPersonalData: boolean) => ({ ...administer('AppointAuditor'), seesPersonalData }) as const;
  const appointed = (seesPersonalData: boolean): UserEvent => ({
    type: 'AuditorAppointed',
    data: { userId: ada, seesPersonalData },
  });
  const dismissed: UserEvent = { type: 'AuditorDismissed', data: { userId: ada } };

  it('is appointed, with or without what is personal, and dismissed', () => {
    given(adaCreated).when(appoint(false)).yields(appointed(false));
    given(adaCreated, appointed(false)).when(appoint(false)).yields();
    given(adaCreated, appointed(false)).when(appoint(true)).yields(appointed(true));
    given(adaCreated, appointed(true)).when(administer('DismissAuditor')).yields(dismissed);
    given(adaCreated).when(administer('DismissAuditor')).yields();
    given(adaCreated, appointed(true), dismissed).when(administer('DismissAuditor')).yields();
  });

  it('is somebody else than who appoints them, and no service', () => {
    given(adaCreated)
      .when({ ...appoint(false), by: ada })
      .refuses('own-account');
    given(serviceCreated).when(appoint(false)).refuses('auditor-not-assignable');
  });
});

describe('an administrator', () => {
  const promoted: UserEvent = { type: 'RoleChanged', data: { userId: ada, role: 'ADMIN' } };
  const after = (...events: UserEvent[]) => stateAfter(user, [adaCreated, ...events]);

  it('is whoever has the role and may use it', () => {
    expect(isAdministrator(after(promoted))).toBe(true);
    for (const events of [[], [promoted, suspended], [promoted, deleted]])
      expect(isAdministrator(after(...events))).toBe(false);
    expect(isAdministrator(after(promoted, suspended, reinstated))).toBe(true);
  });

  it('is taken away by some changes, also where they are suspended and might come back (SEC-175)', () => {
    const withdraws = (change: AdministerUser, ...events: UserEvent[]) => {
      const state = after(...events);
      return state.status === 'active' && withdrawsAdministration(state, change);
    };
    const demote = { ...administer('ChangeRole'), role: 'USER' } as const;
    for (const change of [administer('SuspendUser'), administer('DeleteUser'), demote]) {
      expect(withdraws(change, promoted)).toBe(true);
      expect(withdraws(change, promoted, suspended)).toBe(true);
      expect(withdraws(change)).toBe(false);
    }
    for (const change of [administer('ReinstateUser'), administer('RequirePasswordChange')])
      expect(withdraws(change, promoted)).toBe(false);
  });
});

describe('administering an account', () => {
  it('is for the account as it was looked at: if its sessions were ended since, it is to be looked at again', () => {
    const seen = (seenEpoch: number) => ({ ...administer('SuspendUser'), seenEpoch });
    given(adaCreated, invalidated(1)).when(seen(1)).yields(suspended, invalidated(2));
    given(adaCreated, invalidated(1)).when(seen(0)).refuses('account-changed-meanwhile');
    given(adaCreated, suspended, invalidated(1)).when(seen(0)).refuses('account-changed-meanwhile');
    given(adaCreated, invalidated(1), deleted).when(seen(0)).refuses('user-unknown');
  });

  it('is refused for one’s own, and where there is none', () => {
    for (const type of ['SuspendUser', 'ReinstateUser', 'DeleteUser', 'RequirePasswordChange'] as const) {
      given(adaCreated)
        .when({ ...administer(type), by: ada })
        .refuses('own-account');
      given().when(administer(type)).refuses('user-unknown');
    }
  });
});
