import { DOMParser } from '@xmldom/xmldom';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { attributesOf, elementsOf } from './elements.js';
import { demandSimpleMarkup, MESSAGE_LIMITS, type MarkupLimits } from './markup.js';

const fail = () => {
  throw new SamlRefused('xml-invalid');
};
// By default all of these are only written to the console, and what is missing is made up.
const errorHandler = { warning: fail, error: fail, fatalError: fail };

/**
 * The root of a document whose markup is simple and not too much.
 * @throws SamlRefused `markup-forbidden`, `too-complex`, `xml-invalid`
 */
export function parseXml(xml: string, limits: MarkupLimits = MESSAGE_LIMITS): Element {
  demandSimpleMarkup(xml, limits);
  const root = parse(xml);
  if (root === null || !elementsOf(root).every(hasDeclaredPrefixes)) throw new SamlRefused('xml-invalid');
  return root;
}

function parse(xml: string): Element | null {
  try {
    return new DOMParser({ locator: {}, errorHandler }).parseFromString(xml, 'text/xml').documentElement;
  } catch {
    // Errors of several classes; each of them means that it is no XML.
    throw new SamlRefused('xml-invalid');
  }
}

/** The parser takes a prefix that nobody has declared for one that means nothing. */
const hasDeclaredPrefixes = (element: Element): boolean =>
  [element, ...attributesOf(element)].every(({ prefix, namespaceURI }) => isNone(prefix) || !isNone(namespaceURI));

const isNone = (name: string | null | undefined) => name === null || name === undefined || name === '';
