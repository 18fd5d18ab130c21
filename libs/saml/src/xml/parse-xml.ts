import { DOMParser } from '@xmldom/xmldom';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { demandSimpleMarkup } from './markup.js';

const fail = () => {
  throw new SamlRefused('xml-invalid');
};
// By default all of these are only written to the console, and what is missing is made up.
const errorHandler = { warning: fail, error: fail, fatalError: fail };

/**
 * The root of a document whose markup is simple and not too much.
 * @throws SamlRefused `markup-forbidden`, `too-complex`, `xml-invalid`
 */
export function parseXml(xml: string): Element {
  demandSimpleMarkup(xml);
  const document = parse(xml);
  const root = document.documentElement as Element | null;
  if (root === null) throw new SamlRefused('xml-invalid');
  // The parser keeps text beside the root.
  for (let node = document.firstChild; node !== null; node = node.nextSibling)
    if (node !== root && node.nodeName !== 'xml' && node.nodeValue?.trim() !== '') throw new SamlRefused('xml-invalid');
  return root;
}

function parse(xml: string): Document {
  try {
    return new DOMParser({ locator: {}, errorHandler }).parseFromString(xml, 'text/xml');
  } catch {
    // Errors of several classes; each of them means that it is no XML.
    throw new SamlRefused('xml-invalid');
  }
}
