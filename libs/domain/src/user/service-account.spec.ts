import { describe, it } from 'vitest';
import { type SessionId, asSessionId, asUserId } from '../ids.js';
import { at, scenario } from '../testing/scenario.js';
import { ada, adaCreated, invalidated, serviceCreated } from '../testing/users.js';
import { MAX_CREDENTIALS, MAX_CREDENTIAL_MS, MAX_OVERLAP_MS, MIN_CREDENTIAL_MS } from './credentials.js';
import type { CreateService, RotateCredential } from './service-account.js';
import type { UserEvent } from './user-events.js';
import { user } from './user.js';

const given = scenario(user);

const DAY = 86_400_000;
const now = new Date('2030-01-01T00:00:00.000Z');
const first = asSessionId('c1');
const second = asSessionId('c2');
const third = asSessionId('c3');

const issued = (sessionId: SessionId, expiresAt: string, othersEndAt: string | null = null): UserEvent => ({
  type: 'CredentialIssued',
  data: { userId: ada, sessionId, expiresAt, othersEndAt },
});
const limited: UserEvent = { type: 'ScopesLimited', data: { userId: ada, scopes: ['files:read', 'jobs:write'] } };
const suspended: UserEvent = { type: 'UserSuspended', data: { userId: ada } };

describe('creating a service', () => {
  const create = (more: Partial<CreateService> = {}) =>
    ({
      type: 'CreateService',
      id: ada,
      username: '_share',
      scopes: ['files:read', 'jobs:write', 'files:read'],
      grantedScopes: ['all:write'],
      credential: { sessionId: first, lifetimeMs: DAY },
      registeredBy: 'service',
      now,
      ...more,
    }) as const;

  it('makes it, says what it may do at most, and gives it a credential, all at once', () => {
    given().when(create()).yields(serviceCreated, limited, issued(first, '2030-01-02T00:00:00.000Z'));
    given(serviceCreated, limited).when(create()).yields();
  });

  it('is refused for scopes beyond those of whoever makes it, for none, and for what is no scope (SEC-176)', () => {
    given()
      .when(create({ grantedScopes: ['files:write', 'jobs:read'] }))
      .refuses('scope-not-covered');
    given()
      .when(create({ scopes: ['special.root:read'] }))
      .refuses('scope-not-covered');
    for (const scopes of [
      [],
      [''],
      ['files'],
      ['files:own'],
      Array.from({ length: 100 }, (_, n) => `${'x'.repeat(40)}${n}:read`),
    ])
      given().when(create({ scopes })).refuses('scope-invalid');
  });

  it('is refused for the name of a person', () =>
    given()
      .when(create({ username: 'share' }))
      .refuses('username-invalid'));

  it('is refused for a credential of less than an hour or more than a year', () => {
    for (const lifetimeMs of [MIN_CREDENTIAL_MS - 1, MAX_CREDENTIAL_MS + 1, 0, -1])
      given()
        .when(create({ credential: { sessionId: first, lifetimeMs } }))
        .refuses('token-lifetime-invalid');
    given()
      .when(create({ credential: { sessionId: first, lifetimeMs: MAX_CREDENTIAL_MS } }))
      .yields(serviceCreated, limited, issued(first, '2031-01-01T00:00:00.000Z'));
  });
});

describe('rotating the credential of a service', () => {
  const rotate = (more: Partial<RotateCredential> = {}) =>
    ({
      type: 'RotateCredential',
      credential: { sessionId: second, lifetimeMs: 90 * DAY },
      overlapMs: DAY,
      replaces: first,
      by: null,
      now,
      ...more,
    }) as const;
  const by = (sessionId: SessionId, userId = ada) => ({ userId, sessionId });
  const service = [serviceCreated, limited, issued(first, '2030-03-01T00:00:00.000Z')];
  const replacement = issued(second, '2030-04-01T00:00:00.000Z', '2030-01-02T00:00:00.000Z');
  const replaced = at('2030-01-01T00:00:00.000Z', replacement);

  it('issues one, and the others end after the overlap', () => {
    given(...service)
      .when(rotate())
      .yields(replacement);
    given(...service)
      .when(rotate({ overlapMs: 0 }))
      .yields(issued(second, '2030-04-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z'));
  });

  it('replaces those that were opened before the account knew of any', () =>
    given(serviceCreated)
      .when(rotate({ replaces: null, by: by(first) }))
      .yields(replacement));

  it('is refused when somebody else has rotated it since it was looked at', () => {
    given(...service, replaced)
      .when(rotate())
      .refuses('credential-rotated-meanwhile');
    given(serviceCreated, replaced)
      .when(rotate({ replaces: null }))
      .refuses('credential-rotated-meanwhile');
  });

  it('is for the newest credential: one that was replaced cannot make itself last', () => {
    const next = { replaces: second, credential: { sessionId: third, lifetimeMs: DAY } };
    const rotated = issued(third, '2030-01-02T00:00:00.000Z', '2030-01-02T00:00:00.000Z');
    given(...service, replaced)
      .when(rotate({ ...next, by: by(first) }))
      .refuses('credential-superseded');
    given(...service, replaced)
      .when(rotate({ ...next, by: by(second) }))
      .yields(rotated);
    given(...service, replaced)
      .when(rotate(next))
      .yields(rotated);
  });

  it('is refused for lifetimes and overlaps that are too short or too long', () => {
    for (const wrong of [
      { overlapMs: -1 },
      { overlapMs: MAX_OVERLAP_MS + 1 },
      { credential: { sessionId: second, lifetimeMs: MIN_CREDENTIAL_MS - 1 } },
      { credential: { sessionId: second, lifetimeMs: MAX_CREDENTIAL_MS + 1 } },
    ])
      given(...service)
        .when(rotate(wrong))
        .refuses('token-lifetime-invalid');
  });

  it('is refused while so many live that nobody can oversee them', () => {
    const many = Array.from({ length: MAX_CREDENTIALS }, (_, n) =>
      issued(asSessionId(`m${n}`), '2030-02-01T00:00:00.000Z', '2030-01-20T00:00:00.000Z'),
    );
    const next = { replaces: asSessionId(`m${MAX_CREDENTIALS - 1}`) };
    given(serviceCreated, ...many)
      .when(rotate(next))
      .refuses('credentials-too-many');
    given(serviceCreated, ...many.slice(1))
      .when(rotate(next))
      .yields(replacement);
    given(serviceCreated, ...many)
      .when(rotate({ ...next, now: new Date('2030-01-20T00:00:00.000Z'), overlapMs: 0 }))
      .yields(issued(second, '2030-04-20T00:00:00.000Z', '2030-01-20T00:00:00.000Z'));
  });

  it('is nothing that another service may ask for (SEC-36)', () =>
    given(...service)
      .when(rotate({ by: by(first, asUserId('another service')) }))
      .refuses('user-unknown'));

  it('is refused for persons, for a suspended service, and for one that is not there', () => {
    given(adaCreated).when(rotate()).refuses('user-unknown');
    given().when(rotate()).refuses('user-unknown');
    given(...service, suspended, invalidated(1))
      .when(rotate({ replaces: null }))
      .refuses('account-suspended');
  });

  it('knows of none after all sessions were ended', () =>
    given(...service, replaced, invalidated(1))
      .when(rotate({ replaces: null }))
      .yields(replacement));
});
