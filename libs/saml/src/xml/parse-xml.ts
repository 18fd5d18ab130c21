import { DOMParser } from '@xmldom/xmldom';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { childElements } from './elements.js';
import { demandPlainMarkup, type MarkupLimits } from './markup.js';

/** More than any message that is exchanged has. */
export const MESSAGE_LIMITS: MarkupLimits = {
  maxCharacters: 200_000,
  maxElements: 2_000,
  maxDepth: 40,
  maxAttributes: 40,
};

const ELEMENT_NODE = 1;
const COMMENT_NODE = 8;

const refuse = () => {
  throw new SamlRefused('xml-invalid');
};

/**
 * The root of a document that is plain (see `demandPlainMarkup`) and well-formed. Whatever the parser would only warn of is refused:
 * where two readers of a document may differ, one of them can be deceived.
 *
 * @throws SamlRefused
 */
export function parseXml(text: string, limits: MarkupLimits): Element {
  demandPlainMarkup(text, limits);
  const root = onlyRoot(parse(text));
  if (root === null || !isBound(root)) throw new SamlRefused('xml-invalid');
  return root;
}

function parse(text: string): Document {
  try {
    const errorHandler = { warning: refuse, error: refuse, fatalError: refuse };
    return new DOMParser({ errorHandler }).parseFromString(text, 'text/xml');
  } catch (error) {
    throw error instanceof SamlRefused ? error : new SamlRefused('xml-invalid');
  }
}

/** Nothing stands beside it but comments, blanks and the declaration. */
function onlyRoot(document: Document): Element | null {
  const [root, ...more] = Array.from(document.childNodes).filter(
    (node) => node.nodeType !== COMMENT_NODE && node.nodeName !== 'xml' && node.nodeValue?.trim() !== '',
  );
  return root?.nodeType === ELEMENT_NODE && more.length === 0 ? (root as Element) : null;
}

/** Every prefix in it stands for a namespace. */
function isBound(element: Element): boolean {
  const named: readonly (Element | Attr)[] = [element, ...Array.from(element.attributes)];
  return (
    named.every(({ prefix, namespaceURI }) => !prefix || Boolean(namespaceURI)) && childElements(element).every(isBound)
  );
}
