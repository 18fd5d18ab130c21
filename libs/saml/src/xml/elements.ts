import { SamlRefused } from '#domain/saml/saml-refused.js';

const ELEMENT_NODE = 1;

/** The children of this name, in their order; their prefixes mean nothing. */
export const childrenNamed = (parent: Element, namespace: string, name: string): Element[] =>
  childElements(parent).filter((child) => isNamed(child, namespace, name));

/** Its one child of this name, or null for none. @throws SamlRefused 'xml-invalid' for several */
export function childNamed(parent: Element, namespace: string, name: string): Element | null {
  const [child = null, ...more] = childrenNamed(parent, namespace, name);
  if (more.length > 0) throw new SamlRefused('xml-invalid');
  return child;
}

export const isNamed = (element: Element, namespace: string, name: string): boolean =>
  element.namespaceURI === namespace && element.localName === name;

export const childElements = (parent: Element): Element[] =>
  Array.from(parent.childNodes).filter((node): node is Element => node.nodeType === ELEMENT_NODE);

/** An attribute without a prefix; null for none, and for one that is empty. */
export const attributeOf = (element: Element, name: string): string | null => element.getAttribute(name) || null;

/** All of it, whatever comments stand in between; without blanks around it. @throws SamlRefused 'xml-invalid' for elements in it */
export function textOf(element: Element): string {
  if (childElements(element).length > 0) throw new SamlRefused('xml-invalid');
  return (element.textContent ?? '').trim();
}
