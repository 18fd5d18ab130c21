import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HUB_OLD_KEY, SP_NEW_KEY } from '#saml/testing/keys.js';
import { HUB, type Person, REFUSED, SamlApp, person } from '../../testing/saml-app.js';
import { refusal } from '../../testing/test-app.js';

let saml: SamlApp;
beforeAll(async () => {
  saml = await SamlApp.start();
});
afterAll(() => saml.close());
// Each test has attempts of its own minute.
beforeEach(() => saml.app.clock.advance(60_000));

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

  it('may be encrypted, and is decrypted for the browser that asked for it alone', async () => {
    const encrypt = { certificate: SP_NEW_KEY.certificate };
    const [ada, eve] = [saml.browser(), saml.browser()];
    const asked = await saml.begin(ada);
    const response = saml.response(asked, { ...person('sealed'), encrypt });
    expect(await saml.post(eve, response)).toMatchObject(REFUSED);
    const garbage = saml.response(asked, { ...person('sealed'), encrypt: { certificate: HUB_OLD_KEY.certificate } });
    expect(await saml.post(eve, garbage)).toMatchObject(REFUSED);
    expect(await saml.post(ada, garbage)).toMatchObject(REFUSED);
    expect((await saml.post(ada, response)).status).toBe(200);
    const faults = async () => {
      const refused = await saml.app.stored('refusals', 'RequestRefused');
      return refused.map(({ data }) => data['saml']).filter((each) => JSON.stringify(each).includes(asked));
    };
    const said = (fault: string) => ({ fault, identityProvider: HUB, requestId: asked });
    await expect.poll(faults).toEqual([said('browser-wrong'), said('decryption-failed')]);
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
