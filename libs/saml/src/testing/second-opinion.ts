import { getVerifiedXml } from '@node-saml/node-saml/lib/xml.js';
import { DOMParser } from '@xmldom/xmldom';
import { signatureOf } from '../response/response-structure.js';
import { elementsOf, isNamed, SAML, SAMLP } from '../xml/elements.js';

const isMessage = (element: Element) => isNamed(element, SAMLP, 'Response') || isNamed(element, SAML, 'Assertion');

/**
 * What node-saml says of each signature in a message, from the outside in: the bytes that it is over, or null for a wrong one.
 * @param certificates PEM
 */
export function secondOpinion(xml: string, certificates: readonly string[]): (string | null)[] {
  const root = new DOMParser().parseFromString(xml, 'text/xml').documentElement;
  const signed = elementsOf(root).filter((element) => isMessage(element) && signatureOf(element) !== null);
  return signed.map((element) => verifiedByLibrary(xml, element, certificates));
}

function verifiedByLibrary(xml: string, element: Element, certificates: readonly string[]): string | null {
  try {
    return getVerifiedXml(xml, element, [...certificates]);
  } catch {
    return null;
  }
}
