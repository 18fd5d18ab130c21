import { describe, expect, it } from 'vitest';
import { asSessionId, asUserId } from '../ids.js';
import { LONG_AGO, at, scenario, stateAfter } from '../testing/scenario.js';
import { NO_CREDENTIALS } from '../user/credentials.js';
import type { SessionOwner } from '../user/user-state.js';
import { type SessionCommand, session } from './session.js';
import type { FederatedLogin, Federation, ProviderNameId } from './federation.js';
import type { SessionEndReason, SessionEvent, SessionOpened } from './session-events.js';
import type { LoginService } from './session-limits.js';
import { causeOfDeath, endOf } from './session-state.js';

const given = scenario(session);

const id = asSessionId('session-1');
const ada: SessionOwner = {
  id: asUserId('ada'),
  role: 'USER',
  sessionEpoch: 3,
  sparedSession: null,
  scopeLimit: null,
  credentials: NO_CREDENTIALS,
};
const web: LoginService = { name: 'web', rotates: true, refreshTokenExpiresAfterMs: null };
const cli: LoginService = { name: 'cli', rotates: false, refreshTokenExpiresAfterMs: null };
const trace = { ipAddress: '192.0.2.7', userAgent: 'curl/8' };
const now = new Date('2030-01-01T00:00:00.000Z');

const MINUTE = 60_000;
const DAY = 86_400_000;

const openedData: SessionOpened = {
  userId: ada.id,
  epoch: 3,
  origin: { kind: 'login', service: 'web' },
  secretHash: 'one',
  rotates: true,
  scopes: ['all:write'],
  amr: ['pwd'],
  authenticatedAt: '2030-01-01T00:00:00.000Z',
  expiresAt: '2030-01-31T00:00:00.000Z',
  idleMs: 14 * DAY,
  accessTokenMs: 10 * MINUTE,
  ...trace,
};
const opened = at<SessionEvent>('2030-01-01T00:00:00.000Z', { type: 'SessionOpened', data: openedData });
const openedWithoutRotation = at<SessionEvent>('2030-01-01T00:00:00.000Z', {
  type: 'SessionOpened',
  data: { ...openedData, rotates: false },
});
const rotatedTo = (secretHash: string, time: string) =>
  at<SessionEvent>(time, { type: 'SessionRefreshed', data: { userId: ada.id, secretHash } });
const ended = (reason: SessionEndReason): SessionEvent => ({
  type: 'SessionEnded',
  data: { userId: ada.id, reason },
});

const alive = { owner: ada, ancestorsAlive: true };
const refresh = (hash: string, time: string, more: Partial<Extract<SessionCommand, { type: 'RefreshSession' }>> = {}) =>
  ({
    type: 'RefreshSession',
    id,
    presented: { hash, genuine: true },
    successorHash: `${hash}'`,
    surroundings: alive,
    now: new Date(time),
    ...more,
  }) as const;

describe('logging in', () => {
  const logIn = (more: Partial<Extract<SessionCommand, { type: 'LogIn' }>> = {}) =>
    ({
      type: 'LogIn',
      owner: ada,
      service: web,
      amr: ['pwd'],
      secretHash: 'one',
      scopes: ['all:write'],
      now,
      ...trace,
      ...more,
    }) as const;

  it('opens a session of 30 days, 14 days unused, in the current epoch of its owner (SEC-68)', () =>
    given().when(logIn()).yields({ type: 'SessionOpened', data: openedData }));

  it('gives an administrator 12 hours, 30 minutes unused (SEC-174)', () =>
    given()
      .when(logIn({ owner: { ...ada, role: 'ADMIN' } }))
      .yields({
        type: 'SessionOpened',
        data: { ...openedData, expiresAt: '2030-01-01T12:00:00.000Z', idleMs: 30 * MINUTE },
      }));

  it('lives shorter where the login service says so', () =>
    given()
      .when(logIn({ service: { ...cli, refreshTokenExpiresAfterMs: DAY } }))
      .yields({
        type: 'SessionOpened',
        data: {
          ...openedData,
          origin: { kind: 'login', service: 'cli' },
          rotates: false,
          expiresAt: '2030-01-02T00:00:00.000Z',
          idleMs: DAY,
        },
      }));

  describe('by an identity provider', () => {
    const federation: Federation = {
      identityProvider: 'https://wayf.example',
      institution: 'sdu.example',
      authnContext: 'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
      assurance: ['2'],
    };
    const name = { value: 'WAYF-DK-ada', format: null, nameQualifier: null, spNameQualifier: null };
    const nameId: ProviderNameId = { ...name, sessionIndex: 'one' };
    const federated: FederatedLogin = {
      federation,
      nameId,
      authenticatedAt: new Date('2029-12-31T22:00:00.000Z'),
      sessionEndsAt: new Date('2030-01-01T04:00:00.000Z'),
      begunAt: new Date('2029-12-31T23:59:00.000Z'),
    };
    const byWayf: SessionOpened = {
      ...openedData,
      amr: ['saml'],
      authenticatedAt: '2029-12-31T22:00:00.000Z',
      expiresAt: '2030-01-01T04:00:00.000Z',
      federation,
      nameId,
    };
    const logInBy = (more: Partial<FederatedLogin> = {}, command: Parameters<typeof logIn>[0] = {}) =>
      logIn({ amr: ['saml'], federated: { ...federated, ...more }, ...command });

    it('keeps who vouched for it, says when they saw its owner, and ends when they say (SessionNotOnOrAfter)', () =>
      given().when(logInBy()).yields({ type: 'SessionOpened', data: byWayf }));

    it('never lives longer than its role and the login service allow', () => {
      const endsAt = (expiresAt: string): SessionEvent => ({ type: 'SessionOpened', data: { ...byWayf, expiresAt } });
      const tomorrow = new Date('2031-01-01T00:00:00.000Z');
      given()
        .when(logInBy({ sessionEndsAt: tomorrow }))
        .yields(endsAt('2030-01-31T00:00:00.000Z'));
      given()
        .when(logInBy({ sessionEndsAt: null }))
        .yields(endsAt('2030-01-31T00:00:00.000Z'));
    });

    it('does not open a session that is over by now, as after a long while at the second factor', () => {
      given()
        .when(logInBy({ sessionEndsAt: now }))
        .refusesMessage('session-over');
      given()
        .when(logInBy({ sessionEndsAt: new Date('2030-01-01T00:00:00.001Z') }))
        .yields({ type: 'SessionOpened', data: { ...byWayf, expiresAt: '2030-01-01T00:00:00.001Z' } });
    });

    it('is no fresher for a clock that is ahead of ours (SEC-77)', () =>
      given()
        .when(logInBy({ authenticatedAt: new Date('2030-01-01T00:00:59.000Z') }))
        .yields({ type: 'SessionOpened', data: { ...byWayf, authenticatedAt: '2030-01-01T00:00:00.000Z' } }));

    it('leaves in the state who vouched for it, and not what they call its owner', () => {
      const state = stateAfter(session, [{ type: 'SessionOpened', data: byWayf }]);
      expect(state).toMatchObject({ federation });
      expect(JSON.stringify(state)).not.toContain('WAYF-DK');
    });

    it('is ended by a logout there, once, and as a session of its owner alone', () => {
      const end = { type: 'EndSession', owner: ada.id, reason: 'identity-provider-logout' } as const;
      given(opened).when(end).yields(ended('identity-provider-logout'));
      given(opened, ended('identity-provider-logout')).when(end).yields();
      given(opened)
        .when({ ...end, owner: asUserId('eve') })
        .refuses('session-unknown');
    });
  });

  it('never lives longer than its role allows, whatever the login service says', () =>
    given()
      .when(logIn({ service: { ...web, refreshTokenExpiresAfterMs: 365 * DAY } }))
      .yields({ type: 'SessionOpened', data: openedData }));

  it('changes nothing the second time', () => given(opened).when(logIn()).yields());
});

describe('provisioning a session for a new account', () => {
  const provision = (owner: SessionOwner) =>
    ({
      type: 'Provision',
      owner,
      createdBy: asUserId('root'),
      secretHash: 'one',
      scopes: ['all:write'],
      now,
      ipAddress: null,
      userAgent: null,
    }) as const;

  it('gives a service one year, marked with who created it', () =>
    given()
      .when(provision({ ...ada, role: 'SERVICE' }))
      .yields({
        type: 'SessionOpened',
        data: {
          ...openedData,
          origin: { kind: 'provisioned', createdBy: asUserId('root') },
          rotates: false,
          amr: [],
          expiresAt: '2031-01-01T00:00:00.000Z',
          idleMs: 365 * DAY,
          ipAddress: null,
          userAgent: null,
        },
      }));
});

describe('a credential', () => {
  const service: SessionOwner = { ...ada, role: 'SERVICE', scopeLimit: ['files:read'] };
  const issue = (more: Partial<Extract<SessionCommand, { type: 'IssueCredential' }>> = {}) =>
    ({
      type: 'IssueCredential',
      owner: service,
      createdBy: asUserId('root'),
      secretHash: 'one',
      endsAt: new Date('2030-04-01T00:00:00.000Z'),
      now,
      ...more,
    }) as const;
  const issued = (more: Partial<SessionOpened> = {}): SessionEvent => ({
    type: 'SessionOpened',
    data: {
      ...openedData,
      origin: { kind: 'provisioned', createdBy: asUserId('root') },
      rotates: false,
      scopes: ['files:read'],
      amr: [],
      expiresAt: '2030-04-01T00:00:00.000Z',
      idleMs: 90 * DAY,
      ipAddress: null,
      userAgent: null,
      ...more,
    },
  });

  it('is a session that may do what its owner may, and ends when the account says, used or not', () => {
    given().when(issue()).yields(issued());
    given(issued()).when(issue()).yields();
    given()
      .when(issue({ owner: { ...service, scopeLimit: null } }))
      .yields(issued({ scopes: ['all:write'] }));
  });

  it('is dead from the start when it comes too late', () =>
    given()
      .when(issue({ endsAt: new Date('2029-12-31T00:00:00.000Z') }))
      .yields(issued({ expiresAt: '2030-01-01T00:00:00.000Z', idleMs: 0 })));

  it('is taken back once, and only as one of this account', () => {
    const revoke = (owner = ada.id) => ({ type: 'RevokeCredential', owner }) as const;
    const revoked: SessionEvent = { type: 'SessionEnded', data: { userId: ada.id, reason: 'credential-revoked' } };
    given(issued()).when(revoke()).yields(revoked);
    given(issued(), revoked).when(revoke()).yields();
    given(issued())
      .when(revoke(asUserId('eve')))
      .refuses('credential-unknown');
    given(opened).when(revoke()).refuses('credential-unknown');
    given().when(revoke()).refuses('credential-unknown');
  });

  describe('that a newer one has replaced', () => {
    const newest = asSessionId('session-2');
    const owner: SessionOwner = {
      ...service,
      credentials: {
        issued: [
          { sessionId: id, endsAt: new Date('2030-01-02T00:00:00.000Z') },
          { sessionId: newest, endsAt: new Date('2030-06-01T00:00:00.000Z') },
        ],
        othersEndAt: new Date('2030-01-01T12:00:00.000Z'),
      },
    };
    const surroundings = { owner, ancestorsAlive: true };
    const state = stateAfter(session, [at('2030-01-01T00:00:00.000Z', issued())]);
    const causeAt = (time: string, which = id, of = state) => causeOfDeath(which, of, surroundings, new Date(time));

    it('lives until the end of the overlap', () => {
      expect(causeAt('2030-01-01T23:59:59.999Z')).toBeNull();
      expect(causeAt('2030-01-02T00:00:00.000Z')).toBe('session-expired');
      expect(state.status === 'open' && endOf(id, state, owner)).toEqual(new Date('2030-01-02T00:00:00.000Z'));
      given(issued())
        .when(refresh('one', '2030-01-02T00:00:00.000Z', { surroundings }))
        .refuses('session-expired');
    });

    it('never lives longer than it said', () => {
      expect(causeAt('2030-03-31T23:59:59.999Z', newest)).toBeNull();
      expect(causeAt('2030-04-01T00:00:00.000Z', newest)).toBe('session-expired');
    });

    it('ends with the others if the account does not list it', () => {
      const unlisted = asSessionId('session-0');
      expect(causeAt('2030-01-01T11:59:59.999Z', unlisted)).toBeNull();
      expect(causeAt('2030-01-01T12:00:00.000Z', unlisted)).toBe('session-expired');
    });

    it('takes what was derived from it along', () => {
      const command: SessionCommand = {
        type: 'ExtendSession',
        parent: { id, session: state, surroundings },
        presented: { scopes: ['files:read'], expiresAt: new Date('2030-01-01T00:10:00.000Z') },
        extender: { id: asUserId('share'), allowedScopes: ['files:read'] },
        scopes: ['files.stat:read'],
        lifetimeMs: DAY,
        secretHash: 'child',
        now,
      };
      const [extension] = session.decide({ status: 'none' }, command);
      expect(extension?.data).toMatchObject({ expiresAt: '2030-01-02T00:00:00.000Z', scopes: ['files.stat:read'] });
      const derived = extension && stateAfter(session, [at('2030-01-01T00:00:00.000Z', extension)]);
      // Those above it are asked for themselves: it is no credential of its own.
      expect(derived && causeAt('2030-01-01T23:59:59.999Z', asSessionId('session-3'), derived)).toBeNull();
    });
  });
});

describe('refreshing a session', () => {
  it('replaces the secret (SEC-89)', () =>
    given(opened)
      .when(refresh('one', '2030-01-01T00:10:00.000Z'))
      .yields({ type: 'SessionRefreshed', data: { userId: ada.id, secretHash: "one'" } }));

  it('yields nothing new for a retry inside the window (SEC-91)', () =>
    given(opened, rotatedTo('two', '2030-01-01T00:10:00.000Z'))
      .when(refresh('one', '2030-01-01T00:10:10.000Z'))
      .yields());

  it('ends the session when a spent secret comes back after the window (SEC-90)', () =>
    given(opened, rotatedTo('two', '2030-01-01T00:10:00.000Z'))
      .when(refresh('one', '2030-01-01T00:10:10.001Z'))
      .yields(ended('reuse-detected')));

  it('ends the session when a spent secret comes back whose successor has been used (SEC-90, SEC-91)', () =>
    given(opened, rotatedTo('two', '2030-01-01T00:10:00.000Z'), rotatedTo('three', '2030-01-01T00:10:01.000Z'))
      .when(refresh('one', '2030-01-01T00:10:02.000Z'))
      .yields(ended('reuse-detected')));

  it('refuses an invented secret and leaves the session alone, since session ids are public', () =>
    given(opened)
      .when(refresh('invented', '2030-01-01T00:10:00.000Z', { presented: { hash: 'invented', genuine: false } }))
      .refuses('refresh-token-unknown'));

  it('records only that it was used where the secret stays the same', () =>
    given(openedWithoutRotation)
      .when(refresh('one', '2030-01-01T00:01:00.000Z'))
      .yields({ type: 'SessionRefreshed', data: { userId: ada.id } }));

  it('does not record use again within a minute where the secret stays the same', () =>
    given(openedWithoutRotation).when(refresh('one', '2030-01-01T00:00:59.999Z')).yields());

  it('works until the last millisecond of 14 unused days (SEC-68)', () =>
    given(opened)
      .when(refresh('one', '2030-01-14T23:59:59.999Z'))
      .yields({ type: 'SessionRefreshed', data: { userId: ada.id, secretHash: "one'" } }));

  it('is refused from the moment it has been unused for 14 days (SEC-68)', () =>
    given(opened).when(refresh('one', '2030-01-15T00:00:00.000Z')).refuses('session-expired'));

  it('moves the idle end but never the absolute one (SEC-69, SEC-92)', () => {
    const used = rotatedTo('two', '2030-01-14T00:00:00.000Z');
    const usedAgain = rotatedTo('three', '2030-01-27T00:00:00.000Z');
    given(opened, used, usedAgain)
      .when(refresh('three', '2030-01-30T23:59:59.999Z'))
      .yields({ type: 'SessionRefreshed', data: { userId: ada.id, secretHash: "three'" } });
    given(opened, used, usedAgain).when(refresh('three', '2030-01-31T00:00:00.000Z')).refuses('session-expired');
  });

  it('is refused once the session has ended', () =>
    given(opened, ended('logout')).when(refresh('one', '2030-01-01T00:01:00.000Z')).refuses('session-ended'));

  it('is refused for a session that never was', () =>
    given().when(refresh('one', '2030-01-01T00:01:00.000Z')).refuses('refresh-token-unknown'));

  it('is refused once all sessions of its owner were ended (SEC-73)', () =>
    given(opened)
      .when(
        refresh('one', '2030-01-01T00:01:00.000Z', { surroundings: { ...alive, owner: { ...ada, sessionEpoch: 4 } } }),
      )
      .refuses('session-ended'));

  it('goes on for the one session that was spared when all others were ended', () =>
    given(opened)
      .when(
        refresh('one', '2030-01-01T00:01:00.000Z', {
          surroundings: { ...alive, owner: { ...ada, sessionEpoch: 4, sparedSession: id } },
        }),
      )
      .yields({ type: 'SessionRefreshed', data: { userId: ada.id, secretHash: "one'" } }));

  it('is refused when its owner is gone, or a session above it is', () => {
    const at1 = '2030-01-01T00:01:00.000Z';
    given(opened)
      .when(refresh('one', at1, { surroundings: { ...alive, owner: null } }))
      .refuses('session-ended');
    given(opened)
      .when(refresh('one', at1, { surroundings: { ...alive, ancestorsAlive: false } }))
      .refuses('session-ended');
  });

  it('never changes how and when the owner was authenticated (SEC-77)', () => {
    const refreshed = stateAfter(session, [opened, rotatedTo('two', '2030-01-02T00:00:00.000Z')]);
    expect(refreshed).toMatchObject({ amr: ['pwd'], authenticatedAt: now, scopes: ['all:write'] });
  });
});

describe('logging out', () => {
  const logOut = (hash: string, genuine = true) =>
    ({
      type: 'LogOut',
      presented: { hash, genuine },
      reason: 'logout',
      now: new Date('2030-01-01T00:10:05.000Z'),
    }) as const;

  it('ends the session', () => given(opened).when(logOut('one')).yields(ended('logout')));

  it('ends it for the holder of the secret before, while its successor may not have arrived', () =>
    given(opened, rotatedTo('two', '2030-01-01T00:10:00.000Z')).when(logOut('one')).yields(ended('logout')));

  it('ends it as reused when the secret was spent long ago', () =>
    given(opened, rotatedTo('two', LONG_AGO)).when(logOut('one')).yields(ended('reuse-detected')));

  it('is refused for an invented secret', () =>
    given(opened).when(logOut('invented', false)).refuses('refresh-token-unknown'));

  it('is refused the second time', () => given(opened, ended('logout')).when(logOut('one')).refuses('session-ended'));

  it('is refused for a session that never was', () => given().when(logOut('one')).refuses('refresh-token-unknown'));
});

describe('ending a session by its id', () => {
  const end = (owner = ada.id) => ({ type: 'EndSession', owner, reason: 'ended-by-owner' }) as const;

  it('ends it for its owner', () => given(opened).when(end()).yields(ended('ended-by-owner')));

  it('changes nothing the second time', () => given(opened, ended('logout')).when(end()).yields());

  it('looks to anyone else as if there were no such session (SEC-36)', () => {
    const eve = asUserId('eve');
    given(opened).when(end(eve)).refuses('session-unknown');
    given().when(end(eve)).refuses('session-unknown');
  });

  it('ends it for an administrator who says whose it is, once (SEC-71)', () => {
    const endOther = (owner = ada.id) => ({ ...end(owner), reason: 'ended-by-administrator' }) as const;
    given(opened).when(endOther()).yields(ended('ended-by-administrator'));
    given(opened, ended('ended-by-administrator')).when(endOther()).yields();
    given(opened)
      .when(endOther(asUserId('eve')))
      .refuses('session-unknown');
  });
});

describe('extending a session', () => {
  const parentState = stateAfter(session, [opened]);
  const extend = (more: Partial<Extract<SessionCommand, { type: 'ExtendSession' }>> = {}) =>
    ({
      type: 'ExtendSession',
      parent: { id, session: parentState, surroundings: alive },
      presented: { scopes: ['all:write'], expiresAt: new Date('2030-01-01T00:12:00.000Z') },
      extender: { id: asUserId('share'), allowedScopes: ['files:read'] },
      scopes: ['files.stat:read'],
      lifetimeMs: 5 * MINUTE,
      secretHash: null,
      now: new Date('2030-01-01T00:05:00.000Z'),
      ...more,
    }) as const;
  const extended = (more: Partial<SessionOpened> = {}): SessionEvent => ({
    type: 'SessionOpened',
    data: {
      ...openedData,
      origin: { kind: 'extension', ancestors: [id], extendedBy: [asUserId('share')] },
      secretHash: null,
      rotates: false,
      scopes: ['files.stat:read'],
      expiresAt: '2030-01-01T00:10:00.000Z',
      accessTokenMs: 5 * MINUTE,
      ipAddress: null,
      userAgent: null,
      ...more,
    },
  });

  it('opens a narrower session below it', () => given().when(extend()).yields(extended()));

  it('never outlives the token it came from', () =>
    given()
      .when(extend({ lifetimeMs: 60 * MINUTE }))
      .yields(extended({ expiresAt: '2030-01-01T00:12:00.000Z', accessTokenMs: 10 * MINUTE })));

  it('may be refreshed until the session it came from ends', () =>
    given()
      .when(extend({ secretHash: 'child' }))
      .yields(extended({ secretHash: 'child', expiresAt: '2030-01-31T00:00:00.000Z' })));

  const extendedTimes = (times: number): SessionEvent => {
    const ancestors = Array.from({ length: times }, (_, n) => asSessionId(`above-${n}`));
    const extendedBy = ancestors.map((_, n) => asUserId(`portal-${n}`));
    return extended({ origin: { kind: 'extension', ancestors, extendedBy } });
  };
  const below = (times: number) =>
    extend({
      parent: {
        id,
        session: stateAfter(session, [at('2030-01-01T00:00:00.000Z', extendedTimes(times))]),
        surroundings: alive,
      },
    });

  it('keeps the chain of sessions and extenders above it', () =>
    given()
      .when(below(1))
      .yields(
        extended({
          origin: {
            kind: 'extension',
            ancestors: [asSessionId('above-0'), id],
            extendedBy: [asUserId('portal-0'), asUserId('share')],
          },
        }),
      ));

  it('is refused below eight extensions', () => {
    expect(session.decide({ status: 'none' }, below(7))).toHaveLength(1);
    given().when(below(8)).refuses('extension-not-allowed');
  });

  it('is refused for scopes that the extender may not hand out', () =>
    given()
      .when(extend({ scopes: ['files.stat:write'] }))
      .refuses('extension-not-allowed'));

  it('is refused for scopes that stand for everything, whoever asks', () => {
    const everything = { id: asUserId('share'), allowedScopes: ['all:write', 'special:write'] };
    given()
      .when(extend({ scopes: ['all:write'], extender: everything }))
      .refuses('extension-not-allowed');
    given()
      .when(extend({ scopes: ['special:read'], extender: everything }))
      .refuses('extension-not-allowed');
  });

  it('is refused for scopes beyond those of the presented token', () =>
    given()
      .when(extend({ presented: { scopes: ['jobs:read'], expiresAt: now } }))
      .refuses('scope-not-covered'));

  it('is refused without a scope, and with a text that is none', () => {
    given()
      .when(extend({ scopes: [] }))
      .refuses('scope-invalid');
    given()
      .when(extend({ scopes: ['files'] }))
      .refuses('scope-invalid');
  });

  it('lasts from 0 ms to one day', () => {
    given()
      .when(extend({ lifetimeMs: -1 }))
      .refuses('token-lifetime-invalid');
    given()
      .when(extend({ lifetimeMs: DAY + 1 }))
      .refuses('token-lifetime-invalid');
    expect(session.decide({ status: 'none' }, extend({ lifetimeMs: 0 }))).toHaveLength(1);
    expect(session.decide({ status: 'none' }, extend({ lifetimeMs: DAY }))).toHaveLength(1);
  });

  it('is refused from a session that has ended (SEC-69)', () =>
    given()
      .when(
        extend({
          parent: { id, session: stateAfter(session, [opened, ended('logout')]), surroundings: alive },
        }),
      )
      .refuses('session-ended'));
});

describe('the end of a session', () => {
  const state = stateAfter(session, [opened]);

  it('is its idle end while that comes first', () =>
    expect(state.status === 'open' && endOf(id, state, ada)).toEqual(new Date('2030-01-15T00:00:00.000Z')));

  it('is felt exactly then', () => {
    expect(causeOfDeath(id, state, alive, new Date('2030-01-14T23:59:59.999Z'))).toBeNull();
    expect(causeOfDeath(id, state, alive, new Date('2030-01-15T00:00:00.000Z'))).toBe('session-expired');
  });
});
