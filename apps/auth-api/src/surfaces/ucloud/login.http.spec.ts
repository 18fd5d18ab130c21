import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORIGIN, TestApp, passwordOf } from '../../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start(`
loginServices:
  - { name: web, endpoint: "https://portal.example.org/in?a=1&b=2", mode: WEB }
  - { name: cli, endpoint: "http://localhost:8080/account", mode: APPLICATION, refreshTokenExpiresAfter: 1d }
`);
  await app.create('ada');
});
afterAll(() => app.close());

const MINUTE = 60_000;

describe('logging in with a password', () => {
  it('gives a program its tokens, and the refresh token of an APPLICATION service in the answer, too', async () => {
    const { status, json, headers, cookies } = await app.tryLogIn('ada');
    expect(status).toBe(200);
    expect(json).toEqual({
      accessToken: expect.any(String),
      csrfToken: expect.any(String),
      refreshToken: expect.stringMatching(/^[0-9a-f-]{36}\.[A-Za-z0-9_-]{64}$/),
    });
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(cookies).toEqual([
      {
        name: 'refreshToken',
        value: json['refreshToken'],
        path: '/',
        maxAge: 86_400,
        httpOnly: true,
        sameSite: 'Strict',
      },
      {
        name: 'device',
        value: expect.stringMatching(/^[0-9a-f-]{36}\.[0-9]+\.[A-Za-z0-9_-]{43}$/),
        path: '/',
        maxAge: 7_776_000,
        httpOnly: true,
        sameSite: 'Strict',
      },
    ]);
    expect(decodeJwt(String(json['accessToken']))).toMatchObject({
      iss: ORIGIN,
      sub: 'ada',
      role: 'USER',
      aud: 'all:write',
      principalType: 'password',
      amr: ['pwd'],
      twoFactorAuthentication: false,
    });
  });

  it('keeps the refresh token of a WEB service out of reach of scripts (SEC-118)', async () => {
    const { json, cookies } = await app.tryLogIn('ada', passwordOf('ada'), 'web');
    expect(json['refreshToken']).toBeNull();
    expect(cookies.map(({ name }) => name)).toEqual(['refreshToken', 'device']);
    for (const cookie of cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
  });

  it('gives a browser a page that goes on to the login service, and the tokens in a cookie for it (SEC-125)', async () => {
    const form = { username: 'ada', password: passwordOf('ada'), service: 'web' };
    const { status, text, headers, cookies } = await app.call('POST', '/auth/login', {
      form,
      headers: { accept: 'text/html' },
    });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).toContain('content="0; url=https://portal.example.org/in?a=1&amp;b=2"');
    const state = cookies.find(({ name }) => name === 'authState');
    expect(JSON.parse(state?.value ?? '')).toMatchObject({ accessToken: expect.any(String), refreshToken: null });
    expect(state).toMatchObject({ maxAge: 300, sameSite: 'Strict' });
    expect(state).not.toHaveProperty('httpOnly');
  });

  it('takes a multipart form as well', async () => {
    const part = (name: string, value: string) =>
      `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = `${part('service', 'cli')}${part('username', 'ada')}${part('password', passwordOf('ada'))}--x--\r\n`;
    const headers = { accept: 'application/json', 'content-type': 'multipart/form-data; boundary=x' };
    expect((await app.call('POST', '/auth/login', { body, headers })).status).toBe(200);
  });

  it('knows a name in any case', async () => expect((await app.tryLogIn('ADA', passwordOf('ada'))).status).toBe(200));

  it('is refused to services, which have no password', async () => {
    await app.create('_share', 'SERVICE');
    expect((await app.tryLogIn('_share')).status).toBe(401);
  });

  it('answers a wrong password and an unknown name alike (SEC-31)', async () => {
    const [wrong, unknown] = [await app.tryLogIn('ada', 'not this one'), await app.tryLogIn('nobody', 'not this one')];
    expect(wrong.status).toBe(401);
    expect(wrong.json).toEqual({ why: 'The user name or the password is wrong.', errorCode: 'credentials-invalid' });
    const { date: _, 'job-id': __, ...headers } = wrong.headers;
    expect(unknown).toMatchObject({ status: 401, text: wrong.text, headers });
  });

  it('refuses an unknown login service before it looks at the password', async () => {
    const before = await app.events('attempts');
    const answer = await app.tryLogIn('ada', 'not this one', 'nowhere');
    expect([answer.status, answer.json['errorCode']]).toEqual([400, 'login-service-unknown']);
    expect(await app.events('attempts')).toEqual(before);
  });

  for (const field of ['service', 'username', 'password'])
    it(`needs the field ${field}, once`, async () => {
      const form: Record<string, string> = { username: 'ada', password: passwordOf('ada'), service: 'cli' };
      const { [field]: value = '', ...rest } = form;
      const without = await app.call('POST', '/auth/login', { form: rest });
      expect([without.status, without.json['why']]).toEqual([
        400,
        `${field} must be text of 1024 characters or fewer.`,
      ]);
      const body = `${new URLSearchParams(form).toString()}&${new URLSearchParams({ [field]: value }).toString()}`;
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      expect(await app.call('POST', '/auth/login', { body, headers })).toMatchObject({
        status: 400,
        json: { errorCode: 'body-invalid' },
      });
    });

  it('is refused from a foreign page (SEC-80)', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }])
      expect((await app.tryLogIn('ada', passwordOf('ada'), 'cli', headers)).json['errorCode']).toBe(
        'origin-not-trusted',
      );
    expect((await app.tryLogIn('ada', passwordOf('ada'), 'cli', { origin: ORIGIN })).status).toBe(200);
  });
});

describe('guessing a password', () => {
  const guess = (username: string, headers = {}) => app.tryLogIn(username, 'not this one', 'cli', headers);

  for (const who of ['known', 'unknown'])
    it(`waits after five failures, for a ${who} name alike (SEC-19, SEC-27)`, async () => {
      const name = `guessed-${who}`;
      if (who === 'known') await app.create(name);
      for (let failure = 1; failure <= 5; failure += 1) expect((await guess(name)).status).toBe(401);
      const throttled = await app.tryLogIn(name);
      expect(throttled).toMatchObject({
        status: 429,
        json: { errorCode: 'login-throttled' },
        headers: { 'retry-after': '30' },
      });
      app.clock.advance(29_999);
      expect((await app.tryLogIn(name)).status).toBe(429);
      app.clock.advance(1);
      expect((await guess(name)).status).toBe(401);
      expect((await guess(name)).headers['retry-after']).toBe('60');
    });

  it('is counted once for each failure, and forgotten with a success (SEC-24, SEC-25)', async () => {
    await app.create('forgetful');
    const before = (await app.events('attempts')).length;
    for (let failure = 1; failure <= 4; failure += 1) await guess('forgetful');
    expect((await app.tryLogIn('forgetful')).status).toBe(200);
    for (let failure = 1; failure <= 4; failure += 1) expect((await guess('forgetful')).status).toBe(401);
    expect((await app.events('attempts')).slice(before)).toEqual([
      ...Array<string>(4).fill('LoginFailed'),
      'FailedLoginsCleared',
      ...Array<string>(4).fill('LoginFailed'),
    ]);
  });

  it('is not made cheaper by guessing fifty times at once (SEC-23)', async () => {
    await app.create('stormed');
    const before = (await app.events('attempts')).length;
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await guess('stormed')).status));
    expect(statuses.toSorted()).toEqual([...Array<number>(5).fill(401), ...Array<number>(45).fill(429)]);
    expect((await app.events('attempts')).slice(before)).toEqual(Array<string>(5).fill('LoginFailed'));
  });

  it('is no reason to refuse right passwords that arrive together (SEC-23)', async () => {
    await app.create('popular');
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await app.tryLogIn('popular')).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('is not made cheaper by an idempotency key', async () => {
    await app.create('keyed');
    const statuses = [];
    for (let failure = 1; failure <= 6; failure += 1)
      statuses.push((await guess('keyed', { 'idempotency-key': 'same' })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });
});

describe('repeating a login with its idempotency key', () => {
  it('opens one session and gives the same refresh token again (SEC-134)', async () => {
    await app.create('patient');
    const logIn = (service = 'cli') =>
      app.tryLogIn('patient', passwordOf('patient'), service, { 'idempotency-key': 'k1' });
    const [first, second] = [await logIn(), await logIn()];
    expect(second.json['refreshToken']).toBe(first.json['refreshToken']);
    const sessions = await app.sessionsOf(String(second.json['accessToken']));
    expect(sessions.filter(({ origin }) => origin === 'login')).toHaveLength(1);
    expect(await logIn('web')).toMatchObject({ status: 422, json: { errorCode: 'idempotency-key-reused' } });
  });

  it('gives no token of a session that has ended since (SEC-64)', async () => {
    await app.create('hasty');
    const logIn = () => app.tryLogIn('hasty', passwordOf('hasty'), 'cli', { 'idempotency-key': 'k2' });
    const { accessToken: token } = (await logIn()).json;
    await app.call('DELETE', '/auth/sessions', { token: String(token) });
    expect(await logIn()).toMatchObject({ status: 401, json: { errorCode: 'session-ended' } });
    expect((await app.tryLogIn('hasty')).status).toBe(200);
  });

  it('is nothing to others who use the same key', async () => {
    await app.create('other');
    const { status, json } = await app.tryLogIn('other', passwordOf('other'), 'cli', { 'idempotency-key': 'k1' });
    expect(status).toBe(200);
    expect(decodeJwt(String(json['accessToken'])).sub).toBe('other');
  });
});

describe('the session of a login', () => {
  it('lives as long as its login service says', async () => {
    await app.create('brief');
    const { refreshToken } = await app.logIn('brief');
    app.clock.advance(24 * 60 * MINUTE - 1);
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).status).toBe(200);
    app.clock.advance(1);
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).json['errorCode']).toBe(
      'session-expired',
    );
  });
});
