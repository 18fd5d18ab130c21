import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AuditReader } from '../../testing/audit-reader.js';
import { Authenticator } from '../../testing/authenticator.js';
import { HUB, REFUSED, SamlApp, person, sentMessage } from '../../testing/saml-app.js';

const MFA = 'https://refeds.org/profile/mfa';

let saml: SamlApp;
beforeAll(async () => {
  saml = await SamlApp.start();
});
afterAll(() => saml.close());
// Each test has attempts of its own minute.
beforeEach(() => saml.app.clock.advance(60_000));

const claimsOf = ({ accessToken }: { readonly accessToken: string }) => decodeJwt(accessToken);

describe('the first login', () => {
  it('makes an account of who the identity provider says it is', async () => {
    const browser = saml.browser();
    const tokens = await saml.logIn(person('ada', { mail: ['ada@example.org'] }), browser);
    const claims = claimsOf(tokens);
    expect(claims).toMatchObject({
      principalType: 'wayf',
      role: 'USER',
      firstNames: 'ada',
      lastName: 'Tester',
      email: 'ada@example.org',
      amr: ['saml'],
      twoFactorAuthentication: false,
      auth_time: saml.app.clock.now().getTime() / 1_000,
    });
    expect(claims.sub).toMatch(/^adaTester#[0-9]{4}$/);
    expect(await saml.app.sessionsOf(tokens.accessToken)).toMatchObject([
      { service: 'cli', methods: ['saml'], identityProvider: HUB, institution: 'sdu.dk' },
    ]);
    expect([...browser.cookies.keys()]).toEqual(['refreshToken', 'device']);
  });

  it('of two at once makes one account', async () => {
    const logins = await Promise.all(Array.from({ length: 6 }, () => saml.logIn(person('grace'))));
    expect(new Set(logins.map((tokens) => claimsOf(tokens)['uid'])).size).toBe(1);
    expect(new Set(logins.map((tokens) => claimsOf(tokens)['sid'])).size).toBe(6);
  });

  it('of somebody without a name works, and so does one with a long and foreign name', async () => {
    const nameless = claimsOf(await saml.logIn(person('nobody', { firstNames: [], lastName: [] })));
    expect(nameless).not.toHaveProperty('firstNames');
    const long = claimsOf(await saml.logIn(person('long', { firstNames: ['Þóra'.repeat(100)], lastName: ['O’Hára'] })));
    expect(long.sub?.length).toBeLessThan(256);
  });

  it('of somebody with the address of another is a login of somebody else', async () => {
    await saml.app.create('lise');
    const lise = claimsOf(await saml.app.logIn('lise'));
    const other = claimsOf(await saml.logIn(person('other', { mail: ['lise@example.org'] })));
    expect(other['uid']).not.toBe(lise['uid']);
  });

  it('answers a browser with a page that goes on to the login service', async () => {
    const browser = saml.browser();
    const response = saml.response(await saml.begin(browser, 'web'), person('browser'));
    const answer = await saml.post(browser, response, { accept: 'text/html' });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(answer.text).toContain('url=http://localhost:8080/account');
    expect([...browser.cookies.keys()]).toEqual(['refreshToken', 'device', 'authState']);
  });
});

describe('a later login', () => {
  it('finds the account, and records what is said of the person now', async () => {
    const before = claimsOf(await saml.logIn(person('marie', { mail: ['marie@example.org'] })));
    const after = claimsOf(await saml.logIn(person('marie', { lastName: ['Curie'], organization: ['ku.dk'] })));
    expect(after).toMatchObject({ uid: before['uid'], sub: before.sub, lastName: 'Curie' });
    expect(after).not.toHaveProperty('email');
  });

  it('is refused while the account is suspended, and once it is deleted, and makes no other one', async () => {
    const { sub: username } = claimsOf(await saml.logIn(person('eve')));
    const admin = await AuditReader.create(saml.app, 'warden');
    const json = { userId: username, reason: 'a test' };
    expect((await saml.app.call('POST', '/auth/users/suspend', { token: admin.token, json })).status).toBe(200);
    expect(await saml.tryLogIn(person('eve'))).toMatchObject(REFUSED);
    await saml.app.deleteUser(String(username));
    expect(await saml.tryLogIn(person('eve'))).toMatchObject(REFUSED);
  });
});

describe('a second factor', () => {
  it('counts if the assertion says so, and only then', async () => {
    const strong = claimsOf(await saml.logIn({ ...person('niels'), authnContext: MFA }));
    expect(strong).toMatchObject({ amr: ['saml', 'mfa'], twoFactorAuthentication: true });
    const weak = claimsOf(await saml.logIn({ ...person('niels'), authnContext: `${MFA}/` }));
    expect(weak).toMatchObject({ amr: ['saml'], twoFactorAuthentication: false });
  });

  it('that is enrolled here is asked for, whatever the assertion says', async () => {
    const tokens = await saml.logIn(person('tycho'));
    const authenticator = await Authenticator.enrol(saml.app, tokens.accessToken);
    const { status, json } = await saml.tryLogIn({ ...person('tycho'), authnContext: MFA });
    expect([status, Object.keys(json)]).toEqual([200, ['2fa']]);
    const answer = await authenticator.answer(json['2fa']);
    expect(claimsOf(answer.json as { accessToken: string })).toMatchObject({
      amr: ['saml', 'otp', 'mfa'],
      twoFactorAuthentication: true,
    });
    expect(await saml.app.sessionsOf(String(answer.json['accessToken']))).toMatchObject([
      { identityProvider: HUB, methods: ['saml', 'otp', 'mfa'] },
      {},
    ]);
  });
});

describe('a session', () => {
  it('ends no later than the one at the identity provider', async () => {
    const now = saml.app.clock.now().getTime();
    const { accessToken } = await saml.logIn({
      ...person('short'),
      sessionNotOnOrAfter: new Date(now + 5 * 60_000),
      authnInstant: new Date(now - 60_000),
    });
    expect(claimsOf({ accessToken })).toMatchObject({ exp: now / 1_000 + 300, auth_time: now / 1_000 - 60 });
    expect(await saml.app.sessionsOf(accessToken)).toMatchObject([{ expiresAt: now + 5 * 60_000 }]);
    saml.app.clock.advance(5 * 60_000);
    expect((await saml.app.call('GET', '/auth/sessions/current', { token: accessToken })).status).toBe(401);
  });

  it('is found in the audit by its identity provider', async () => {
    await saml.logIn(person('audited'));
    const reader = await AuditReader.create(saml.app, 'auditor');
    const now = saml.app.clock.now().toISOString();
    const found = await reader.items('sessions', { aliveAt: now, provider: HUB });
    expect(found.length).toBeGreaterThan(0);
  });

  it('of a fresh login is what a step-up needs (SEC-116)', async () => {
    const browser = saml.browser();
    const stale = { authnInstant: new Date(saml.app.clock.now().getTime() - 3_600_000) };
    const begin = async () => saml.begin(browser, 'cli', '&forceAuthn=true');
    expect(await saml.post(browser, saml.response(await begin(), { ...person('fresh'), ...stale }))).toMatchObject(
      REFUSED,
    );
    const answer = await browser.get('/auth/saml/login?service=cli&forceAuthn=true');
    expect(sentMessage(String(answer.headers['location'])).xml).toContain('ForceAuthn="true"');
    expect((await saml.post(browser, saml.response(await begin(), person('fresh')))).status).toBe(200);
    // An old authentication is good enough for a session, and for nothing that needs a new one.
    const { accessToken } = await saml.logIn({ ...person('fresh'), ...stale });
    const enrolling = await saml.app.call('POST', '/auth/2fa', { token: accessToken });
    expect(enrolling).toMatchObject({ status: 401, json: { errorCode: 'step-up-required' } });
  });
});

describe('somebody who asks to be forgotten', () => {
  let files: SamlApp;
  beforeAll(async () => {
    files = await SamlApp.start(() => '', 'SQLite');
  });
  afterAll(() => files.close());

  it('is in no file any more with what was said of them, and is somebody new when they come back (SEC-159)', async () => {
    const said = { firstNames: ['Marked-First'], lastName: ['Marked-Last'], mail: ['marked@xyzzy.example'] };
    const marked = { ...person('marked-subject', said), sessionIndex: 'marked-index' };
    const tokens = await files.logIn(marked);
    const traces = () =>
      readdirSync(join(files.app.folder, 'data'), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .filter(({ parentPath, name }) => /marked/i.test(readFileSync(join(parentPath, name), 'latin1')))
        .map(({ name }) => name);
    await files.app.sessionsOf(tokens.accessToken);
    expect(traces()).not.toEqual([]);

    const path = '/auth/users/self?confirm=forget-me-for-good';
    expect((await files.app.call('DELETE', path, { token: tokens.accessToken })).status).toBe(200);
    expect(traces()).toEqual([]);
    expect(claimsOf(await files.logIn(marked))['uid']).not.toBe(claimsOf(tokens)['uid']);
  });
});
