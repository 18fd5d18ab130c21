import { getVerifiedXml } from '@node-saml/node-saml/lib/xml.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { signatureOf } from './response-structure.js';
import { signedBytes } from './signed-bytes.js';

/** In characters, of the document around what is signed, certificates included: the library reads all of it several times. */
const MAX_UNSIGNED = 20_000;

/**
 * An element as its signature is over it: nothing else of the message is to be believed (SEC-109). The library has the last word.
 * Of it this is the check of signatures alone, for it would tell the time by itself, and leave out much of what has to be asked;
 * and it is asked only about what our own check of the same has let through, for it takes some milliseconds.
 * @param xml the document, with the element in it
 * @param certificates PEM; a signature by any of them is good, and what is in the message itself is not looked at (SEC-108)
 * @throws SamlRefused `signature-wrong`, `too-complex`
 */
export function verifiedXml(xml: string, element: Element, certificates: readonly string[]): string {
  const signature = signatureOf(element);
  const signed = signature === null ? null : signedBytes(element, signature, certificates);
  if (signed === null) throw new SamlRefused('signature-wrong');
  if (xml.length > signed.xml.length + MAX_UNSIGNED) throw new SamlRefused('too-complex');
  if (verifiedByLibrary(xml, element, signed.certificate) !== signed.xml) throw new SamlRefused('signature-wrong');
  return signed.xml;
}

function verifiedByLibrary(xml: string, element: Element, certificate: string): string | null {
  try {
    return getVerifiedXml(xml, element, [certificate]);
  } catch {
    // Plain errors, with parts of the message in them.
    return null;
  }
}
