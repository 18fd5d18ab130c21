import { createHash, createHmac, createSign } from 'node:crypto';
import type { ServiceProviderKey } from '../parties.js';

const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';

/** How to sign, also in ways that nobody should accept. All names are URIs. */
export interface SignatureOptions {
  readonly key: ServiceProviderKey;
  readonly signatureMethod?: string;
  readonly digestMethod?: string;
  readonly canonicalization?: string;
  /** In the order of the document. */
  readonly transforms?: readonly string[];
  /** The id of the element by default. */
  readonly reference?: string;
  /** A certificate that comes along; none by default. */
  readonly keyInfo?: string;
}

const SIGNATURE_HASHES: Readonly<Record<string, string>> = {
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256': 'RSA-SHA256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384': 'RSA-SHA384',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': 'RSA-SHA512',
  'http://www.w3.org/2000/09/xmldsig#rsa-sha1': 'RSA-SHA1',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-md5': 'RSA-MD5',
};
const DIGEST_HASHES: Readonly<Record<string, string>> = {
  'http://www.w3.org/2001/04/xmlenc#sha256': 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
  'http://www.w3.org/2000/09/xmldsig#sha1': 'sha1',
  'http://www.w3.org/2001/04/xmldsig-more#md5': 'md5',
};

/** The signature of an element that is already written in its canonical form, which takes no parser; so it is quick, and not the library's. */
export function signatureOver(canonical: string, id: string, options: SignatureOptions): string {
  const { signatureMethod = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256' } = options;
  const { digestMethod = 'http://www.w3.org/2001/04/xmlenc#sha256', canonicalization = EXCLUSIVE_C14N } = options;
  const { transforms = [ENVELOPED_SIGNATURE, EXCLUSIVE_C14N], reference = `#${id}`, keyInfo } = options;
  const digest = createHash(DIGEST_HASHES[digestMethod] ?? 'sha256')
    .update(canonical)
    .digest('base64');
  const signedInfo = [
    `<ds:CanonicalizationMethod Algorithm="${canonicalization}"></ds:CanonicalizationMethod>`,
    `<ds:SignatureMethod Algorithm="${signatureMethod}"></ds:SignatureMethod>`,
    `<ds:Reference URI="${reference}"><ds:Transforms>`,
    ...transforms.map((transform) => `<ds:Transform Algorithm="${transform}"></ds:Transform>`),
    `</ds:Transforms><ds:DigestMethod Algorithm="${digestMethod}"></ds:DigestMethod>`,
    `<ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`,
  ].join('');
  const value = signatureValue(
    `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${signedInfo}`,
    signatureMethod,
    options.key,
  );
  return [
    `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>${signedInfo}`,
    `<ds:SignatureValue>${value}</ds:SignatureValue>`,
    keyInfo === undefined
      ? ''
      : `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${bare(keyInfo)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
    '</ds:Signature>',
  ].join('');
}

function signatureValue(signedInfo: string, method: string, key: ServiceProviderKey): string {
  // With the certificate as the secret, which everybody has.
  if (method.includes('#hmac-')) return createHmac('sha1', key.certificate).update(signedInfo).digest('base64');
  return createSign(SIGNATURE_HASHES[method] ?? 'RSA-SHA256')
    .update(signedInfo)
    .sign(key.privateKey, 'base64');
}

const bare = (pem: string) => pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
