import { describe, expect, it } from 'vitest';
import { asCredentialId, asUserId } from '../ids.js';
import { adaAsserted, adaAtWayf, adaFederated, asserted } from '../testing/federation.js';
import { LONG_AGO, scenario, stateAfter } from '../testing/scenario.js';
import { ada, adaCreated, invalidated } from '../testing/users.js';
import { claimsEmail } from './email-change.js';
import { displayNameOf } from './display-name.js';
import { identityOf, ownEmail, identityText } from './federation.js';
import type { UserEvent } from './user-events.js';
import type { ActiveUser } from './user-state.js';
import { user } from './user.js';

const given = scenario(user);
const now = new Date('2030-01-01T00:00:00.000Z');
const by = asUserId('the administrator');
const firstLogin = {
  type: 'CreateFederatedUser',
  id: ada,
  username: 'AdaLovelace#4821',
  identity: adaAtWayf,
  profile: adaAsserted,
} as const;
const login = (more: Partial<typeof adaAsserted> = {}) =>
  ({ type: 'RecordAssertedProfile', profile: { ...adaAsserted, ...more } }) as const;
const confirmed = (email: string): UserEvent => ({
  type: 'EmailChanged',
  data: {
    userId: ada,
    changeId: 'c',
    email,
    previousEmail: null,
    undoTokenHash: 'h',
    undoUntil: '2030-01-04T00:00:00.000Z',
  },
});
const suspended: UserEvent = { type: 'UserSuspended', data: { userId: ada } };

function accountAfter(...events: readonly UserEvent[]): ActiveUser {
  const state = stateAfter(user, [...adaFederated, ...events]);
  if (state.status !== 'active') throw new Error(`the account is ${state.status}`);
  return state;
}

describe('the first login of who comes from an identity provider', () => {
  it('makes an account that says who they are there, and what is said of them', () =>
    given()
      .when(firstLogin)
      .yields(...adaFederated));

  it('changes nothing the second time', () =>
    given(...adaFederated)
      .when(firstLogin)
      .yields());

  it('is refused where making the account was given up', () =>
    given({ type: 'UserCreationAbandoned', data: {} }).when(firstLogin).refuses('user-creation-abandoned'));

  it('makes one without names and addresses where there are none: nothing is invented', () => {
    const nothing = { firstNames: null, lastName: null, mails: [] };
    const events = user.decide(user.initial, { ...firstLogin, profile: { ...adaAsserted, ...nothing } });
    const state = stateAfter(user, events);
    expect(state).toMatchObject({ claims: { firstNames: null, lastName: null, email: null } });
    expect(JSON.stringify(events)).not.toContain('N/A');
  });

  it('demands a user name that a person can have', () =>
    given()
      .when({ ...firstLogin, username: '_ada' })
      .refuses('username-invalid'));
});

describe('what an account is called', () => {
  it('is by the names that are asserted, and by the user name where there are none', () => {
    expect(displayNameOf(accountAfter())).toBe('Ada Lovelace');
    expect(displayNameOf(accountAfter(asserted({ firstNames: null })))).toBe('Lovelace');
    expect(displayNameOf(accountAfter(asserted({ firstNames: null, lastName: null })))).toBe('AdaLovelace#4821');
  });
});

describe('an identity', () => {
  it('is compared to the letter', () => {
    const texts = [
      adaAtWayf,
      { ...adaAtWayf, subject: 'wayf-dk-ada' },
      { ...adaAtWayf, identityProvider: 'https://wayf.wayf.dk/' },
      { identityProvider: 'https://wayf.wayf.dk","WAYF', subject: 'DK-ada' },
    ].map(identityText);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('is of accounts that come from an identity provider only', () => {
    expect(identityOf(accountAfter())).toEqual(adaAtWayf);
    expect(identityOf({ federation: null })).toBeNull();
  });
});

describe('what is said at a later login', () => {
  it('is recorded if it changed, all of it', () => {
    given(...adaFederated)
      .when(login({ lastName: 'King', mails: [] }))
      .yields(asserted({ lastName: 'King', mails: [] }));
    given(...adaFederated)
      .when(login())
      .yields();
    given(...adaFederated, asserted({ lastName: 'King' }))
      .when(login({ lastName: 'King' }))
      .yields();
  });

  it('is what tokens say from then on, also where it is less', () => {
    const { claims, federation } = accountAfter(asserted({ firstNames: null, lastName: 'King', mails: [] }));
    expect(claims).toEqual({ username: 'AdaLovelace#4821', firstNames: null, lastName: 'King', email: null });
    expect(federation?.profile.organizationId).toBe('example.org');
  });

  it('is not recorded of who is kept out, nor of who logs in here', () => {
    given(...adaFederated, suspended, invalidated(1))
      .when(login({ lastName: 'King' }))
      .refuses('account-suspended');
    given(adaCreated).when(login()).refuses('user-unknown');
    given(...adaFederated, { type: 'UserDeleted', data: { userId: ada } })
      .when(login())
      .refuses('user-unknown');
  });
});

describe('the address of who comes from an identity provider', () => {
  it('is what is said there, and theirs only once they have confirmed one', () => {
    const before = accountAfter();
    expect([before.claims.email, ownEmail(before)]).toEqual(['ada@example.org', null]);
    expect(claimsEmail(before, 'ada@example.org', now)).toBe(false);
    const after = accountAfter(confirmed('countess@example.org'));
    expect([after.claims.email, ownEmail(after)]).toEqual(['countess@example.org', 'countess@example.org']);
    expect(claimsEmail(after, 'countess@example.org', now)).toBe(true);
  });

  it('stays the confirmed one, whatever is said at the next login', () => {
    const { claims, federation } = accountAfter(
      confirmed('countess@example.org'),
      asserted({ mails: ['king@example.org'] }),
    );
    expect(claims.email).toBe('countess@example.org');
    expect(federation?.profile.mails).toEqual(['king@example.org']);
  });

  it('can be confirmed although it is said already, and takes nothing back from anybody', () => {
    const request = {
      type: 'RequestEmailChange',
      email: 'ada@example.org',
      heldBy: null,
      changeId: 'c',
      tokenHash: 't',
      now,
    } as const;
    const change = { type: 'ChangeProfile', firstNames: null, lastName: null, email: request } as const;
    const expiresAt = '2030-01-02T00:00:00.000Z';
    const requested: UserEvent = {
      type: 'EmailChangeRequested',
      data: { userId: ada, changeId: 'c', email: 'ada@example.org', heldBy: null, tokenHash: 't', expiresAt },
    };
    given(...adaFederated)
      .when(change)
      .yields(requested);
    given(...adaFederated, requested)
      .when({ type: 'ConfirmEmailChange', presentedHash: 't', undoTokenHash: 'h', now })
      .yields(confirmed('ada@example.org'));
    given(...adaFederated, confirmed('ada@example.org'))
      .when(change)
      .yields();
  });
});

describe('who comes from an identity provider', () => {
  it('has the names that it says, and corrects them there', () => {
    const rename = { type: 'ChangeProfile', firstNames: 'Augusta', lastName: null, email: null } as const;
    given(...adaFederated)
      .when(rename)
      .refuses('name-asserted');
    given(...adaFederated)
      .when({ ...rename, firstNames: 'Ada' })
      .yields();
  });

  it('has no password', () => {
    const change = { type: 'ChangePassword', credentialId: asCredentialId('c2'), spare: null } as const;
    for (const replaces of [null, asCredentialId('c1')])
      given(...adaFederated)
        .when({ ...change, replaces, reset: null })
        .refuses('password-not-applicable');
    given(...adaFederated)
      .when({ type: 'RequirePasswordChange', by, reason: null })
      .refuses('password-not-applicable');
  });

  it('may administer and read the audit like other persons', () => {
    given(...adaFederated)
      .when({ type: 'ChangeRole', role: 'ADMIN', by, reason: null })
      .yields({ type: 'RoleChanged', data: { userId: ada, role: 'ADMIN' } }, invalidated(1));
    for (const role of ['SERVICE', 'PROVIDER'] as const)
      given(...adaFederated)
        .when({ type: 'ChangeRole', role, by, reason: null })
        .refuses('role-not-assignable');
    given(...adaFederated)
      .when({ type: 'AppointAuditor', seesPersonalData: false, by, reason: null })
      .yields({ type: 'AuditorAppointed', data: { userId: ada, seesPersonalData: false } });
  });

  it('is kept out and let in again like other persons', () => {
    given(...adaFederated)
      .when({ type: 'SuspendUser', by, reason: null })
      .yields(suspended, invalidated(1));
    given(...adaFederated, suspended, invalidated(1))
      .when({ type: 'ReinstateUser', by, reason: null })
      .yields({ type: 'UserReinstated', data: { userId: ada } });
  });

  it('is forgotten like other persons', () =>
    given(...adaFederated)
      .when({ type: 'EraseUser', by: ada, ground: 'own-request', ticket: null })
      .yields(invalidated(1), { type: 'UserErased', data: { userId: ada, ground: 'own-request' } }));

  it('has an address that is withheld where what is said is', () => {
    const [created, federated, profile] = adaFederated;
    if (created === undefined || federated === undefined || profile?.type !== 'AssertedProfileChanged')
      throw new Error();
    // What stands for a value that the reader may not see, as the codec gives it.
    const withheld = '\u0000withheld' as never;
    const state = [created, federated, { ...profile, data: { ...profile.data, mails: withheld } }].reduce(
      (before, event) => user.evolve(before, event, new Date(LONG_AGO)),
      user.initial,
    );
    expect(state).toMatchObject({ claims: { email: withheld } });
  });
});
