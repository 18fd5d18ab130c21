/** The namespaces of the elements that are read. */
export const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const XMLDSIG = 'http://www.w3.org/2000/09/xmldsig#';
export const XMLENC = 'http://www.w3.org/2001/04/xmlenc#';
export const XMLENC11 = 'http://www.w3.org/2009/xmlenc11#';

const ELEMENT_NODE = 1;
const isElement = (node: Node): node is Element => node.nodeType === ELEMENT_NODE;

export const isNamed = (element: Element, namespace: string, localName: string): boolean =>
  element.namespaceURI === namespace && element.localName === localName;

export function childElements(parent: Element): Element[] {
  const children: Element[] = [];
  for (let node = parent.firstChild; node !== null; node = node.nextSibling) if (isElement(node)) children.push(node);
  return children;
}

export const childrenNamed = (parent: Element, namespace: string, localName: string): Element[] =>
  childElements(parent).filter((child) => isNamed(child, namespace, localName));

/** @returns null unless there is exactly one */
export function onlyChild(parent: Element, namespace: string, localName: string): Element | null {
  const [child, ...more] = childrenNamed(parent, namespace, localName);
  return child !== undefined && more.length === 0 ? child : null;
}

export function parentOf(element: Element): Element | null {
  const parent = element.parentNode;
  return parent !== null && isElement(parent) ? parent : null;
}

/** All elements below and including this one, in the order of the document. */
export function elementsOf(root: Element): Element[] {
  const elements: Element[] = [];
  const visit = (element: Element): void => {
    elements.push(element);
    for (const child of childElements(element)) visit(child);
  };
  visit(root);
  return elements;
}

export const attributesOf = (element: Element): Attr[] =>
  Array.from({ length: element.attributes.length }, (_, index) => element.attributes.item(index)).filter(
    (attribute) => attribute !== null,
  );

/** @returns null for an attribute that is not there, also for one in a namespace */
export function attributeOf(element: Element, name: string): string | null {
  return element.getAttributeNode(name)?.value ?? null;
}

/** What stands in an element that has text alone, without white space around it; null for one with elements in it, and for none. */
export function textOf(element: Element | null): string | null {
  if (element === null || childElements(element).length > 0) return null;
  return (element.textContent ?? '').trim();
}
