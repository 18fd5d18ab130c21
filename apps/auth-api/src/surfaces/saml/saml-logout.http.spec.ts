import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderSessions } from '#accounts/saml/provider-sessions.js';
import { StoreUnavailable } from '#event-store/event-store.js';
import { HUB_NEW_KEY, HUB_OLD_KEY, STRANGER_KEY } from '#saml/testing/keys.js';
import { LOGOUT_REQUEST, logoutQuery, logoutRequestXml } from '#saml/testing/logout-query.js';
import { Authenticator } from '../../testing/authenticator.js';
import type { Browser } from '../../testing/browser.js';
import {
  HUB,
  type Person,
  REFUSED,
  SLS,
  SP_ENTITY_ID,
  SamlApp,
  person as somebody,
  sentMessage,
} from '../../testing/saml-app.js';
import { ORIGIN, TestApp, type TestTokens, refusal } from '../../testing/test-app.js';

/** With a session of this name at the identity provider. */
const person = (subject: string, sessionIndex = `_at-hub-of-${subject}`): Person => ({
  ...somebody(subject, { subject: [subject] }),
  nameId: subject,
  sessionIndex,
});

let saml: SamlApp;
beforeAll(async () => {
  saml = await SamlApp.start();
});
afterAll(() => saml.close());
beforeEach(() => saml.app.clock.advance(60_000));

const isAlive = async ({ accessToken }: TestTokens) =>
  (await saml.app.call('GET', '/auth/sessions/current', { token: accessToken })).status === 200;
const alive = (...sessions: readonly TestTokens[]) => Promise.all(sessions.map(isAlive));

let sent = 0;
const attributes = (more = '') => {
  sent += 1;
  const now = saml.app.clock.now().toISOString();
  return `ID="_message-${sent}" Version="2.0" IssueInstant="${now}" Destination="${SLS}" ${more}`;
};
const about = (subject: string) =>
  `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" SPNameQualifier="${SP_ENTITY_ID}">${subject}</saml:NameID>`;
const index = (name: string) => `<samlp:SessionIndex>${name}</samlp:SessionIndex>`;
const issuer = `<saml:Issuer>${HUB}</saml:Issuer>`;

/** What the hub sends a browser with. */
const request = (parts: Partial<typeof LOGOUT_REQUEST>, privateKey = HUB_NEW_KEY.privateKey, relayState?: string) =>
  logoutQuery({
    parameter: 'SAMLRequest',
    xml: logoutRequestXml({ attributes: attributes(), issuer, ...parts }),
    privateKey,
    ...(relayState === undefined ? {} : { relayState }),
  });
const deliver = (query: string, browser: Browser = saml.browser()) =>
  browser.get(`/auth/saml/sls?${query}`, { headers: { accept: 'application/json' } });

describe('a logout at the identity provider', () => {
  it('ends exactly the sessions that it names, and says so', async () => {
    const ada = await saml.logIn(person('ada', '_one'));
    const alsoAda = await saml.logIn(person('ada', '_one'));
    const adaElsewhere = await saml.logIn(person('ada', '_two'));
    const grace = await saml.logIn(person('grace', '_one'));
    const answer = await deliver(request({ subject: about('ada'), indexes: index('_one') }, undefined, 'a state'));
    expect(answer.status).toBe(302);
    const { url, xml } = sentMessage(String(answer.headers['location']));
    expect(`${url.origin}${url.pathname}`).toBe(`${HUB}/slo`);
    expect(url.searchParams.get('RelayState')).toBe('a state');
    expect(url.searchParams.get('Signature')).not.toBeNull();
    expect(xml).toContain(`InResponseTo="_message-${sent}"`);
    expect(xml).toContain('status:Success');
    expect(await alive(ada, alsoAda, adaElsewhere, grace)).toEqual([false, false, true, true]);
  });

  it('that names no session ends all of the person', async () => {
    const sessions = [await saml.logIn(person('lise', '_one')), await saml.logIn(person('lise', '_two'))];
    const others = await saml.logIn(person('karen', '_one'));
    expect((await deliver(request({ subject: about('lise'), indexes: '' }))).status).toBe(302);
    expect(await alive(...sessions, others)).toEqual([false, false, true]);
  });

  it('is in the trail of the account', async () => {
    await saml.logIn(person('niels'));
    await deliver(request({ subject: about('niels'), indexes: '' }));
    const [ended] = (await saml.app.stored('session', 'SessionEnded')).slice(-1);
    expect(ended?.data).toMatchObject({ reason: 'identity-provider-logout' });
  });

  it('stops a login that waits for its second factor', async () => {
    const authenticator = await Authenticator.enrol(saml.app, (await saml.logIn(person('tycho'))).accessToken);
    const { json } = await saml.tryLogIn(person('tycho', '_overtaken'));
    saml.app.clock.advance(1_000);
    await deliver(request({ subject: about('tycho'), indexes: index('_overtaken') }));
    expect(await authenticator.answer(json['2fa'])).toMatchObject({ status: 401 });
  });

  it('is refused without a good signature, of another, for another, too old or twice, and the session stays', async () => {
    const session = await saml.logIn(person('mette', '_one'));
    const good = { subject: about('mette'), indexes: index('_one') };
    const unsigned = request(good).split('&')[0] ?? '';
    const old = attributes().replace(/IssueInstant="[^"]+"/, 'IssueInstant="2029-01-01T00:00:00Z"');
    for (const query of [
      unsigned,
      request(good, STRANGER_KEY.privateKey),
      request({ ...good, issuer: '<saml:Issuer>https://other.example</saml:Issuer>' }),
      request({ ...good, attributes: attributes().replace(SLS, 'https://other.example/sls') }),
      request({ ...good, attributes: old }),
    ])
      expect(await deliver(query)).toMatchObject(REFUSED);
    expect(await deliver(request(good).replace('SAMLRequest', 'SAML%52equest'))).toMatchObject(
      refusal('saml-message-invalid', 400),
    );
    expect(await alive(session)).toEqual([true]);
    const once = request(good, HUB_OLD_KEY.privateKey);
    expect((await deliver(once)).status).toBe(302);
    saml.app.clock.advance(1);
    const next = await saml.logIn(person('mette', '_one'));
    expect(await deliver(once)).toMatchObject(REFUSED);
    expect(await alive(session, next)).toEqual([false, true]);
  });

  it('that broke off is finished by the same message (SEC-117)', async () => {
    const session = await saml.logIn(person('inge', '_broken'));
    const sessions = saml.app.get(ProviderSessions);
    const broken = vi.spyOn(sessions, 'end').mockRejectedValueOnce(new StoreUnavailable('the log cannot be written'));
    const query = request({ subject: about('inge'), indexes: index('_broken') });
    expect(await deliver(query)).toMatchObject({ status: 503 });
    broken.mockRestore();
    expect(await alive(session)).toEqual([true]);
    expect(await deliver(query)).toMatchObject({ status: 302 });
    expect(await alive(session)).toEqual([false]);
  });

  it('that overtakes a first login leaves no account', async () => {
    const browser = saml.browser();
    const asked = await saml.begin(browser);
    saml.app.clock.advance(1_000);
    await deliver(request({ subject: about('never'), indexes: '' }));
    const before = await saml.app.events('user');
    expect(await saml.post(browser, saml.response(asked, person('never')))).toMatchObject(REFUSED);
    expect(await saml.app.events('user')).toEqual(before);
  });

  it('that is refused says so to who looks, and of whom it was to the audit', async () => {
    const session = await saml.logIn(person('gerda', '_one'));
    const query = request({ subject: about('gerda'), indexes: index('_one') }, STRANGER_KEY.privateKey);
    const page = await saml.browser().get(`/auth/saml/sls?${query}`, { headers: { accept: 'text/html' } });
    expect(page).toMatchObject({ status: 401 });
    expect(page.text).toContain('You may still be logged in');
    expect(await alive(session)).toEqual([true]);
    const recorded = async () => (await saml.app.stored('refusals', 'RequestRefused')).map(({ data }) => data['saml']);
    await expect.poll(recorded).toContainEqual({ fault: 'signature-wrong', identityProvider: HUB, requestId: null });
  });

  it('of somebody who has no session here is answered all the same', async () => {
    expect((await deliver(request({ subject: about('nobody'), indexes: '' }))).status).toBe(302);
  });
});

describe('a logout here', () => {
  const logOut = async (browser: Browser, { csrfToken }: TestTokens) =>
    browser.post('/auth/saml/logout', { headers: { origin: ORIGIN, 'x-csrftoken': csrfToken } });
  const response = (requestId: string, status = 'Success') =>
    logoutQuery({
      parameter: 'SAMLResponse',
      xml: `<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ${attributes(`InResponseTo="${requestId}"`)}>${issuer}<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"/></samlp:Status></samlp:LogoutResponse>`,
      privateKey: HUB_NEW_KEY.privateKey,
    });

  it('ends the session at once, and goes on to the identity provider, which says how it went (SEC-117)', async () => {
    const browser = saml.browser();
    const tokens = await saml.logIn(person('marie', '_index-of-marie'), browser, 'web');
    const { status, json } = await logOut(browser, tokens);
    expect(status).toBe(200);
    expect(await alive(tokens)).toEqual([false]);
    expect(browser.cookies.has('refreshToken')).toBe(false);
    const { xml, id, url } = sentMessage(String(json['redirectTo']));
    expect(`${url.origin}${url.pathname}`).toBe(`${HUB}/slo`);
    expect(xml).toMatch(/<saml:NameID[^>]+>marie<\/saml:NameID><samlp:SessionIndex>_index-of-marie</);

    expect(await deliver(response(id))).toMatchObject(REFUSED);
    expect(await deliver(response(id), browser)).toMatchObject({ status: 200 });
    expect(await deliver(response(id), browser)).toMatchObject(REFUSED);
  });

  it('says so if the identity provider could not end everything', async () => {
    const browser = saml.browser();
    const { json } = await logOut(browser, await saml.logIn(person('pia'), browser, 'web'));
    const { id } = sentMessage(String(json['redirectTo']));
    const page = await browser.get(`/auth/saml/sls?${response(id, 'Responder')}`, { headers: { accept: 'text/html' } });
    expect(page.text).toContain('Close the browser');
  });

  it('of somebody who logged in with a password goes nowhere', async () => {
    const browser = saml.browser();
    await saml.app.create('with-a-password');
    const { json } = await browser.post('/auth/login', {
      form: { username: 'with-a-password', password: 'the password of with-a-password', service: 'web' },
      headers: { accept: 'application/json' },
    });
    const answer = await logOut(browser, json as unknown as TestTokens);
    expect(answer).toMatchObject({ status: 200, json: { redirectTo: null } });
  });

  it('is one of our own pages (SEC-119)', async () => {
    const browser = saml.browser();
    const { csrfToken } = await saml.logIn(person('kirsten'), browser, 'web');
    const foreign = { origin: 'https://evil.example', 'x-csrftoken': csrfToken };
    expect((await browser.post('/auth/saml/logout', { headers: foreign })).json['errorCode']).toBe(
      'origin-not-trusted',
    );
    expect((await browser.post('/auth/saml/logout', { headers: { origin: ORIGIN } })).json['errorCode']).toBe(
      'csrf-token-missing',
    );
  });
});

describe('an installation without identity providers', () => {
  it('says so', async () => {
    const app = await TestApp.start();
    for (const path of ['login?service=web', 'metadata', 'sls?SAMLRequest=x'])
      expect(await app.call('GET', `/auth/saml/${path}`)).toMatchObject(refusal('saml-not-configured', 404));
    await app.close();
  });
});
