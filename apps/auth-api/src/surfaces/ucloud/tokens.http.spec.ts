import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start(`
loginServices:
  - { name: cli, endpoint: "http://localhost:8080/account", mode: APPLICATION }
  - { name: rotating, endpoint: "http://localhost:8080/account", mode: APPLICATION, rotate: true }
`);
});
afterAll(() => app.close());

let people = 0;
let name: string;
beforeEach(async () => {
  people += 1;
  name = `person-${people}`;
  await app.create(name);
});

const refresh = (token: string) => app.call('POST', '/auth/refresh', { token });
const check = (token: string) => app.call('GET', '/auth/sessions/current', { token });
describe('refreshing', () => {
  it('gives a new access token and leaves the refresh token as it is', async () => {
    const { refreshToken } = await app.logIn(name);
    const answer = await refresh(refreshToken);
    expect(answer).toMatchObject({ status: 200, json: { accessToken: expect.any(String) } });
    expect(answer.json).not.toHaveProperty('refreshToken');
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  it('gives a new refresh token where the login service rotates, and never changes who and how (SEC-77, SEC-89)', async () => {
    let { refreshToken, accessToken } = await app.logIn(name, 'rotating');
    const first = decodeJwt(accessToken);
    for (let n = 0; n < 10; n += 1) {
      app.clock.advance(60_000);
      const { json } = await refresh(refreshToken);
      expect(json['refreshToken']).not.toBe(refreshToken);
      refreshToken = String(json['refreshToken']);
      accessToken = String(json['accessToken']);
    }
    const { amr, auth_time: authTime, sid, aud } = first;
    expect(decodeJwt(accessToken)).toMatchObject({ amr, auth_time: authTime, sid, aud });
  });

  it('gives twenty at once the same successor, and rotates once (SEC-91)', async () => {
    const { refreshToken } = await app.logIn(name, 'rotating');
    const before = (await app.events('session')).length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ json }) => json['refreshToken'])).size).toBe(1);
    expect((await app.events('session')).slice(before)).toEqual(['SessionRefreshed']);
  });

  it('answers a retry for ten seconds, then takes it for theft and ends the session (SEC-90)', async () => {
    const { refreshToken } = await app.logIn(name, 'rotating');
    const successor = (await refresh(refreshToken)).json;
    app.clock.advance(10_000);
    expect((await refresh(refreshToken)).json['refreshToken']).toBe(successor['refreshToken']);
    app.clock.advance(1);
    expect(await refresh(refreshToken)).toMatchObject({ status: 401, json: { errorCode: 'refresh-token-reused' } });
    expect((await refresh(String(successor['refreshToken']))).json['errorCode']).toBe('session-ended');
    expect((await check(String(successor['accessToken']))).json['errorCode']).toBe('session-ended');
  });

  it('does not end a session for an invented secret (SEC-88)', async () => {
    const { refreshToken } = await app.logIn(name, 'rotating');
    const [id = ''] = refreshToken.split('.');
    expect((await refresh(`${id}.${'A'.repeat(64)}`)).json['errorCode']).toBe('refresh-token-unknown');
    expect((await refresh(refreshToken)).status).toBe(200);
  });

  it('is refused without a token, with garbage, and with an access token', async () => {
    const { accessToken } = await app.logIn(name);
    for (const token of [undefined, '', 'garbage', '../../etc/passwd', accessToken, 'null'])
      expect(await app.call('POST', '/auth/refresh', token === undefined ? {} : { token })).toMatchObject({
        status: 401,
        json: { errorCode: 'refresh-token-unknown' },
        headers: { 'www-authenticate': 'Bearer' },
      });
  });

  it('is never decided by an idempotency key instead of the secret', async () => {
    const { refreshToken } = await app.logIn(name);
    const headers = { 'idempotency-key': 'k' };
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken, headers })).status).toBe(200);
    const invented = `${refreshToken.slice(0, 37)}${'A'.repeat(64)}`;
    expect((await app.call('POST', '/auth/refresh', { token: invented, headers })).status).toBe(401);
  });
});

describe('logging out', () => {
  const logOut = (token: string) => app.call('POST', '/auth/logout', { token });

  it('ends the session at once, and works once (SEC-75)', async () => {
    const { refreshToken, accessToken } = await app.logIn(name);
    expect(await logOut(refreshToken)).toMatchObject({ status: 200, json: {} });
    expect((await check(accessToken)).json['errorCode']).toBe('session-ended');
    expect(await logOut(refreshToken)).toMatchObject({ status: 401, json: { errorCode: 'session-ended' } });
  });

  it('works for a session that has expired', async () => {
    const { refreshToken } = await app.logIn(name);
    app.clock.advance(40 * 86_400_000);
    expect((await logOut(refreshToken)).status).toBe(200);
  });

  it('is refused without a token and with an unknown one', async () => {
    expect((await app.call('POST', '/auth/logout')).status).toBe(401);
    expect((await logOut('5b0c6a3e-9c1f-4f0a-8d7e-000000000000.'.padEnd(90, 'x'))).json['errorCode']).toBe(
      'refresh-token-unknown',
    );
  });
});

describe('ending sessions in bulk', () => {
  const bulk = async (tokens: unknown, token?: string) =>
    app.call('POST', '/auth/logout/bulk', { token: token ?? (await app.asService()), json: { tokens } });

  it('ends those of the tokens that open one, and passes over the others', async () => {
    const [one, two, kept] = [await app.logIn(name), await app.logIn(name, 'rotating'), await app.logIn(name)];
    expect(await bulk([one.refreshToken, 'garbage', two.refreshToken, one.refreshToken])).toMatchObject({
      status: 200,
      json: {},
    });
    expect([(await check(one.accessToken)).status, (await check(two.accessToken)).status]).toEqual([401, 401]);
    expect((await check(kept.accessToken)).status).toBe(200);
  });

  it('is for administrators and services only', async () => {
    const { accessToken } = await app.logIn(name);
    expect(await bulk([], accessToken)).toMatchObject({ status: 403, json: { errorCode: 'role-not-allowed' } });
    expect((await bulk([], await app.asAdmin())).status).toBe(200);
  });

  it('needs a list of text', async () => {
    for (const tokens of [undefined, null, 'x', [1], Array<string>(1_001).fill('x')])
      expect((await bulk(tokens)).status).toBe(400);
  });
});

describe('one-time tokens', () => {
  const request = (token: string, audience = 'files.upload:write', headers = {}) =>
    app.call('POST', `/auth/request?audience=${encodeURIComponent(audience)}`, { token, headers });
  const claim = async (jti: unknown, more = '', headers = {}) =>
    app.call('POST', `/auth/claim?jti=${String(jti)}${more}`, { token: await app.asService(), headers });

  it('are good for the scopes asked for, for a minute, with an id to claim', async () => {
    const { accessToken } = await app.logIn(name);
    const { status, json } = await request(accessToken, 'files.upload:write,jobs:read');
    expect(status).toBe(200);
    const claims = decodeJwt(String(json['accessToken']));
    expect(claims).toMatchObject({ aud: ['files.upload:write', 'jobs:read'], jti: json['jti'], sub: name });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
  });

  it('can be claimed once, of twenty at once exactly one time (SEC-55)', async () => {
    const { json } = await request((await app.logIn(name)).accessToken);
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await claim(json['jti'])).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
  });

  it('answer 404 unless issued, 410 when expired or their session has ended, 403 for another audience', async () => {
    const unknown = await claim('5b0c6a3e-9c1f-4f0a-8d7e-000000000000');
    expect([unknown.status, unknown.json['errorCode']]).toEqual([404, 'one-time-token-unknown']);
    expect((await claim('../user-1')).status).toBe(404);

    const { accessToken, refreshToken } = await app.logIn(name);
    const narrow = (await request(accessToken)).json['jti'];
    expect(await claim(narrow, '&audience=files.delete:write')).toMatchObject({
      status: 403,
      json: { errorCode: 'one-time-token-wrong-audience' },
    });
    expect((await claim(narrow, '&audience=files.upload:write')).status).toBe(200);

    const late = (await request(accessToken)).json['jti'];
    app.clock.advance(60_000);
    expect(await claim(late)).toMatchObject({ status: 410, json: { errorCode: 'one-time-token-expired' } });

    const revoked = (await request(accessToken)).json['jti'];
    await app.call('POST', '/auth/logout', { token: refreshToken });
    expect(await claim(revoked)).toMatchObject({ status: 410, json: { errorCode: 'one-time-token-revoked' } });
  });

  it('are no access tokens (SEC-83)', async () => {
    const { json } = await request((await app.logIn(name)).accessToken, 'all:write');
    expect((await check(String(json['accessToken']))).json['errorCode']).toBe('access-token-invalid');
  });

  it('stay within the scopes of the token that was shown', async () => {
    const { accessToken } = await app.logIn(name);
    expect(await request(accessToken, 'special.root:write')).toMatchObject({
      status: 403,
      json: { errorCode: 'scope-not-covered' },
    });
    expect((await request(accessToken, 'nonsense')).json['errorCode']).toBe('scope-invalid');
    expect((await app.call('POST', '/auth/request', { token: accessToken })).status).toBe(400);
    expect(
      (await app.call('POST', '/auth/request?audience=a:read&audience=b:read', { token: accessToken })).status,
    ).toBe(400);
    expect((await app.call('POST', '/auth/request?audience=a:read')).status).toBe(401);
  });

  it('are issued and claimed once under one idempotency key', async () => {
    const { accessToken } = await app.logIn(name);
    const key = { 'idempotency-key': 'k' };
    const [one, two] = [await request(accessToken, 'a:read', key), await request(accessToken, 'a:read', key)];
    expect(two.json['jti']).toBe(one.json['jti']);
    expect((await request(accessToken, 'b:read', key)).status).toBe(422);
    expect([(await claim(one.json['jti'], '', key)).status, (await claim(one.json['jti'], '', key)).status]).toEqual([
      200, 200,
    ]);
    expect((await claim(one.json['jti'])).status).toBe(409);
  });

  it('are claimed by administrators and services only', async () => {
    const { accessToken } = await app.logIn(name);
    const { json } = await request(accessToken);
    expect((await app.call('POST', `/auth/claim?jti=${String(json['jti'])}`, { token: accessToken })).status).toBe(403);
    expect((await app.call('POST', '/auth/claim', { token: await app.asService() })).status).toBe(400);
  });
});
