import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAX_CREDENTIALS, MAX_CREDENTIAL_MS, MAX_OVERLAP_MS, MIN_CREDENTIAL_MS } from '#domain/user/credentials.js';
import { SERVICE_TOKEN, TestApp, refusal } from '../../testing/test-app.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ROTATE = 'auth.services.rotate:write';
const SELF = 'auth.currentSession:read';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start('tokenExtension: [{ service: _limited, scopes: ["files:read", "jobs:read"] }]');
});
afterAll(() => app.close());

let services = 0;
let name: string;
let admin: string;
beforeEach(async () => {
  services += 1;
  name = `_service-${services}`;
  admin = await app.asAdmin();
});

interface Credential {
  readonly credentialId: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
}

const post = (call: string, json: object, token = admin, headers = {}) =>
  app.call('POST', `/auth/services${call}`, { token, json, headers });
const create = (more: object = {}, headers = {}, token = admin) =>
  post('', { username: name, scopes: ['files:read', ROTATE, SELF], ...more }, token, headers);
const rotate = (more: object = {}, token = admin, headers = {}) =>
  post('/rotate', { service: name, ...more }, token, headers);
/** By the service itself, with what it has. */
const rotateBy = async ({ refreshToken }: { refreshToken: string }, more: object = {}, headers = {}) =>
  rotate({ refreshToken, ...more }, await access({ refreshToken }), headers);
const credentialOf = ({ status, text, json }: Awaited<ReturnType<typeof create>>): Credential => {
  if (status !== 200) throw new Error(text);
  return json as unknown as Credential;
};
const created = async (more: object = {}) => credentialOf(await create(more));
const refresh = (token: string) => app.call('POST', '/auth/refresh', { token });
const access = async ({ refreshToken }: { refreshToken: string }) =>
  String((await refresh(refreshToken)).json['accessToken']);
const check = (token: string) => app.call('GET', '/auth/sessions/current', { token });
const listed = async (service = name) => {
  const { json, text } = await app.call('GET', `/auth/services/credentials?service=${service}`, { token: admin });
  if (!Array.isArray(json['items'])) throw new Error(text);
  return json['items'] as { id: string; expiresAt: number; lastUsedAt: number; scopes: string[] }[];
};

describe('creating a service', () => {
  it('gives a credential of 90 days, whose tokens have the scopes of the service and no others', async () => {
    const before = (await app.events('user')).length;
    const { credentialId, refreshToken, expiresAt } = await created();
    expect(refreshToken).toMatch(new RegExp(`^${credentialId}\\.`));
    expect(expiresAt).toBe(app.clock.now().getTime() + 90 * DAY);
    expect((await app.events('user')).slice(before)).toEqual(['UserCreated', 'ScopesLimited', 'CredentialIssued']);
    expect(decodeJwt(await access({ refreshToken }))).toMatchObject({
      sub: name,
      role: 'SERVICE',
      principalType: 'service',
      aud: ['files:read', ROTATE, SELF],
      sid: credentialId,
    });
  });

  it('keeps it from every call that its scopes do not cover, and from handing on more (SEC-176)', async () => {
    services += 1;
    const { refreshToken } = await created({ username: '_limited', scopes: ['files:read', 'auth:write'] });
    const token = await access({ refreshToken });
    const json = { validJWT: token, expiresIn: MINUTE };
    const lookup = await app.call('POST', '/auth/users/lookup', { token, json: { users: [] } });
    expect(lookup.status).toBe(200);
    const narrow = await access(await created({ scopes: ['files:read'] }));
    expect(await app.call('POST', '/auth/users/lookup', { token: narrow, json: { users: [] } })).toMatchObject(
      refusal('scope-missing', 403),
    );
    expect(
      await app.call('POST', '/auth/extend', { token, json: { ...json, requestedScopes: ['jobs:read'] } }),
    ).toMatchObject(refusal('scope-not-covered', 403));
    expect(
      (await app.call('POST', '/auth/extend', { token, json: { ...json, requestedScopes: ['files.stat:read'] } }))
        .status,
    ).toBe(200);
    expect(await app.call('POST', '/auth/request?audience=jobs:read', { token })).toMatchObject(
      refusal('scope-not-covered', 403),
    );
    expect((await app.call('POST', '/auth/request?audience=files:read', { token })).status).toBe(200);
  });

  it('keeps it from registering and renewing providers, whose tokens may do everything (SEC-176)', async () => {
    const token = await access(await created({ scopes: ['auth.providers:write'] }));
    for (const call of ['', '/renew'])
      expect(
        await app.call('POST', `/auth/providers${call}`, { token, json: { items: [{ id: 'some-provider' }] } }),
      ).toMatchObject(refusal('scope-not-covered', 403));
  });

  it('keeps it from making accounts that may do more than a person (SEC-176)', async () => {
    const token = await access(await created({ scopes: ['auth.users.createNewUser:write'] }));
    const register = (json: object) => app.call('POST', '/auth/users/register', { token, json: [json] });
    const person = {
      username: `person-${services}`,
      password: 'a password of a person',
      email: `person-${services}@example.org`,
    };
    for (const wanted of [
      { username: '_more', role: 'SERVICE' },
      { ...person, role: 'ADMIN' },
    ])
      expect(await register(wanted)).toMatchObject(refusal('scope-not-covered', 403));
    expect((await register(person)).status).toBe(200);
  });

  it('lets it live as long as was said, used or not', async () => {
    const { refreshToken } = await created({ expiresAfter: HOUR });
    app.clock.advance(HOUR - 1);
    const { json, status } = await refresh(refreshToken);
    expect(status).toBe(200);
    expect(decodeJwt(String(json['accessToken'])).exp).toBe(Math.floor((app.clock.now().getTime() + 1) / 1_000));
    app.clock.advance(1);
    expect(await refresh(refreshToken)).toMatchObject(refusal('session-expired', 401));
  });

  it('answers the same when it is repeated with its idempotency key, of twenty at once, too (SEC-134)', async () => {
    const key = { 'idempotency-key': name };
    const before = (await app.events()).length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({}, key)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(credentialOf(await create({}, key))).toEqual(answers[0]?.json);
    const happened = (await app.events()).slice(before);
    expect(happened.filter((type) => ['CredentialIssued', 'SessionOpened'].includes(type))).toHaveLength(2);
    expect(await create({ scopes: ['files:write'] }, key)).toMatchObject(refusal('idempotency-key-reused', 422));
    expect(await create({ username: '_another' }, key)).toMatchObject(refusal('idempotency-key-reused', 422));
    expect((await app.call('GET', '/auth/services/credentials?service=_another', { token: admin })).status).toBe(404);
  });

  it('is refused where the name is taken', async () => {
    await created();
    expect(await create()).toMatchObject(refusal('username-taken', 409));
    expect(await create({ username: name.toUpperCase() })).toMatchObject(refusal('username-taken', 409));
  });

  it('asks for a login that is not old, and for a token of one’s own (SEC-76)', async () => {
    app.clock.advance(5 * MINUTE);
    expect((await create()).status).toBe(200);
    app.clock.advance(1);
    for (const call of ['', '/rotate', '/revoke', '/revokeAll'])
      expect(
        await post(call, {
          username: name,
          scopes: ['a:read'],
          service: name,
          credentialId: '5b0c6a3e-9c1f-4f0a-8d7e-000000000000',
        }),
      ).toMatchObject(refusal('step-up-required', 401));
  });

  for (const [why, body, errorCode, status = 400] of [
    ['no scopes', { scopes: [] }, 'scope-invalid'],
    ['what is no scope', { scopes: ['files'] }, 'scope-invalid'],
    ['scopes that are no list', { scopes: 'files:read' }, 'body-invalid'],
    ['scopes that are no text', { scopes: [7] }, 'body-invalid'],
    ['no list of scopes', { scopes: undefined }, 'body-invalid'],
    ['more than a hundred scopes', { scopes: Array<string>(101).fill('a:read') }, 'body-invalid'],
    ['what all does not cover', { scopes: ['special.root:write'] }, 'scope-not-covered', 403],
    ['the name of a person', { username: 'share' }, 'username-invalid'],
    ['two underscores', { username: '__share' }, 'username-invalid'],
    ['an empty name', { username: '' }, 'username-invalid'],
    ['a name that is no text', { username: ['_x'] }, 'body-invalid'],
    ['less than an hour', { expiresAfter: MIN_CREDENTIAL_MS - 1 }, 'token-lifetime-invalid'],
    ['more than a year', { expiresAfter: MAX_CREDENTIAL_MS + 1 }, 'token-lifetime-invalid'],
    ['a negative lifetime', { expiresAfter: -1 }, 'token-lifetime-invalid'],
    ['an absurd lifetime', { expiresAfter: 1e300 }, 'token-lifetime-invalid'],
    ['half a millisecond', { expiresAfter: HOUR + 0.5 }, 'body-invalid'],
    ['a lifetime in words', { expiresAfter: '90d' }, 'body-invalid'],
  ] as const)
    it(`is refused for ${why}, and stores nothing`, async () => {
      const before = (await app.events()).length;
      expect(await create(body)).toMatchObject(refusal(errorCode, status));
      expect(await app.events()).toHaveLength(before);
    });

  it('says which lifetimes are right', async () =>
    expect((await create({ expiresAfter: 1 })).json['why']).toBe(
      'expiresAfter must be from 3600000 to 31536000000 milliseconds: an hour to 365 days.',
    ));
});

describe('the credentials of a service', () => {
  it('are listed without their secrets, the newest first, with when they were used', async () => {
    const first = await created();
    app.clock.advance(3 * MINUTE);
    await refresh(first.refreshToken);
    const second = credentialOf(await rotate());
    const { text } = await app.call('GET', `/auth/services/credentials?service=${name}`, { token: admin });
    for (const { refreshToken } of [first, second]) expect(text).not.toContain(refreshToken.slice(37));
    const now = app.clock.now().getTime();
    expect(await listed()).toEqual([
      {
        id: second.credentialId,
        createdAt: now,
        lastUsedAt: now,
        expiresAt: now + 90 * DAY,
        scopes: ['files:read', ROTATE, SELF],
        createdBy: expect.any(String),
      },
      expect.objectContaining({ id: first.credentialId, createdAt: now - 3 * MINUTE, expiresAt: now + DAY }),
    ]);
    expect((await listed())[1]?.lastUsedAt).toBe(Math.floor(now / MINUTE) * MINUTE);
  });

  it('are also those of createNewUser and of the first start, which can be rotated and revoked, too', async () => {
    const { refreshToken } = await app.create(name, 'SERVICE');
    const [first] = await listed();
    expect(first).toMatchObject({ scopes: ['all:write'], id: refreshToken.slice(0, 36) });
    credentialOf(await rotate({ overlap: HOUR }));
    expect((await listed()).map(({ expiresAt }) => expiresAt)).toContain(app.clock.now().getTime() + HOUR);
    await post('/revoke', { service: name, credentialId: first?.id });
    expect(await refresh(refreshToken)).toMatchObject(refusal('session-ended', 401));
    expect((await listed('_bootstrap')).map(({ id }) => id)).toEqual([SERVICE_TOKEN.slice(0, 36)]);
  });

  it('are not listed for anything but a service', async () => {
    await app.create(`person-${services}`);
    for (const service of [`person-${services}`, 'admin', '_nobody', 'x'.repeat(300)])
      expect(await app.call('GET', `/auth/services/credentials?service=${service}`, { token: admin })).toMatchObject(
        refusal('user-unknown', 404),
      );
    for (const query of ['', '?service=', '?service=_a&service=_b'])
      expect(await app.call('GET', `/auth/services/credentials${query}`, { token: admin })).toMatchObject(
        refusal('parameter-invalid'),
      );
  });
});

describe('rotating a credential', () => {
  it('gives another one, and lets the one before live for the overlap', async () => {
    const first = await created();
    const before = (await app.events()).length;
    const second = credentialOf(await rotate({ overlap: HOUR, expiresAfter: 7 * DAY }));
    expect((await app.events()).slice(before)).toEqual(['CredentialIssued', 'SessionOpened']);
    expect(second.expiresAt).toBe(app.clock.now().getTime() + 7 * DAY);
    expect(decodeJwt(await access(second))).toMatchObject({ sub: name, aud: ['files:read', ROTATE, SELF] });
    const old = await access(first);
    expect((await check(old)).json['expiresAt']).toBe(app.clock.now().getTime() + HOUR);
    app.clock.advance(HOUR - 1);
    expect((await refresh(first.refreshToken)).status).toBe(200);
    app.clock.advance(1);
    expect(await refresh(first.refreshToken)).toMatchObject(refusal('session-expired', 401));
    expect((await refresh(second.refreshToken)).status).toBe(200);
    admin = await app.asAdmin();
    expect((await listed()).map(({ id }) => id)).toEqual([second.credentialId]);
  });

  it('ends the one before at once if there is to be no overlap, with its access tokens and what came from them', async () => {
    const first = await created({ scopes: ['files:read', 'auth:write'] });
    const token = await access(first);
    const oneTime = await app.call('POST', '/auth/request?audience=files:read', { token });
    credentialOf(await rotate({ overlap: 0 }));
    expect((await check(token)).status).toBe(401);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect(
      await app.call('POST', `/auth/claim?jti=${String(oneTime.json['jti'])}`, { token: await app.asService() }),
    ).toMatchObject(refusal('one-time-token-revoked', 410));
  });

  it('never lets one live longer than it would have', async () => {
    const first = await created({ expiresAfter: HOUR });
    const second = credentialOf(await rotate({ overlap: MAX_OVERLAP_MS, expiresAfter: 2 * HOUR }));
    credentialOf(await rotate({ overlap: MAX_OVERLAP_MS }));
    app.clock.advance(HOUR);
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect((await refresh(second.refreshToken)).status).toBe(200);
    app.clock.advance(HOUR);
    expect((await refresh(second.refreshToken)).status).toBe(401);
  });

  it('happens once of twenty times at once, and the others are told so', async () => {
    const first = await created();
    const answers = await Promise.all(Array.from({ length: 20 }, () => rotate()));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ json }) => json['errorCode']))).toEqual(
      new Set(['credential-rotated-meanwhile']),
    );
    expect((await listed()).map(({ id, expiresAt }) => [id, expiresAt])).toEqual(
      expect.arrayContaining([
        [won[0]?.json['credentialId'], app.clock.now().getTime() + 90 * DAY],
        [first.credentialId, app.clock.now().getTime() + DAY],
      ]),
    );
    expect(await listed()).toHaveLength(2);
  });

  it('answers the same twenty times at once under one idempotency key, and not for another service', async () => {
    const key = { 'idempotency-key': `rotate-${name}` };
    await created();
    const answers = await Promise.all(Array.from({ length: 20 }, () => rotate({}, admin, key)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await access(credentialOf(await rotate({}, admin, key)))).length).toBeGreaterThan(100);
    expect(await listed()).toHaveLength(2);
    expect(await rotate({ overlap: 1 }, admin, key)).toMatchObject(refusal('idempotency-key-reused', 422));
    const other = `_other-${services}`;
    const before = credentialOf(await create({ username: other }));
    expect(await rotate({ service: other }, admin, key)).toMatchObject(refusal('idempotency-key-reused', 422));
    expect((await listed(other)).map(({ expiresAt }) => expiresAt)).toEqual([before.expiresAt]);
  });

  it('can be done by the service with its newest credential, without a step-up, for as long as that lives', async () => {
    const first = await created();
    app.clock.advance(HOUR);
    const token = await access(first);
    const second = credentialOf(await rotateBy(first));
    expect(await rotateBy(first)).toMatchObject(refusal('credential-superseded', 409));
    credentialOf(await rotateBy(second, { overlap: 0 }));
    expect((await rotate(first, token)).status).toBe(401);
  });

  it('is not for who has an access token of the service and no credential (SEC-76)', async () => {
    const first = await created();
    const second = credentialOf(await rotate());
    const token = await access(second);
    expect(await rotate({}, token)).toMatchObject(refusal('body-invalid'));
    for (const refreshToken of [first.refreshToken, `${second.credentialId}.${'x'.repeat(64)}`, 'x', '\u{1F511}'])
      expect(await rotate({ refreshToken }, token)).toMatchObject(refusal('refresh-token-unknown', 401));
    expect(await listed()).toHaveLength(2);
  });

  it('is asked for again by a service that lost the answer', async () => {
    const first = await created();
    const key = { 'idempotency-key': 'lost' };
    const answer = credentialOf(await rotateBy(first, {}, key));
    app.clock.advance(DAY - MINUTE);
    expect(credentialOf(await rotateBy(first, {}, key))).toEqual(answer);
  });

  it('is nothing a service can do for another, or without the scope, or with a token that was lent (SEC-36)', async () => {
    const other = `_other-${services}`;
    await create({ username: other });
    const first = await created();
    for (const service of [other, '_nobody', 'admin'])
      expect(await rotateBy(first, { service })).toMatchObject(refusal('user-unknown', 404));
    const limited = credentialOf(await create({ username: `_narrow-${services}`, scopes: ['files:read'] }));
    expect(await rotateBy(limited, { service: `_narrow-${services}` })).toMatchObject(refusal('scope-missing', 403));
    const { accessToken } = await app.create(`person-${services}`);
    expect(await rotate({}, accessToken)).toMatchObject(refusal('role-not-allowed', 403));
  });

  it('is refused once so many live that nobody oversees them', async () => {
    await created();
    for (let n = 1; n < MAX_CREDENTIALS; n += 1) credentialOf(await rotate());
    expect(await rotate()).toMatchObject(refusal('credentials-too-many', 409));
    expect((await post('/revokeAll', { service: name })).status).toBe(200);
    expect((await rotate()).status).toBe(200);
  });

  for (const [why, body, errorCode, status = 400] of [
    ['a negative overlap', { overlap: -1 }, 'token-lifetime-invalid'],
    ['more than 30 days of overlap', { overlap: MAX_OVERLAP_MS + 1 }, 'token-lifetime-invalid'],
    ['an overlap in words', { overlap: '1d' }, 'body-invalid'],
    ['a lifetime of a minute', { expiresAfter: MINUTE }, 'token-lifetime-invalid'],
    ['no service', { service: undefined }, 'body-invalid'],
    ['a service that is no text', { service: { name: '_x' } }, 'body-invalid'],
    ['a service that is not there', { service: '_nobody' }, 'user-unknown', 404],
    ['a person', { service: 'admin' }, 'user-unknown', 404],
  ] as const)
    it(`is refused for ${why}, and stores nothing`, async () => {
      await created();
      const before = (await app.events()).length;
      expect(await rotate(body)).toMatchObject(refusal(errorCode, status));
      expect(await app.events()).toHaveLength(before);
    });
});

describe('revoking', () => {
  it('one credential ends that one at once, and changes nothing the second time', async () => {
    const first = await created();
    const second = credentialOf(await rotate());
    const token = await access(first);
    const revoke = () => post('/revoke', { service: name, credentialId: first.credentialId.toUpperCase() });
    expect(await revoke()).toMatchObject({ status: 200, json: {} });
    expect(await check(token)).toMatchObject(refusal('session-ended', 401));
    expect(await refresh(first.refreshToken)).toMatchObject(refusal('session-ended', 401));
    expect((await listed()).map(({ id }) => id)).toEqual([second.credentialId]);
    const before = (await app.events()).length;
    expect((await revoke()).status).toBe(200);
    expect(await app.events()).toHaveLength(before);
    expect((await check(await access(second))).status).toBe(200);
  });

  it('all of them ends every one, and a new one can be made', async () => {
    const first = await created();
    const second = credentialOf(await rotate());
    const token = await access(second);
    expect((await post('/revokeAll', { service: name })).json).toEqual({});
    for (const { refreshToken } of [first, second])
      expect(await refresh(refreshToken)).toMatchObject(refusal('session-ended', 401));
    expect((await check(token)).status).toBe(401);
    expect(await listed()).toEqual([]);
    const third = credentialOf(await rotate());
    expect((await check(await access(third))).status).toBe(200);
  });

  it('is refused for a credential of somebody else, of nobody, and for what is none (SEC-36)', async () => {
    await created();
    const other = credentialOf(await create({ username: `_other-${services}` }));
    const person = await app.person(`person-${services}`);
    const ids = [other.credentialId, person.refreshToken.slice(0, 36), '5b0c6a3e-9c1f-4f0a-8d7e-000000000000'];
    for (const credentialId of ids)
      expect(await post('/revoke', { service: name, credentialId })).toMatchObject(refusal('credential-unknown', 404));
    for (const credentialId of [undefined, null, '', 'all', 7, ['x']])
      expect(await post('/revoke', { service: name, credentialId })).toMatchObject(refusal('body-invalid'));
    expect(await post('/revokeAll', { service: `person-${services}` })).toMatchObject(refusal('user-unknown', 404));
    expect((await check(person.accessToken)).status).toBe(200);
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });
});

describe('a service that was suspended', () => {
  it('has no living credential, gets none, and must be given a new one afterwards (SEC-64)', async () => {
    const { refreshToken } = await created();
    await app.call('POST', '/auth/users/suspend', { token: admin, json: { userId: name } });
    expect((await refresh(refreshToken)).status).toBe(401);
    expect(await listed()).toEqual([]);
    expect(await rotate()).toMatchObject(refusal('account-suspended', 409));
    await app.call('POST', '/auth/users/reinstate', { token: admin, json: { userId: name } });
    expect((await refresh(refreshToken)).status).toBe(401);
    expect((await check(await access(credentialOf(await rotate())))).status).toBe(200);
  });
});
