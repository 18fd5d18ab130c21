import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HUB_NEW_KEY, HUB_OLD_KEY } from '#saml/testing/keys.js';
import { HUB, type Person, REFUSED, SamlApp, person, sentMessage } from '../../testing/saml-app.js';
import { refusal } from '../../testing/test-app.js';

const SECOND = 'https://second.test';

let saml: SamlApp;
beforeAll(async () => {
  saml = await SamlApp.start(
    (folder) => `
    - name: second
      entityId: ${SECOND}
      singleSignOnUrl: ${SECOND}/sso
      certificates: [${folder}/hub-new.crt]
      institutions: { allowed: [ku.dk] }
    - name: gone
      entityId: https://gone.test
      metadata: { file: ${folder}/nothing.xml }
`,
  );
});
afterAll(() => saml.close());
// Each test has attempts of its own minute.
beforeEach(() => saml.app.clock.advance(60_000));

const claimsOf = ({ accessToken }: { readonly accessToken: string }) => decodeJwt(accessToken);

describe('several identity providers side by side', () => {
  const ofSecond = { responseIssuer: SECOND, assertionIssuer: SECOND, key: HUB_NEW_KEY };
  const inKu = (subject: string) => person(subject, { organization: ['ku.dk'] });

  it('have people of their own, also under the same name', async () => {
    const browser = saml.browser();
    const one = claimsOf(await saml.logIn(inKu('twin')));
    const answer = await saml.post(
      browser,
      saml.response(await saml.begin(browser, 'cli', '&idp=second'), { ...inKu('twin'), ...ofSecond }),
    );
    const other = claimsOf(answer.json as { accessToken: string });
    expect(other['uid']).not.toBe(one['uid']);
    expect(await saml.app.sessionsOf(String(answer.json['accessToken']))).toMatchObject([{ identityProvider: SECOND }]);
  });

  it('answer none of the requests to another one, and sign with no key of another one', async () => {
    const browser = saml.browser();
    const [toHub, toSecond] = [await saml.begin(browser), await saml.begin(browser, 'cli', '&idp=second')];
    const post = async (id: string, said: Person) => saml.post(browser, saml.response(id, said));
    expect(await post(toHub, { ...inKu('crossed'), ...ofSecond })).toMatchObject(REFUSED);
    expect(await post(toSecond, inKu('crossed'))).toMatchObject(REFUSED);
    expect(await post(toSecond, { ...inKu('crossed'), ...ofSecond, key: HUB_OLD_KEY })).toMatchObject(REFUSED);
    expect((await post(toSecond, { ...inKu('crossed'), ...ofSecond })).status).toBe(200);
  });

  it('let in whom they are to let in, each for itself', async () => {
    const browser = saml.browser();
    for (const organization of [['sdu.dk'], []]) {
      const id = await saml.begin(browser, 'cli', '&idp=second');
      const said = { ...person('stranger', { organization }), ...ofSecond };
      expect(await saml.post(browser, saml.response(id, said))).toMatchObject(REFUSED);
    }
    expect((await saml.tryLogIn(person('stranger', { organization: [] }))).status).toBe(200);
  });

  it('are not there while nothing is known of them, and the others are', async () => {
    const answer = await saml.app.call('GET', '/auth/saml/login?service=web&idp=gone');
    expect(answer).toMatchObject({ ...refusal('saml-unavailable', 503), headers: { 'retry-after': '60' } });
    const page = await saml.app.call('GET', '/auth/saml/login?service=web&idp=gone', {
      headers: { accept: 'text/html' },
    });
    expect(page.text).toContain('The login is not available');
  });
});

describe('who may begin a login', () => {
  it('names a login service and an identity provider that there are', async () => {
    const begin = (query: string) => saml.app.call('GET', `/auth/saml/login?${query}`);
    expect(await begin('')).toMatchObject(refusal('login-service-unknown'));
    expect(await begin('service=https://evil.example')).toMatchObject(refusal('login-service-unknown'));
    expect(await begin('service=web&service=cli')).toMatchObject(refusal('login-service-unknown'));
    expect(await begin('service=web&idp=nobody')).toMatchObject(refusal('identity-provider-unknown'));
    expect(await begin('service=web&forceAuthn=perhaps')).toMatchObject(refusal('parameter-invalid'));
    expect((await begin('service=web&idp=hub')).status).toBe(302);
  });

  it('has the browser bound by a cookie that comes back from a foreign site (SEC-124)', async () => {
    const { headers } = await saml.app.call('GET', '/auth/saml/login?service=web');
    expect(String(headers['set-cookie'])).toMatch(
      /^__Host-saml-[0-9a-f]{16}=[\w-]{43}(?=.*; HttpOnly)(?=.*; Secure)(?=.*; SameSite=None)(?=.*; Path=\/)/,
    );
    expect(sentMessage(String(headers['location'])).url.origin).toBe(HUB);
  });

  it('begins nothing by a look at where it leads (SEC-120)', async () => {
    const before = await saml.app.events('samlrequest');
    const { status, headers } = await saml.app.call('HEAD', '/auth/saml/login?service=web');
    expect([status, headers['location'], headers['set-cookie']]).toEqual([302, `${HUB}/sso`, undefined]);
    expect(await saml.app.events('samlrequest')).toEqual(before);
  });

  it('is not troubled by cookies that nobody could have from here', async () => {
    const names = ['a b', '(x)', 'x,y', 'x@y', '[x]', '1', '2', '3', '4'];
    const cookie = names.map((name) => `__Host-saml-${name}=x`).join('; ');
    expect((await saml.app.call('GET', '/auth/saml/login?service=web', { headers: { cookie } })).status).toBe(302);
  });

  it('has no more than a few under way in one browser', async () => {
    const browser = saml.browser();
    for (let n = 0; n < 30; n += 1) await saml.begin(browser);
    expect(browser.cookies.size).toBeLessThan(10);
  });
});
