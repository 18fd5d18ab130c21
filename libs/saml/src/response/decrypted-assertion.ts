import { constants, createDecipheriv, privateDecrypt } from 'node:crypto';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { privateKeyOf } from '../keys.js';
import type { ServiceProviderKey } from '../parties.js';
import { attributeOf, elementsOf, onlyChild, textOf, XMLDSIG, XMLENC, XMLENC11 } from '../xml/elements.js';
import { decodeUtf8 } from './form-field.js';

// With an authentication tag alone: what is encrypted is not signed from outside, and CBC can be taken apart by asking often
// enough (XML Encryption 1.1 §6.1). The hub encrypts by these, for a service that it is to encrypt for.
const CIPHERS: ReadonlyMap<string, 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm'> = new Map([
  ['http://www.w3.org/2009/xmlenc11#aes128-gcm', 'aes-128-gcm'],
  ['http://www.w3.org/2009/xmlenc11#aes192-gcm', 'aes-192-gcm'],
  ['http://www.w3.org/2009/xmlenc11#aes256-gcm', 'aes-256-gcm'],
]);
const IV_BYTES = 12;
const TAG_BYTES = 16;

const OAEP_WITH_SHA1 = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p';
const OAEP = 'http://www.w3.org/2009/xmlenc11#rsa-oaep';
const SHA1 = 'http://www.w3.org/2000/09/xmldsig#sha1';
const MGF_WITH_SHA1 = 'http://www.w3.org/2009/xmlenc11#mgf1sha1';
// One hash for both of its uses, which is all that OpenSSL offers by way of Node. SHA-1 is not weak here: nothing rests on collisions.
const HASHES: ReadonlyMap<string, string> = new Map([
  [`${OAEP_WITH_SHA1} ${SHA1} ${MGF_WITH_SHA1}`, 'sha1'],
  [`${OAEP} ${SHA1} ${MGF_WITH_SHA1}`, 'sha1'],
  [`${OAEP} http://www.w3.org/2001/04/xmlenc#sha256 http://www.w3.org/2009/xmlenc11#mgf1sha256`, 'sha256'],
  [`${OAEP} http://www.w3.org/2001/04/xmlenc#sha512 http://www.w3.org/2009/xmlenc11#mgf1sha512`, 'sha512'],
]);

/**
 * What was encrypted for one of our keys (SAML core §2.3.4), as text: nobody has vouched for it yet. Written here because the
 * library's own knows neither the newer name of OAEP, nor how to refuse CBC and RSA 1.5.
 * @param keys each is tried, so that one can follow the other
 * @throws SamlRefused `decryption-failed`, whatever it was that failed
 */
export function decryptedAssertion(encryptedAssertion: Element, keys: readonly ServiceProviderKey[]): string {
  const encrypted = readEncrypted(encryptedAssertion);
  if (encrypted !== null)
    for (const { privateKey } of keys) {
      const decrypted = decrypt(encrypted, privateKey);
      if (decrypted !== null) return decrypted;
    }
  throw new SamlRefused('decryption-failed');
}

interface Encrypted {
  readonly cipher: 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm';
  readonly oaepHash: string;
  readonly key: Buffer;
  readonly data: Buffer;
}

function readEncrypted(encryptedAssertion: Element): Encrypted | null {
  const data = onlyChild(encryptedAssertion, XMLENC, 'EncryptedData');
  // Inside of its KeyInfo, or beside it.
  const [key, ...moreKeys] = elementsOf(encryptedAssertion).filter(({ localName }) => localName === 'EncryptedKey');
  if (data === null || key === undefined || key.namespaceURI !== XMLENC || moreKeys.length > 0) return null;
  const cipher = CIPHERS.get(algorithmOf(onlyChild(data, XMLENC, 'EncryptionMethod')) ?? '');
  const oaepHash = oaepHashOf(key);
  const keyBytes = cipherValueOf(key);
  const dataBytes = cipherValueOf(data);
  if (cipher === undefined || oaepHash === null || keyBytes === null || dataBytes === null) return null;
  return dataBytes.length > IV_BYTES + TAG_BYTES ? { cipher, oaepHash, key: keyBytes, data: dataBytes } : null;
}

function oaepHashOf(key: Element): string | null {
  const method = onlyChild(key, XMLENC, 'EncryptionMethod');
  if (method === null) return null;
  const digest = algorithmOf(onlyChild(method, XMLDSIG, 'DigestMethod')) ?? SHA1;
  const mask = algorithmOf(onlyChild(method, XMLENC11, 'MGF')) ?? MGF_WITH_SHA1;
  return HASHES.get(`${algorithmOf(method)} ${digest} ${mask}`) ?? null;
}

function algorithmOf(method: Element | null): string | null {
  return method === null ? null : attributeOf(method, 'Algorithm');
}

function cipherValueOf(encrypted: Element): Buffer | null {
  const data = onlyChild(encrypted, XMLENC, 'CipherData');
  const value = data === null ? null : textOf(onlyChild(data, XMLENC, 'CipherValue'));
  return value === null ? null : Buffer.from(value, 'base64');
}

function decrypt({ cipher, oaepHash, key, data }: Encrypted, privateKey: string): string | null {
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const secret = privateDecrypt({ key: privateKeyOf(privateKey), padding, oaepHash }, key);
    const decipher = createDecipheriv(cipher, secret, data.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(data.subarray(-TAG_BYTES));
    return decodeUtf8(Buffer.concat([decipher.update(data.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]));
  } catch {
    // Which of the steps it was is nobody's business: it would tell whether a guess is warm.
    return null;
  }
}
