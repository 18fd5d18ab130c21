import { describe, expect, it } from 'vitest';
import type { EncryptionOptions } from '../testing/encrypted-xml.js';
import { SP_NEW_KEY, SP_OLD_KEY, STRANGER_KEY } from '../testing/keys.js';
import { TEST_SERVICE_PROVIDER } from '../testing/parties.js';
import { accept, faultOf, respond, tamper } from '../testing/verdict.js';

const { certificate } = SP_NEW_KEY;
const encrypted = (options: Partial<EncryptionOptions> = {}) => ({ encrypt: { certificate, ...options } });
const GCM = 'http://www.w3.org/2009/xmlenc11#aes';
const CBC = 'http://www.w3.org/2001/04/xmlenc#aes';

describe('an encrypted assertion', () => {
  it.each(['assertion', 'response', 'both'] as const)(
    'is accepted as if it were not, with the signature on: %s',
    (sign) => {
      expect(accept(respond({ sign, ...encrypted() }))).toEqual(accept(respond()));
    },
  );

  it.each(['128', '192', '256'])('may be encrypted by AES-GCM with a key of %s bits', (bits) => {
    expect(faultOf(respond(encrypted({ cipher: `${GCM}${bits}-gcm` })))).toBe('accepted');
  });

  it.each(['mgf1p', 'oaep-sha256'] as const)('may come with its key by RSA-OAEP, as %s', (keyTransport) => {
    expect(faultOf(respond(encrypted({ keyTransport })))).toBe('accepted');
  });

  it('is read with any of our keys, while one follows the other', () => {
    const field = respond(encrypted({ certificate: SP_OLD_KEY.certificate }));

    expect(faultOf(field)).toBe('accepted');
    expect(faultOf(field, { serviceProvider: { ...TEST_SERVICE_PROVIDER, keys: [SP_OLD_KEY] } })).toBe('accepted');
    expect(faultOf(field, { serviceProvider: { ...TEST_SERVICE_PROVIDER, keys: [SP_NEW_KEY] } })).toBe(
      'decryption-failed',
    );
  });

  it('is refused where we have no key', () => {
    expect(faultOf(respond(encrypted()), { serviceProvider: { ...TEST_SERVICE_PROVIDER, keys: [] } })).toBe(
      'decryption-failed',
    );
  });

  it('has to be signed, inside or around: everybody can encrypt for us', () => {
    expect(faultOf(respond({ sign: 'nothing', ...encrypted() }))).toBe('signature-missing');
    expect(faultOf(respond({ key: STRANGER_KEY, ...encrypted() }))).toBe('signature-wrong');
    expect(faultOf(respond({ key: STRANGER_KEY, sign: 'response', ...encrypted() }))).toBe('signature-wrong');
  });

  it('is looked at like any other, once it is read (SEC-109)', () => {
    const containing = (change: (assertion: string) => string) =>
      faultOf(respond({ mutateAssertion: change, ...encrypted() }));

    expect(containing((xml) => xml.replace('ada@sdu.dk', 'eve@sdu.dk'))).toBe('signature-wrong');
    expect(containing((xml) => xml.replace('</saml:Assertion>', `${xml}</saml:Assertion>`))).toBe('assertion-count');
    expect(containing((xml) => xml.replace(/(<ds:Signature .*<\/ds:Signature>)/s, '$1$1'))).toBe('signature-misplaced');
    expect(containing((xml) => xml.replaceAll('saml:Assertion', 'saml:Advice'))).toBe('assertion-count');
    expect(faultOf(respond({ recipient: null, ...encrypted() }))).toBe('recipient-wrong');
    expect(faultOf(respond({ assertionIssuer: 'https://evil.test', ...encrypted() }))).toBe('issuer-wrong');
  });
});

describe('what cannot be decrypted', () => {
  // All of them the same, in the log, too: the difference is what an attacker would ask for, over and over.
  const failing: [name: string, field: string][] = [
    ['AES-CBC with 128 bits', respond(encrypted({ cipher: `${CBC}128-cbc` }))],
    ['AES-CBC with 256 bits', respond(encrypted({ cipher: `${CBC}256-cbc` }))],
    ['RSA 1.5', respond(encrypted({ keyTransport: 'rsa-1_5' }))],
    ['a key that is not ours', respond(encrypted({ certificate: STRANGER_KEY.certificate }))],
    [
      'a cipher text that was changed',
      tamper(
        (xml) => xml.replace(/A(?=[^<]*<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData>)/, 'B'),
        encrypted(),
      ),
    ],
    [
      'a cipher text that was cut',
      tamper(
        (xml) => xml.replace(/....(?=<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData>)/, ''),
        encrypted(),
      ),
    ],
    [
      'a cipher text of nothing',
      tamper(
        (xml) => xml.replace(/>[^<]*(?=<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedData>)/, '>'),
        encrypted(),
      ),
    ],
    [
      'a key that was changed',
      tamper(
        (xml) =>
          xml.replace(/>[^<]{8}(?=[^<]*<\/xenc:CipherValue><\/xenc:CipherData><\/xenc:EncryptedKey>)/, '>AAAAAAAA'),
        encrypted(),
      ),
    ],
    ['a cipher of another length', tamper((xml) => xml.replace('aes256-gcm', 'aes128-gcm'), encrypted())],
    ['an unknown cipher', tamper((xml) => xml.replace('aes256-gcm', 'aes512-gcm'), encrypted())],
    [
      'no cipher',
      tamper((xml) => xml.replace(/<xenc:EncryptionMethod [^>]*gcm"><\/xenc:EncryptionMethod>/, ''), encrypted()),
    ],
    [
      'one hash for OAEP and another for its mask',
      tamper((xml) => xml.replace('mgf1sha256', 'mgf1sha1'), encrypted({ keyTransport: 'oaep-sha256' })),
    ],
    ['two keys', tamper((xml) => xml.replace(/<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/s, '$&$&'), encrypted())],
    ['no data', tamper((xml) => xml.replace(/<xenc:EncryptedData.*<\/xenc:EncryptedData>/s, ''), encrypted())],
    ['what is no XML', respond({ mutateAssertion: () => 'hello', ...encrypted() })],
    [
      'what has an entity in it',
      respond({ mutateAssertion: (xml) => xml.replace('Lovelace', '&lol;'), ...encrypted() }),
    ],
    ['what has a document type', respond({ mutateAssertion: (xml) => `<!DOCTYPE r>${xml}`, ...encrypted() })],
  ];

  it.each(failing)('is refused without saying why: %s', (_, field) => {
    expect(faultOf(field)).toBe('decryption-failed');
  });
});
