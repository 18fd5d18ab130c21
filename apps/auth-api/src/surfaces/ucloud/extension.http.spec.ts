import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestApp, type TestTokens } from '../../testing/test-app.js';

const MINUTE = 60_000;

let app: TestApp;
/** Refresh tokens, which are the credentials of services. */
const credentials = new Map<string, string>();
beforeAll(async () => {
  app = await TestApp.start(`
tokenExtension:
  - { service: _share, scopes: ["files:read"] }
  - { service: _share, scopes: ["jobs.query:write"] }
  - { service: _portal, scopes: ["files:write", "all:write"] }
  - { service: _first, scopes: ["files:read"] }
  - { service: _last, scopes: ["files:read"] }
`);
  for (const name of ['_share', '_portal', '_other', '_first', '_last'])
    credentials.set(name, (await app.create(name, 'SERVICE')).refreshToken);
});
afterAll(() => app.close());

let people = 0;
let ada: TestTokens;
beforeEach(async () => {
  people += 1;
  ada = await app.person(`person-${people}`);
});

const as = async (service: string) =>
  String((await app.call('POST', '/auth/refresh', { token: credentials.get(service) ?? '' })).json['accessToken']);

const extend = async (service: string, more: Readonly<Record<string, unknown>> = {}, headers = {}) =>
  app.call('POST', '/auth/extend', {
    token: await as(service),
    json: { validJWT: ada.accessToken, requestedScopes: ['files.stat:read'], expiresIn: 5 * MINUTE, ...more },
    headers,
  });

const check = (token: unknown) => app.call('GET', '/auth/sessions/current', { token: String(token) });

describe('extending a token', () => {
  it('gives a token of the user with fewer scopes, marked with who extended it', async () => {
    const { status, json } = await extend('_share', { requestedScopes: ['files.stat:read', 'jobs.query:read'] });
    expect(status).toBe(200);
    expect(json).toMatchObject({ refreshToken: null, csrfToken: null });
    expect(decodeJwt(String(json['accessToken']))).toMatchObject({
      sub: `person-${people}`,
      aud: ['files.stat:read', 'jobs.query:read'],
      extendedBy: '_share',
      extendedByChain: ['_share'],
    });
  });

  it('never outlives the token it came from', async () => {
    app.clock.advance(4 * MINUTE);
    const { json } = await extend('_share', { expiresIn: 86_400_000 });
    expect(decodeJwt(String(json['accessToken'])).exp).toBe(decodeJwt(ada.accessToken).exp);
  });

  it('may be refreshed, with its scopes and chain, until the session above it ends', async () => {
    const { json } = await extend('_share', { allowRefreshes: true });
    expect(json).toMatchObject({ refreshToken: expect.any(String), csrfToken: expect.any(String) });
    app.clock.advance(60 * MINUTE);
    const refresh = () => app.call('POST', '/auth/refresh', { token: String(json['refreshToken']) });
    const refreshed = await refresh();
    expect(decodeJwt(String(refreshed.json['accessToken']))).toMatchObject({
      aud: 'files.stat:read',
      extendedByChain: ['_share'],
    });
    await app.call('POST', '/auth/logout', { token: ada.refreshToken });
    expect((await refresh()).json['errorCode']).toBe('session-ended');
    expect((await check(refreshed.json['accessToken'])).json['errorCode']).toBe('session-ended');
  });

  it('is listed and ended like any other session, and ends with all of them', async () => {
    const { json } = await extend('_share');
    const listed = await app.sessionsOf(ada.accessToken);
    const extension = listed.find(({ origin }) => origin === 'extension');
    expect(extension).toMatchObject({ scopes: ['files.stat:read'], extendedBy: [expect.any(String)] });
    await app.call('DELETE', `/auth/sessions/${String(extension?.['id'])}`, { token: ada.accessToken });
    expect((await check(json['accessToken'])).json['errorCode']).toBe('session-ended');
    expect((await app.sessionsOf(ada.accessToken)).map(({ origin }) => origin)).not.toContain('extension');

    const another = await extend('_share');
    await app.call('DELETE', '/auth/sessions', { token: ada.accessToken });
    expect((await check(another.json['accessToken'])).json['errorCode']).toBe('session-ended');
  });

  it('can be extended again, and dies with any session above it', async () => {
    const first = await extend('_portal', { requestedScopes: ['files:read'], allowRefreshes: true });
    const second = await extend('_share', { validJWT: first.json['accessToken'] });
    expect(decodeJwt(String(second.json['accessToken']))['extendedByChain']).toEqual(['_portal', '_share']);
    await app.call('POST', '/auth/logout', { token: String(first.json['refreshToken']) });
    expect((await check(second.json['accessToken'])).json['errorCode']).toBe('session-ended');
    expect((await check(ada.accessToken)).status).toBe(200);
  });

  it('dies with the service that holds it, and with any that it came through (SEC-64)', async () => {
    const first = await extend('_first', { requestedScopes: ['files:read'], allowRefreshes: true });
    const last = () => extend('_last', { validJWT: first.json['accessToken'], allowRefreshes: true });
    const [second, third] = [await last(), await last()];
    const suspend = async (userId: string) =>
      app.call('POST', '/auth/users/suspend', { token: await app.asAdmin(), json: { userId } });
    const refresh = ({ json }: typeof first) =>
      app.call('POST', '/auth/refresh', { token: String(json['refreshToken']) });
    const expectDead = async (extended: typeof first) => {
      expect((await check(extended.json['accessToken'])).json['errorCode']).toBe('session-ended');
      expect((await refresh(extended)).json['errorCode']).toBe('session-ended');
    };
    expect((await refresh(third)).status).toBe(200);
    await suspend('_last');
    await expectDead(second);
    expect((await refresh(first)).status).toBe(200);
    await suspend('_first');
    await expectDead(first);
    await expectDead(third);
    expect((await check(ada.accessToken)).status).toBe(200);
  });

  it('cannot manage the sessions of its owner (ucloud-users-api §4.1)', async () => {
    const token = String((await extend('_portal', { requestedScopes: ['files:write'] })).json['accessToken']);
    expect((await app.call('GET', '/auth/sessions', { token })).json['errorCode']).toBe('scope-missing');
  });

  for (const [why, service, more, status, code] of [
    [
      'scopes that the service may not hand out',
      '_share',
      { requestedScopes: ['files:write'] },
      403,
      'extension-not-allowed',
    ],
    ['a service that may hand out none', '_other', {}, 403, 'extension-not-allowed'],
    [
      'everything, even where the settings say so',
      '_portal',
      { requestedScopes: ['all:write'] },
      403,
      'extension-not-allowed',
    ],
    ['special scopes', '_portal', { requestedScopes: ['special:read'] }, 403, 'extension-not-allowed'],
    ['no scopes', '_share', { requestedScopes: [] }, 400, 'scope-invalid'],
    ['scopes that are none', '_share', { requestedScopes: ['files'] }, 400, 'scope-invalid'],
    ['a negative lifetime', '_share', { expiresIn: -1 }, 400, 'body-invalid'],
    ['more than a day', '_share', { expiresIn: 86_400_001 }, 400, 'body-invalid'],
    ['a lifetime that is no number', '_share', { expiresIn: '5m' }, 400, 'body-invalid'],
    ['a token that is none', '_share', { validJWT: 'garbage' }, 401, 'access-token-invalid'],
  ] as const)
    it(`is refused for ${why}`, async () =>
      expect(await extend(service, more)).toMatchObject({ status, json: { errorCode: code } }));

  it('is refused beyond the scopes of the token that was shown', async () => {
    const narrow = await extend('_portal', { requestedScopes: ['files.stat:read'] });
    const wider = await extend('_share', { validJWT: narrow.json['accessToken'], requestedScopes: ['files:read'] });
    expect(wider).toMatchObject({ status: 403, json: { errorCode: 'scope-not-covered' } });
  });

  it('is refused for a session that has ended, and to users', async () => {
    const json = { validJWT: ada.accessToken, requestedScopes: ['files:read'], expiresIn: 1_000 };
    expect((await app.call('POST', '/auth/extend', { token: ada.accessToken, json })).json['errorCode']).toBe(
      'role-not-allowed',
    );
    await app.call('POST', '/auth/logout', { token: ada.refreshToken });
    expect((await extend('_share')).json['errorCode']).toBe('session-ended');
  });

  it('happens once under one idempotency key', async () => {
    const key = { 'idempotency-key': `k${people}` };
    const [one, two] = [
      await extend('_share', { allowRefreshes: true }, key),
      await extend('_share', { allowRefreshes: true }, key),
    ];
    expect(two.json['refreshToken']).toBe(one.json['refreshToken']);
    expect((await extend('_share', { expiresIn: 1 }, key)).status).toBe(422);
  });

  it('is not repeated for a session that has ended since (SEC-64)', async () => {
    const key = { 'idempotency-key': `k${people}` };
    expect((await extend('_share', {}, key)).status).toBe(200);
    const extended = (await app.sessionsOf(ada.accessToken)).find(({ origin }) => origin === 'extension');
    await app.call('DELETE', `/auth/sessions/${String(extended?.['id'])}`, { token: ada.accessToken });
    expect(await extend('_share', {}, key)).toMatchObject({ status: 401, json: { errorCode: 'session-ended' } });
  });
});
