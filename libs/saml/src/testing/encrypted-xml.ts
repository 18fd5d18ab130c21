import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';

/** How to encrypt, also in ways that nobody should accept. */
export interface EncryptionOptions {
  /** PEM, of whom it is for. */
  readonly certificate: string;
  /** A URI; AES-256-GCM by default. */
  readonly cipher?: string;
  /** `mgf1p` is RSA-OAEP with SHA-1, as the hub does it; `oaep-sha256` the newer; `rsa-1_5` the broken. */
  readonly keyTransport?: 'mgf1p' | 'oaep-sha256' | 'rsa-1_5';
}

const GCM256 = 'http://www.w3.org/2009/xmlenc11#aes256-gcm';
const CIPHERS: Readonly<Record<string, [name: string, keyBytes: number, ivBytes: number]>> = {
  'http://www.w3.org/2009/xmlenc11#aes128-gcm': ['aes-128-gcm', 16, 12],
  'http://www.w3.org/2009/xmlenc11#aes192-gcm': ['aes-192-gcm', 24, 12],
  [GCM256]: ['aes-256-gcm', 32, 12],
  'http://www.w3.org/2001/04/xmlenc#aes128-cbc': ['aes-128-cbc', 16, 16],
  'http://www.w3.org/2001/04/xmlenc#aes256-cbc': ['aes-256-cbc', 32, 16],
};

const SHA256 = [
  '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>',
  '<xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"></xenc11:MGF>',
].join('');
const KEY_TRANSPORTS = {
  mgf1p: { uri: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p', parameters: '', oaepHash: 'sha1' },
  'oaep-sha256': { uri: 'http://www.w3.org/2009/xmlenc11#rsa-oaep', parameters: SHA256, oaepHash: 'sha256' },
  'rsa-1_5': { uri: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5', parameters: '', oaepHash: undefined },
} as const;

/** An EncryptedAssertion, put together as the hub puts it together. */
export function encryptedAssertion(assertion: string, options: EncryptionOptions): string {
  const { certificate, cipher = GCM256, keyTransport = 'mgf1p' } = options;
  const [name, keyBytes, ivBytes] = CIPHERS[cipher] ?? ['aes-256-gcm', 32, 12];
  const { uri, parameters, oaepHash } = KEY_TRANSPORTS[keyTransport];
  const key = randomBytes(keyBytes);
  const padding = oaepHash === undefined ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING;
  const wrapped = publicEncrypt({ key: certificate, padding, ...(oaepHash === undefined ? {} : { oaepHash }) }, key);
  const data = seal(name, key, randomBytes(ivBytes), assertion);
  return [
    '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">',
    '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">',
    `<xenc:EncryptionMethod Algorithm="${cipher}"></xenc:EncryptionMethod>`,
    '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>',
    `<xenc:EncryptionMethod Algorithm="${uri}">${parameters}</xenc:EncryptionMethod>`,
    `<xenc:CipherData><xenc:CipherValue>${wrapped.toString('base64')}</xenc:CipherValue></xenc:CipherData>`,
    '</xenc:EncryptedKey></ds:KeyInfo>',
    `<xenc:CipherData><xenc:CipherValue>${data.toString('base64')}</xenc:CipherValue></xenc:CipherData>`,
    '</xenc:EncryptedData></saml:EncryptedAssertion>',
  ].join('');
}

function seal(cipher: string, key: Buffer, iv: Buffer, text: string): Buffer {
  if (cipher.endsWith('-gcm')) {
    const sealing = createCipheriv(cipher as 'aes-256-gcm', key, iv);
    return Buffer.concat([iv, sealing.update(text), sealing.final(), sealing.getAuthTag()]);
  }
  const sealing = createCipheriv(cipher, key, iv);
  return Buffer.concat([iv, sealing.update(text), sealing.final()]);
}
