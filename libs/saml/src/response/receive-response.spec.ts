import { describe, expect, it } from 'vitest';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { ADA, ADA_ID, FOUR_MINUTES_MS, later, toField } from '../testing/hub-response.js';
import { HUB_NEW_KEY, HUB_OLD_KEY, STRANGER_KEY } from '../testing/keys.js';
import { TEST_HUB, TEST_SERVICE_PROVIDER } from '../testing/parties.js';
import { accept, faultOf, NOW, REQUEST_ID, respond, respondXml, tamper } from '../testing/verdict.js';

describe('a response of the hub', () => {
  it('says who logged in, how, and until when that can be used', () => {
    expect(accept(respond())).toEqual({
      id: `_assertion-${REQUEST_ID.slice(1)}`,
      issuer: 'https://hub.test',
      requestId: REQUEST_ID,
      nameId: {
        value: ADA_ID,
        format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        nameQualifier: null,
        spNameQualifier: 'https://authlog.test/saml',
      },
      sessionIndex: `_session-${REQUEST_ID.slice(1)}`,
      authenticatedAt: NOW,
      sessionEndsAt: later(NOW, 4 * 60 * 60_000),
      authnContext: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
      authenticatingAuthorities: ['https://idp.sdu.dk'],
      acceptableUntil: later(NOW, FOUR_MINUTES_MS + 60_000),
      attributes: new Map(Object.entries(ADA)),
    });
  });

  it.each(['assertion', 'response', 'both'] as const)('is accepted with the signature on: %s', (sign) => {
    expect(accept(respond({ sign }))).toEqual(accept(respond()));
  });

  it.each([
    ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'http://www.w3.org/2001/04/xmlenc#sha512'],
    ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'],
  ])('is accepted with %s and %s', (signatureMethod, digestMethod) => {
    expect(faultOf(respond({ signature: { signatureMethod, digestMethod } }))).toBe('accepted');
  });

  it('is accepted in lines, with a declaration, and with white space around it', () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n${respondXml()}\n`;
    const lines = toField(xml).replaceAll(/.{76}/g, '$&\r\n');

    expect(accept(lines)).toEqual(accept(respond()));
  });

  it('is accepted whatever key it carries along, for that is not looked at (SEC-108)', () => {
    expect(faultOf(respond({ signature: { keyInfo: STRANGER_KEY.certificate } }))).toBe('accepted');
  });

  it('keeps letters of any script, markup in values as text, and long values whole', () => {
    const sn = ['Ærøskøbing 李 O’Neill', '<b>"&amp;', 'x'.repeat(5_000)];

    expect(accept(respond({ attributes: { sn } })).attributes.get('sn')).toEqual(sn);
  });

  it('has one form for all values: those of one name together, trimmed, without empty ones', () => {
    const { attributes } = accept(
      respond({
        attributes: [
          ['mail', [' ada@example.org\n', '', '  ']],
          ['mail', ['ada@example.com']],
          ['sn', ['']],
        ],
      }),
    );

    expect(attributes).toEqual(new Map([['mail', ['ada@example.org', 'ada@example.com']]]));
  });

  it('has attributes of any name, without harm', () => {
    const { attributes } = accept(respond({ attributes: { constructor: ['x'], issuer: ['y'], ['__proto__']: ['z'] } }));

    expect([...attributes]).toEqual([
      ['constructor', ['x']],
      ['issuer', ['y']],
      ['__proto__', ['z']],
    ]);
  });

  it('takes the text of a NameID inside of a value, but no value made of anything else', () => {
    const value = (xml: string) =>
      `<saml:AttributeStatement><saml:Attribute Name="id"><saml:AttributeValue>${xml}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`;
    const idIn = (xml: string) => accept(respond({ attributeStatementXml: value(xml) })).attributes.get('id');

    expect(idIn('<saml:NameID Format="f">ada</saml:NameID>')).toEqual(['ada']);
    expect(idIn('ada<saml:NameID>@sdu.dk</saml:NameID>')).toBeUndefined();
    expect(idIn('ada<saml:b></saml:b>')).toBeUndefined();
    expect(idIn('<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>')).toBeUndefined();
  });
});

describe('the certificates of an identity provider', () => {
  const trusting = (...signingCertificates: string[]) => ({
    identityProvider: () => ({ ...TEST_HUB, signingCertificates }),
  });
  const both = trusting(HUB_OLD_KEY.certificate, HUB_NEW_KEY.certificate);

  it('are all good while one follows the other (SEC-108)', () => {
    expect(faultOf(respond({ key: HUB_OLD_KEY }), both)).toBe('accepted');
    expect(faultOf(respond({ key: HUB_NEW_KEY }), both)).toBe('accepted');
    expect(faultOf(respond({ key: STRANGER_KEY }), both)).toBe('signature-wrong');
  });

  it('are no longer good once they are taken away', () => {
    expect(faultOf(respond({ key: HUB_OLD_KEY }), trusting(HUB_NEW_KEY.certificate))).toBe('signature-wrong');
    expect(faultOf(respond(), trusting())).toBe('signature-wrong');
  });

  it('are those of the identity provider that the response names', () => {
    const other = { ...TEST_HUB, entityId: 'https://other.test', signingCertificates: [STRANGER_KEY.certificate] };
    const identityProvider = (entityId: string) => [TEST_HUB, other].find((each) => each.entityId === entityId) ?? null;
    const issuedBy = (entityId: string) => ({ responseIssuer: entityId, assertionIssuer: entityId });

    expect(faultOf(respond({ key: STRANGER_KEY, ...issuedBy(other.entityId) }), { identityProvider })).toBe('accepted');
    expect(faultOf(respond({ key: STRANGER_KEY }), { identityProvider })).toBe('signature-wrong');
    expect(
      faultOf(respond({ key: STRANGER_KEY, responseIssuer: other.entityId }), { identityProvider }),
      'speaks for the hub',
    ).toBe('issuer-wrong');
  });
});

describe('a refusal', () => {
  const refusal = (field: string): unknown => {
    try {
      return accept(field);
    } catch (error) {
      return error;
    }
  };

  it('names the request that was to be answered, as soon as it was read', () => {
    const field = tamper((xml) => xml.replace('Lovelace', 'Byron'));

    expect(refusal(field)).toEqual(new SamlRefused('signature-wrong', REQUEST_ID));
  });

  it.each(['_request', `${REQUEST_ID}0`, 'ada@sdu.dk', ''])('does not repeat what is no id of ours: "%s"', (id) => {
    expect(refusal(respond({ responseInResponseTo: id }))).toEqual(new SamlRefused('request-wrong'));
  });

  it('does not repeat anything of the message', () => {
    const error = refusal(tamper((xml) => xml.replace('Lovelace', 'Byron')));

    expect(String(error)).toBe('SamlRefused: a SAML message was refused: signature-wrong');
    expect((error as Error).cause).toBeUndefined();
  });
});

describe('the service provider of a response', () => {
  it('is known by its entity id and its address, both exactly', () => {
    const moved = { ...TEST_SERVICE_PROVIDER, assertionConsumerUrl: 'https://login.authlog.test/auth/saml/acs/' };
    const renamed = { ...TEST_SERVICE_PROVIDER, entityId: 'https://authlog.test/saml/' };

    expect(faultOf(respond(), { serviceProvider: moved })).toBe('destination-wrong');
    expect(faultOf(respond(), { serviceProvider: renamed })).toBe('audience-wrong');
  });
});
