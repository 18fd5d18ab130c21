import { SamlRefused } from '#domain/saml/saml-refused.js';

/** In characters of base64; a response of the hub has some 12,000. */
export const MAX_SAML_RESPONSE = 200_000;

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const BYTE_ORDER_MARK = '\u{feff}';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The document in a `SAMLResponse` field (SAML bindings §3.5.4): base64, that may be broken into lines, of UTF-8.
 * @throws SamlRefused `too-large`, `form-malformed`, `encoding-invalid`
 */
export function decodeSamlResponse(field: string): string {
  if (field.length > MAX_SAML_RESPONSE) throw new SamlRefused('too-large');
  const base64 = field.replaceAll(/[\r\n]/g, '');
  if (base64.length % 4 !== 0 || !BASE64.test(base64)) throw new SamlRefused('form-malformed');
  const xml = decodeUtf8(Buffer.from(base64, 'base64'));
  if (xml.startsWith(BYTE_ORDER_MARK)) throw new SamlRefused('encoding-invalid');
  return xml;
}

/** @throws SamlRefused `encoding-invalid` */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new SamlRefused('encoding-invalid');
  }
}
