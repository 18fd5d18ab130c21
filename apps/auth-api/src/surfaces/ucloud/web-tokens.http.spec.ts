import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ORIGIN, TestApp, passwordOf } from '../../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start('trustedOrigins: ["http://localhost:8080", "https://portal.example.org"]');
  await app.create('ada');
});
afterAll(() => app.close());

interface Browser {
  refreshToken: string;
  csrfToken: string;
}
let browser: Browser;
const logIn = async (): Promise<Browser> => {
  const { json, cookies } = await app.tryLogIn('ada', passwordOf('ada'), 'web');
  const refreshToken = cookies.find(({ name }) => name === 'refreshToken')?.value ?? '';
  return { refreshToken, csrfToken: String(json['csrfToken']) };
};
beforeEach(async () => {
  browser = await logIn();
});

const post = (
  path: string,
  { refreshToken, csrfToken }: Partial<Browser>,
  headers: Record<string, string> = { origin: ORIGIN },
) =>
  app.call('POST', path, {
    headers: { ...headers, ...(csrfToken === undefined ? {} : { 'x-csrftoken': csrfToken }) },
    cookies: refreshToken === undefined ? {} : { refreshToken },
  });

for (const [call, path] of [
  ['refreshing', '/auth/refresh/web'],
  ['logging out', '/auth/logout/web'],
] as const)
  describe(`${call} in a browser`, () => {
    for (const [where, headers] of [
      ['Origin', { origin: ORIGIN }],
      ['Referer', { referer: `${ORIGIN}/app/x?y` }],
      ['both', { origin: ORIGIN, referer: `${ORIGIN}/app` }],
      ['a blank Origin and a Referer', { origin: '', referer: `${ORIGIN}/app` }],
      ['another trusted origin', { origin: 'https://portal.example.org' }],
    ] as const)
      it(`works from a trusted page, as ${where} says`, async () =>
        expect((await post(path, browser, headers)).status).toBe(200));

    for (const [where, headers] of [
      ['nothing', {}],
      ['a blank Origin', { origin: '' }],
      ['null', { origin: 'null' }],
      ['text that is no address', { origin: 'trusted, really' }],
      ['another site', { origin: 'https://evil.example' }],
      ['another port', { origin: 'http://localhost:8081' }],
      ['another scheme', { origin: 'https://localhost:8080' }],
      ['a name that begins like ours', { origin: 'http://localhost:8080.evil.example' }],
      ['another site, whatever the Referer', { origin: 'https://evil.example', referer: `${ORIGIN}/` }],
    ] as const)
      it(`is refused with ${where} for an origin (SEC-119)`, async () =>
        expect(await post(path, browser, headers)).toMatchObject({
          status: 400,
          json: { errorCode: 'origin-not-trusted' },
          cookies: [],
        }));

    it('needs the cookie and the CSRF token (ucloud-users-api §4.10)', async () => {
      const { refreshToken, csrfToken } = browser;
      expect((await post(path, { csrfToken })).json['errorCode']).toBe('cookie-missing');
      expect((await post(path, { refreshToken })).json['errorCode']).toBe('csrf-token-missing');
    });

    it('is refused with the CSRF token of another session, an empty one, and a bad cookie (SEC-119)', async () => {
      const other = await logIn();
      for (const csrfToken of [other.csrfToken, '', 'x'])
        expect(await post(path, { ...browser, csrfToken })).toMatchObject({ status: 401, cookies: [] });
      for (const refreshToken of [
        'garbage',
        other.refreshToken,
        `${browser.refreshToken.slice(0, 37)}${'A'.repeat(64)}`,
      ])
        expect((await post(path, { ...browser, refreshToken })).status).toBe(401);
      expect((await post(path, browser)).status).toBe(200);
    });
  });

describe('refreshing in a browser', () => {
  it('replaces the cookie and keeps the CSRF token', async () => {
    const { json, cookies } = await post('/auth/refresh/web', browser);
    expect(json).toEqual({ accessToken: expect.any(String), csrfToken: browser.csrfToken });
    expect(cookies).toMatchObject([{ name: 'refreshToken', httpOnly: true, sameSite: 'Strict', path: '/' }]);
    const next = cookies[0]?.value ?? '';
    expect(next).not.toBe(browser.refreshToken);
    expect((await post('/auth/refresh/web', { ...browser, refreshToken: next })).status).toBe(200);
  });

  it('gives two tabs that refresh at once the same cookie (SEC-91)', async () => {
    const [one, two] = await Promise.all([post('/auth/refresh/web', browser), post('/auth/refresh/web', browser)]);
    expect(two.cookies[0]?.value).toBe(one.cookies[0]?.value);
  });

  it('marks the cookie secure where the service is reached by https', async () => {
    expect((await post('/auth/refresh/web', browser)).cookies[0]).not.toHaveProperty('secure');
  });
});

describe('logging out in a browser', () => {
  it('ends the session and removes the cookie', async () => {
    const answer = await post('/auth/logout/web', browser);
    expect(answer).toMatchObject({ status: 200, json: {}, cookies: [{ name: 'refreshToken', value: '', maxAge: 0 }] });
    expect(await post('/auth/logout/web', browser)).toMatchObject({
      status: 401,
      json: { errorCode: 'session-ended' },
    });
  });
});
