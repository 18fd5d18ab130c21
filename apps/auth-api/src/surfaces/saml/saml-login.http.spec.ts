import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HUB_NEW_KEY, HUB_OLD_KEY } from '#saml/testing/keys.js';
import { AuditReader } from '../../testing/audit-reader.js';
import { Authenticator } from '../../testing/authenticator.js';
import { HUB, type Person, SamlApp, sentMessage } from '../../testing/saml-app.js';
import { refusal } from '../../testing/test-app.js';

const NAME = {
  subject: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.10',
  firstNames: 'urn:oid:2.5.4.42',
  lastName: 'urn:oid:2.5.4.4',
  mail: 'urn:oid:0.9.2342.19200300.100.1.3',
  organization: 'urn:oid:1.3.6.1.4.1.25178.1.2.9',
  affiliation: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.5',
} as const;

/** Somebody else than the others: the identity provider's name for them is made of theirs. */
const person = (subject: string, said: Partial<Record<keyof typeof NAME, readonly string[]>> = {}): Person => {
  const all = {
    subject: [`WAYF-DK-${subject}`],
    firstNames: [subject],
    lastName: ['Tester'],
    organization: ['sdu.dk'],
    ...said,
  };
  const attributes = Object.entries(all).map(([name, values]) => [NAME[name as keyof typeof NAME], values] as const);
  return { nameId: `WAYF-DK-${subject}`, attributes };
};
const SECOND = 'https://second.test';
const MFA = 'https://refeds.org/profile/mfa';
const REFUSED = refusal('saml-login-refused', 401);

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

describe('a response', () => {
  it('is good once, of twelve copies at once', async () => {
    const browser = saml.browser();
    const response = saml.response(await saml.begin(browser), person('copied'));
    const cookies = Object.fromEntries(browser.cookies);
    const copies = await Promise.all(
      Array.from({ length: 12 }, () =>
        saml.app.call('POST', '/auth/saml/acs', {
          form: { SAMLResponse: response },
          cookies,
          headers: { accept: 'application/json' },
        }),
      ),
    );
    expect(copies.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 11 }, () => 401)]);
  });

  it('is good in the browser that asked for it, and in no other (SEC-111)', async () => {
    const [ada, eve] = [saml.browser(), saml.browser()];
    const [asked, askedByEve] = [await saml.begin(ada), await saml.begin(eve)];
    // Eve has her own response planted in Ada's browser, and tries Ada's in hers.
    expect(await saml.post(ada, saml.response(askedByEve, person('mallory')))).toMatchObject(REFUSED);
    expect(await saml.post(eve, saml.response(asked, person('victim')))).toMatchObject(REFUSED);
    // Nothing was spoiled by that.
    expect((await saml.post(ada, saml.response(asked, person('victim')))).status).toBe(200);
  });

  it('to one of several logins of a browser leaves the others', async () => {
    const browser = saml.browser();
    const ids = [await saml.begin(browser), await saml.begin(browser), await saml.begin(browser, 'web')];
    const statuses = [];
    for (const id of ids.toReversed())
      statuses.push((await saml.post(browser, saml.response(id, person('tabs')))).status);
    expect(statuses).toEqual([200, 200, 200]);
  });

  it('comes within ten minutes', async () => {
    const browser = saml.browser();
    const [early, late] = [await saml.begin(browser), await saml.begin(browser)];
    saml.app.clock.advance(599_999);
    expect((await saml.post(browser, saml.response(early, person('slow')))).status).toBe(200);
    saml.app.clock.advance(1);
    expect(await saml.post(browser, saml.response(late, person('slow')))).toMatchObject(REFUSED);
  });

  it('of an assertion that was accepted before is refused, also to another request (SEC-112)', async () => {
    const assertionId = '_chosen-by-the-hub';
    expect((await saml.tryLogIn({ ...person('again'), assertionId })).status).toBe(200);
    expect(await saml.tryLogIn({ ...person('again'), assertionId })).toMatchObject(REFUSED);
  });

  it('leads nowhere but to the login service that was asked for, whatever comes with it (SEC-113)', async () => {
    for (const RelayState of ['https://evil.example/', '//evil.example', 'javascript:alert(1)', 'web', '']) {
      const browser = saml.browser();
      const SAMLResponse = saml.response(await saml.begin(browser, 'web'), person('relayed'));
      const answer = await browser.post('/auth/saml/acs', { form: { SAMLResponse, RelayState } });
      expect(answer).toMatchObject({ status: 200 });
      expect(answer.text).toContain('url=http://localhost:8080/account');
      expect(JSON.stringify(answer)).not.toContain('evil');
    }
  });
});

describe('a message that is refused', () => {
  const invalid = refusal('saml-message-invalid', 400);
  const form = (text: string) => ({ body: text, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  const encoded = (xml: string) => `SAMLResponse=${encodeURIComponent(Buffer.from(xml).toString('base64'))}`;

  it.each([
    ['nothing', form('')],
    ['two responses', form('SAMLResponse=YQ&SAMLResponse=YQ')],
    ['two states', form(`${encoded('<a/>')}&RelayState=a&RelayState=b`)],
    ['a long state', form(`${encoded('<a/>')}&RelayState=${'a'.repeat(81)}`)],
    ['no base64', form('SAMLResponse=%00')],
    ['no XML', form(encoded('hello'))],
    ['half of a document', form(encoded('<samlp:Response'))],
    ['a DOCTYPE', form(encoded('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'))],
    ['a logout', form(encoded('<a:LogoutResponse xmlns:a="urn:oasis:names:tc:SAML:2.0:protocol"/>'))],
    ['markup without end', form(encoded('<a>'.repeat(30_000)))],
  ])('is one with %s', async (_, options) => {
    expect(await saml.app.call('POST', '/auth/saml/acs', options)).toMatchObject(invalid);
  });

  it('is one that comes in another way', async () => {
    const response = saml.response(`_${'0'.repeat(40)}`, person('lost'));
    const query = `SAMLResponse=${encodeURIComponent(response)}`;
    expect(await saml.app.call('GET', '/auth/saml/acs')).toMatchObject({ status: 405 });
    expect(await saml.app.call('POST', '/auth/saml/acs?service=x', form(query))).toMatchObject(invalid);
    expect(await saml.app.call('POST', '/auth/saml/acs', { json: { SAMLResponse: response } })).toMatchObject({
      status: 415,
    });
    const multipart = { body: '--a--', headers: { 'content-type': 'multipart/form-data; boundary=a' } };
    expect(await saml.app.call('POST', '/auth/saml/acs', multipart)).toMatchObject({ status: 415 });
  });

  it('is one that is too large', async () => {
    const large = (length: number) => form(`SAMLResponse=${'A'.repeat(length)}`);
    expect(await saml.app.call('POST', '/auth/saml/acs', large(200_001))).toMatchObject(
      refusal('saml-message-too-large', 413),
    );
    expect(await saml.app.call('POST', '/auth/saml/acs', large(262_144))).toMatchObject({ status: 413 });
  });

  it('says the same of every fault, and leaves nothing but the fact that it was refused', async () => {
    const browser = saml.browser();
    const started = await saml.app.events();
    const asked = await saml.begin(browser);
    const faults: Person[] = [
      { sign: 'nothing' },
      { audiences: [['https://other.example']] },
      { recipient: 'https://other.example/acs' },
      { destination: null },
      { statusCode: 'urn:oasis:names:tc:SAML:2.0:status:Responder' },
      { notOnOrAfter: new Date(saml.app.clock.now().getTime() - 61_000) },
      { responseIssuer: 'https://other.example' },
      { sessionNotOnOrAfter: new Date(saml.app.clock.now().getTime() - 61_000) },
      { ...person('none', { subject: [] }), nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' },
      person('two', { organization: ['sdu.dk', 'ku.dk'] }),
      { ...person('self'), authenticatingAuthorities: ['https://orphanage.wayf.dk'] },
    ];
    const answers = [];
    for (const fault of faults) {
      const { status, text } = await saml.post(browser, saml.response(asked, { ...person('faulty'), ...fault }));
      answers.push(`${status} ${text}`);
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^401 .*saml-login-refused/);
    expect((await saml.app.events()).slice(started.length)).toEqual(['SamlRequestIssued']);
    // And the login goes on as if nothing had been.
    expect((await saml.post(browser, saml.response(asked, person('faulty')))).status).toBe(200);
  });

  it('is in the audit with its reason, which nobody else is told', async () => {
    const browser = saml.browser();
    const asked = await saml.begin(browser);
    await saml.post(browser, saml.response(asked, { ...person('wrong'), audiences: [['https://other.example']] }));
    const recorded = async () => {
      const found = await saml.app.stored('refusals', 'RequestRefused');
      return found.map(({ data }) => data).filter((data) => JSON.stringify(data).includes(asked));
    };
    await expect.poll(recorded).toHaveLength(1);
    expect((await recorded())[0]).toMatchObject({
      kind: 'saml',
      code: 'saml-login-refused',
      saml: { fault: 'audience-wrong', identityProvider: HUB, requestId: asked },
    });
  });

  it('is a page to who came by a browser, with a number that support can look up', async () => {
    const headers = { accept: 'text/html', 'accept-language': 'da', 'job-id': 'a-number' };
    const answer = await saml.post(saml.browser(), 'x', headers);
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(answer.text).toContain('Du er ikke logget ind');
    expect(answer.text).toContain('a-number');
  });
});

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

  it('has no more than a few under way in one browser', async () => {
    const browser = saml.browser();
    for (let n = 0; n < 30; n += 1) await saml.begin(browser);
    expect(browser.cookies.size).toBeLessThan(10);
  });
});
