import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { TEST_HUB, TEST_SERVICE_PROVIDER } from '../testing/parties.js';
import { HUB_NEW_KEY, HUB_OLD_KEY, STRANGER_KEY } from '../testing/keys.js';
import { LOGOUT_REQUEST, logoutQuery, logoutRequestXml } from '../testing/logout-query.js';
import { readLogoutMessage } from './read-logout.js';

const now = new Date('2030-01-01T00:00:00.000Z');
/** In its roll-over. */
const hub = { ...TEST_HUB, signingCertificates: [HUB_OLD_KEY.certificate, HUB_NEW_KEY.certificate] };
const read = (query: string, at = now) =>
  readLogoutMessage(query, {
    serviceProvider: TEST_SERVICE_PROVIDER,
    identityProvider: (entityId) => (entityId === hub.entityId ? hub : null),
    now: at,
  });
const faultOf = (query: string, at = now): string => {
  try {
    read(query, at);
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(SamlRefused);
    return (error as SamlRefused).fault;
  }
};

const privateKey = HUB_NEW_KEY.privateKey;
const request = (parts: Partial<typeof LOGOUT_REQUEST> = {}) =>
  logoutQuery({ parameter: 'SAMLRequest', xml: logoutRequestXml(parts), privateKey });
const withAttributes = (change: (attributes: string) => string) =>
  request({ attributes: change(LOGOUT_REQUEST.attributes) });
const genuine = request();

describe('a logout request', () => {
  it('names the person and the sessions, with the state that comes back', () =>
    expect(
      read(logoutQuery({ parameter: 'SAMLRequest', xml: logoutRequestXml(), privateKey, relayState: 'a b&c' })),
    ).toEqual({
      kind: 'request',
      id: '_logout-1',
      issuer: 'https://hub.test',
      nameId: {
        value: 'WAYF-DK-0a1b',
        format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        nameQualifier: null,
        spNameQualifier: 'https://authlog.test/saml',
      },
      sessionIndexes: ['_session-1'],
      acceptableUntil: new Date('2030-01-01T00:05:50.000Z'),
      relayState: 'a b&c',
    }));

  it('may name several sessions, or none, which is all', () => {
    const indexes = '<samlp:SessionIndex>1</samlp:SessionIndex><samlp:SessionIndex>2</samlp:SessionIndex>';
    expect(read(request({ indexes }))).toMatchObject({ sessionIndexes: ['1', '2'] });
    expect(read(request({ indexes: '' }))).toMatchObject({ sessionIndexes: [] });
  });

  it('is taken from the old and from the new key of the hub, also with SHA-512', () => {
    const xml = logoutRequestXml();
    const sha512 = ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha512'] as const;
    for (const key of [HUB_OLD_KEY, HUB_NEW_KEY])
      for (const algorithm of [undefined, sha512]) {
        const query = { parameter: 'SAMLRequest', xml, privateKey: key.privateKey } as const;
        expect(read(logoutQuery(algorithm === undefined ? query : { ...query, algorithm })).kind).toBe('request');
      }
  });

  it('ends as it says', () => {
    const until = withAttributes((attributes) => `${attributes} NotOnOrAfter="2030-01-01T00:00:30Z"`);
    expect(read(until)).toMatchObject({ acceptableUntil: new Date('2030-01-01T00:01:30.000Z') });
    expect(faultOf(until, new Date('2030-01-01T00:01:29.999Z'))).toBe('accepted');
    expect(faultOf(until, new Date('2030-01-01T00:01:30.000Z'))).toBe('expired');
  });

  it('is taken for five minutes, by clocks that differ by one', () => {
    expect(faultOf(genuine, new Date('2030-01-01T00:05:50.000Z'))).toBe('accepted');
    expect(faultOf(genuine, new Date('2030-01-01T00:05:50.001Z'))).toBe('issue-instant-wrong');
    expect(faultOf(genuine, new Date('2029-12-31T23:58:50.000Z'))).toBe('accepted');
    expect(faultOf(genuine, new Date('2029-12-31T23:58:49.999Z'))).toBe('issue-instant-wrong');
  });

  const sha1 = ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'sha1'] as const;
  const md5 = ['http://www.w3.org/2001/04/xmldsig-more#rsa-md5', 'md5'] as const;
  const hmac = ['http://www.w3.org/2001/04/xmldsig-more#hmac-sha256', 'sha256'] as const;
  const xml = logoutRequestXml();
  const signedBy = (algorithm: readonly [string, string]) =>
    logoutQuery({ parameter: 'SAMLRequest', xml, privateKey, algorithm });
  const indexes = (count: number) => '<samlp:SessionIndex>1</samlp:SessionIndex>'.repeat(count);
  const forged = request({ subject: '<saml:NameID>someone else</saml:NameID>' });
  const [message = '', algorithm = '', signature = ''] = genuine.split('&');
  const { issuer, subject } = LOGOUT_REQUEST;

  for (const [what, query, fault] of [
    ['without a signature', message, 'signature-missing'],
    ['whose signature was stripped', `${message}&${algorithm}`, 'signature-missing'],
    ['with an empty signature', `${message}&${algorithm}&Signature=`, 'signature-missing'],
    ['with the name of no algorithm', `${message}&${signature}`, 'signature-missing'],
    ['signed with SHA-1', signedBy(sha1), 'algorithm-not-allowed'],
    ['signed with MD5', signedBy(md5), 'algorithm-not-allowed'],
    ['that claims an HMAC', signedBy(hmac), 'algorithm-not-allowed'],
    [
      'signed by another key',
      logoutQuery({ parameter: 'SAMLRequest', xml, privateKey: STRANGER_KEY.privateKey }),
      'signature-wrong',
    ],
    [
      'about another person, with a genuine signature',
      `${forged.split('&')[0]}&${algorithm}&${signature}`,
      'signature-wrong',
    ],
    ['with a state that nobody has signed', `${message}&RelayState=x&${algorithm}&${signature}`, 'signature-wrong'],
    ['without an issuer', request({ issuer: '' }), 'issuer-unknown'],
    ['of another issuer', request({ issuer: '<saml:Issuer>https://other.example</saml:Issuer>' }), 'issuer-unknown'],
    ['of two issuers', request({ issuer: issuer + issuer }), 'issuer-unknown'],
    ['for another address', withAttributes((a) => a.replace('/sls', '/sls/')), 'destination-wrong'],
    ['for no address', withAttributes((a) => a.replace(/Destination=\S+/, '')), 'destination-wrong'],
    ['of no time', withAttributes((a) => a.replace(/IssueInstant=\S+/, '')), 'issue-instant-wrong'],
    ['of another version', withAttributes((a) => a.replace('2.0', '1.1')), 'version-unsupported'],
    ['without an id', withAttributes((a) => a.replace('ID="_logout-1"', '')), 'xml-invalid'],
    ['that ends at no time', withAttributes((a) => `${a} NotOnOrAfter="soon"`), 'xml-invalid'],
    ['about nobody', request({ subject: '' }), 'subject-missing'],
    ['about somebody without a name', request({ subject: '<saml:NameID> </saml:NameID>' }), 'subject-missing'],
    ['about two people', request({ subject: subject + subject }), 'subject-missing'],
    ['about somebody encrypted', request({ subject: '<saml:EncryptedID/>' }), 'xml-invalid'],
    ['with a session of no name', request({ indexes: '<samlp:SessionIndex/>' }), 'xml-invalid'],
    ['with a request in it', request({ indexes: logoutRequestXml() }), 'xml-invalid'],
    [
      'with a signature inside',
      request({ issuer: `${issuer}<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>` }),
      'signature-misplaced',
    ],
    [
      'with a DOCTYPE',
      logoutQuery({ parameter: 'SAMLRequest', xml: `<!DOCTYPE a>${xml}`, privateKey }),
      'markup-forbidden',
    ],
    ['that comes as an answer', logoutQuery({ parameter: 'SAMLResponse', xml, privateKey }), 'root-unexpected'],
    [
      'that is no text',
      logoutQuery({ parameter: 'SAMLRequest', xml: Buffer.from([0xff, 0xfe]), privateKey }),
      'encoding-invalid',
    ],
    ['that is not deflated', `SAMLRequest=aGVsbG8%3D&${algorithm}&${signature}`, 'encoding-invalid'],
    ['that is not base64', `SAMLRequest=a*b&${algorithm}&${signature}`, 'encoding-invalid'],
    [
      'that inflates to ten megabytes',
      logoutQuery({ parameter: 'SAMLRequest', xml: Buffer.alloc(10_000_000, '<a>'), privateKey }),
      'too-large',
    ],
    ['that names more sessions than anybody has', request({ indexes: indexes(250) }), 'too-complex'],
    ['in a query without end', `SAMLRequest=${'a'.repeat(70_000)}`, 'too-large'],
    ['that is not there', `${algorithm}&${signature}`, 'form-malformed'],
    ['and nothing', '', 'form-malformed'],
    ['twice', `${message}&${genuine}`, 'form-malformed'],
    ['and an answer at once', `${genuine}&${message.replace('Request', 'Response')}`, 'form-malformed'],
    ['spelled in another way', genuine.replace('SAMLRequest', 'SAML%52equest'), 'form-malformed'],
    [
      'spelled in another way before a genuine one',
      `${forged.split('&')[0]?.replace('SAMLRequest', 'SAML%52equest')}&${genuine}`,
      'form-malformed',
    ],
    [
      'behind a thousand others',
      `${Array.from({ length: 1_000 }, (_, n) => `a${n}=`).join('&')}&${genuine}`,
      'form-malformed',
    ],
    ['with a parameter that nobody knows', `${genuine}&SAMLEncoding=deflate`, 'form-malformed'],
    ['with two signatures', `${genuine}&${signature}`, 'form-malformed'],
    ['with an end that is empty', `${genuine}&`, 'form-malformed'],
    ['with half of an escape', genuine.replace('SigAlg=', 'SigAlg=%'), 'form-malformed'],
    [
      'with too long a state',
      logoutQuery({ parameter: 'SAMLRequest', xml, privateKey, relayState: 'æ'.repeat(41) }),
      'form-malformed',
    ],
  ] as const)
    it(`${what} is refused (SEC-108, SEC-110)`, () => expect(faultOf(query)).toBe(fault));

  it('is refused after any change, or says what it said', () =>
    fc.assert(
      fc.property(
        fc.nat(genuine.length - 1),
        fc.constantFrom('', 'A', 'b', '%', '&', '=', '+', '%41', '\0'),
        (at, by) => {
          const changed = genuine.slice(0, at) + by + genuine.slice(at + 1);
          if (faultOf(changed) === 'accepted') expect(read(changed)).toEqual(read(genuine));
        },
      ),
      { numRuns: 1_000 },
    ));

  it('is refused, whatever else comes', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constantFrom('SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature', '', 'x'),
            fc.oneof(fc.string(), fc.base64String(), fc.constant(decodeURIComponent(algorithm.slice(7)))),
          ),
        ),
        (parameters) => {
          const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
          expect(faultOf(query)).not.toBe('accepted');
        },
      ),
    ));
});

describe('a logout response', () => {
  const response = (status: string, attributes = LOGOUT_REQUEST.attributes) =>
    logoutQuery({
      parameter: 'SAMLResponse',
      xml: `<LogoutResponse xmlns="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes} InResponseTo="_ours"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://hub.test</Issuer>${status}</LogoutResponse>`,
      privateKey,
    });
  const status = (code: string, detail = '') =>
    `<Status><StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${code}">${detail}</StatusCode></Status>`;
  const partial = '<StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:PartialLogout"/>';

  it('says whether all has ended', () => {
    expect(read(response(status('Success')))).toEqual({
      kind: 'response',
      issuer: 'https://hub.test',
      requestId: '_ours',
      success: true,
      relayState: null,
    });
    expect(read(response(status('Success', partial)))).toMatchObject({ success: false });
    expect(read(response(status('Responder')))).toMatchObject({ success: false });
  });

  it('is refused when it says nothing, is for others, or answers nothing', () => {
    expect(faultOf(response(''))).toBe('status-not-success');
    expect(faultOf(response(status('Success'), LOGOUT_REQUEST.attributes.replace('/sls', '/acs')))).toBe(
      'destination-wrong',
    );
    const unasked = response(status('Success'), LOGOUT_REQUEST.attributes).split('&');
    expect(faultOf(unasked[0] ?? '')).toBe('signature-missing');
  });
});
