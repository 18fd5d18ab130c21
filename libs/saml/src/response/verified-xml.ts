import { SamlRefused } from '#domain/saml/saml-refused.js';
import { signatureOf } from './response-structure.js';
import { signedBytes } from './signed-bytes.js';

/**
 * An element as its signature is over it: nothing else of the message is to be believed (SEC-109).
 * @param certificates PEM; a signature by any of them is good, and what is in the message itself is not looked at (SEC-108)
 * @throws SamlRefused `signature-wrong`
 */
export function verifiedXml(element: Element, certificates: readonly string[]): string {
  const signature = signatureOf(element);
  const xml = signature === null ? null : signedBytes(element, signature, certificates);
  if (xml === null) throw new SamlRefused('signature-wrong');
  return xml;
}
