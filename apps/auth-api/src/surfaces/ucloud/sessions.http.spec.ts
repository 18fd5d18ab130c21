import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestApp, type TestTokens } from '../../testing/test-app.js';

const MINUTE = 60_000;

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());

let people = 0;
let name: string;
let ada: TestTokens;
beforeEach(async () => {
  people += 1;
  name = `person-${people}`;
  ada = await app.person(name);
});

const list = (query = '', token = ada.accessToken, headers = {}) =>
  app.call('GET', `/auth/sessions${query}`, { token, headers });
const check = (token: string) => app.call('GET', '/auth/sessions/current', { token });

describe('listing sessions', () => {
  it('shows each with where it came from and until when it lives, and which one is asking (SEC-71)', async () => {
    const { json } = await list();
    expect(json).toMatchObject({ itemsInTotal: 2, itemsPerPage: 50, pageNumber: 0 });
    const items = json['items'] as Record<string, unknown>[];
    const [own, provisioned] = items.sort((a, b) => Number(b['current']) - Number(a['current']));
    const now = app.clock.now().getTime();
    expect(own).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ipAddress: '127.0.0.1',
      userAgent: 'lightMyRequest',
      createdAt: now,
      current: true,
      lastSeenAt: now,
      expiresAt: now + 14 * 24 * 60 * MINUTE,
      origin: 'login',
      service: 'cli',
      methods: ['pwd'],
      authenticatedAt: now,
      identityProvider: null,
      institution: null,
      scopes: ['all:write'],
      createdBy: null,
      extendedBy: [],
    });
    expect(provisioned).toMatchObject({
      ipAddress: 'Unknown location',
      userAgent: 'Unknown device',
      current: false,
      origin: 'provisioned',
      createdBy: expect.any(String),
    });
  });

  it('has the session that was opened a moment ago, and the one that was not ended', async () => {
    for (let n = 0; n < 10; n += 1) {
      const { accessToken, refreshToken } = await app.logIn(name);
      expect((await list('', accessToken)).json['itemsInTotal']).toBe(3);
      const headers = {
        'consistency-token': String(
          (await app.call('POST', '/auth/logout', { token: refreshToken })).headers['consistency-token'],
        ),
      };
      expect((await list('', ada.accessToken, headers)).json['itemsInTotal']).toBe(2);
    }
  });

  it('comes in pages', async () => {
    for (let n = 0; n < 10; n += 1) await app.logIn(name);
    const first = (await list('?itemsPerPage=10')).json;
    const second = (await list('?itemsPerPage=10&page=1')).json;
    expect([first['itemsInTotal'], (first['items'] as unknown[]).length]).toEqual([12, 10]);
    expect([second['pageNumber'], (second['items'] as unknown[]).length]).toEqual([1, 2]);
    expect((await list('?itemsPerPage=10&page=7')).json).toMatchObject({ itemsInTotal: 12, items: [] });
    expect((await list('?itemsPerPage=7')).json['itemsPerPage']).toBe(50);
  });

  for (const query of [
    '?page=-1',
    '?page=x',
    '?page=1e9',
    '?page=99999999',
    '?page=1&page=2',
    '?itemsPerPage=0',
    '?itemsPerPage=251',
    '?itemsPerPage=-10',
  ])
    it(`refuses ${query}`, async () =>
      expect(await list(query)).toMatchObject({ status: 400, json: { errorCode: 'parameter-invalid' } }));

  it('leaves out what has expired', async () => {
    app.clock.advance(14 * 24 * 60 * MINUTE);
    const { accessToken } = await app.logIn(name);
    expect((await list('', accessToken)).json['itemsInTotal']).toBe(1);
  });

  it('is refused to services, and without a token', async () => {
    expect((await list('', await app.asService())).json['errorCode']).toBe('role-not-allowed');
    expect(await app.call('GET', '/auth/sessions')).toMatchObject({
      status: 401,
      json: { errorCode: 'access-token-missing' },
    });
  });

  it('waits for what the client has seen, and refuses what nobody can have seen', async () => {
    expect((await list('', ada.accessToken, { 'consistency-token': 'x' })).status).toBe(400);
    for (const token of ['999999999', '99999999999999999999'])
      expect((await list('', ada.accessToken, { 'consistency-token': token })).json).toMatchObject({
        errorCode: 'parameter-invalid',
      });
    const seen = await list('', ada.accessToken);
    const token = String(seen.headers['consistency-token']);
    expect((await list('', ada.accessToken, { 'consistency-token': token })).status).toBe(200);
  });

  it('tells nobody how far the log has come, and so not whether a mail was written (SEC-33, SEC-36)', async () => {
    const seen = async () => String((await list('', ada.accessToken)).headers['consistency-token']);
    const before = await seen();
    await app.call('POST', '/api/password/reset', { json: { email: 'ada@example.org' } });
    const after = await seen();
    expect(after).not.toBe(before);
    expect(await seen()).not.toBe(after);
    expect(after).toHaveLength(before.length);
    expect(after).not.toMatch(/^[0-9]+$/);
  });
});

describe('checking a session', () => {
  it('says who somebody is, and until when', async () => {
    const now = app.clock.now().getTime();
    expect((await check(ada.accessToken)).json).toMatchObject({
      username: name,
      role: 'USER',
      scopes: ['all:write'],
      methods: ['pwd'],
      authenticatedAt: now,
      identityProvider: null,
      institution: null,
      createdAt: now,
    });
  });

  it('is refused from the moment the access token expires, and the session lives on', async () => {
    app.clock.advance(10 * MINUTE - 1);
    expect((await check(ada.accessToken)).status).toBe(200);
    app.clock.advance(1);
    expect(await check(ada.accessToken)).toMatchObject({ status: 401, json: { errorCode: 'access-token-invalid' } });
    expect((await app.call('POST', '/auth/refresh', { token: ada.refreshToken })).status).toBe(200);
  });

  it('is refused to an administrator who was idle for half an hour (SEC-174)', async () => {
    await app.create(`${name}-admin`, 'ADMIN');
    const { refreshToken } = await app.logIn(`${name}-admin`);
    app.clock.advance(30 * MINUTE - 1);
    const { json } = await app.call('POST', '/auth/refresh', { token: refreshToken });
    app.clock.advance(30 * MINUTE);
    expect((await check(String(json['accessToken']))).status).toBe(401);
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).json['errorCode']).toBe(
      'session-expired',
    );
  });
});

describe('ending one session', () => {
  const end = (id: unknown, token = ada.accessToken) => app.call('DELETE', `/auth/sessions/${String(id)}`, { token });

  it('refuses it from the next request on and leaves the others alone', async () => {
    const other = await app.logIn(name);
    const { json } = await check(other.accessToken);
    expect(await end(json['id'])).toMatchObject({ status: 200, json: {} });
    expect((await check(other.accessToken)).json['errorCode']).toBe('session-ended');
    expect((await app.call('POST', '/auth/refresh', { token: other.refreshToken })).json['errorCode']).toBe(
      'session-ended',
    );
    expect((await check(ada.accessToken)).status).toBe(200);
    expect((await end(json['id'])).status).toBe(200);
  });

  it('finds no session of others, none that never was, and none by another text (SEC-36)', async () => {
    const eve = await app.person(`${name}-eve`);
    const { json } = await check(eve.accessToken);
    for (const id of [json['id'], '5b0c6a3e-9c1f-4f0a-8d7e-000000000000', 'x', '..%2Fuser-1'])
      expect(await end(id)).toMatchObject({ status: 404, json: { errorCode: 'session-unknown' } });
    expect((await check(eve.accessToken)).status).toBe(200);
  });

  it('clears the cookie when it is the current one', async () => {
    const { json } = await check(ada.accessToken);
    expect((await end(json['id'])).cookies).toMatchObject([{ name: 'refreshToken', value: '', maxAge: 0 }]);
  });
});

describe('ending all sessions', () => {
  const endAll = (query = '', headers = {}) =>
    app.call('DELETE', `/auth/sessions${query}`, { token: ada.accessToken, headers });

  it('refuses all of them at once, with one event (SEC-73)', async () => {
    const others = await Promise.all(Array.from({ length: 5 }, () => app.logIn(name)));
    const before = (await app.events()).length;
    const answer = await endAll();
    expect(answer).toMatchObject({ status: 200, json: {}, cookies: [{ name: 'refreshToken', value: '' }] });
    expect((await app.events()).slice(before)).toEqual(['SessionsInvalidated']);
    for (const { accessToken } of [ada, ...others])
      expect((await check(accessToken)).json['errorCode']).toBe('session-ended');
    expect(await app.sessionsOf((await app.logIn(name)).accessToken)).toHaveLength(1);
  });

  it('can keep the one it is asked in', async () => {
    const other = await app.logIn(name);
    expect((await endAll('?keepCurrent=true')).cookies).toEqual([]);
    expect((await check(ada.accessToken)).status).toBe(200);
    expect((await check(other.accessToken)).status).toBe(401);
    expect(await app.sessionsOf(ada.accessToken)).toMatchObject([{ current: true }]);
    expect((await endAll('?keepCurrent=perhaps')).status).toBe(400);
  });

  it('happens once under one idempotency key', async () => {
    const keep = () => endAll('?keepCurrent=true', { 'idempotency-key': 'k' });
    await keep();
    const before = (await app.events()).length;
    expect((await keep()).status).toBe(200);
    expect((await app.events()).length).toBe(before);
  });

  it('lets no login slip through that races it', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { accessToken } = await app.logIn(name);
      const racing = [
        ...Array.from({ length: 5 }, () => app.logIn(name)),
        app.call('DELETE', '/auth/sessions', { token: accessToken }),
      ] as const;
      const settled = await Promise.all(racing);
      const latest = await app.logIn(name);
      const listed = (await app.sessionsOf(latest.accessToken)).length;
      const checks = await Promise.all(
        settled.slice(0, -1).map(async (tokens) => (await check((tokens as TestTokens).accessToken)).status),
      );
      expect(listed).toBe(1 + checks.filter((status) => status === 200).length);
      await app.call('DELETE', '/auth/sessions', { token: latest.accessToken });
    }
  });
});
