import { createHash } from 'node:crypto';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { isSignedBy } from '../rsa-signature.js';
import { prefixesIn } from './signature-structure.js';
import {
  attributeOf,
  attributesOf,
  childElements,
  elementsOf,
  isNamed,
  onlyChild,
  parentOf,
  textOf,
  XMLDSIG,
} from '../xml/elements.js';

/**
 * Checks a signature whose structure has been checked: first whether its SignedInfo is of one of the certificates, which is cheap
 * and needs nothing else of the message, then whether the element is what was signed. Canonicalization is xml-crypto's; node-saml, which
 * is built on it, says the same of all that the tests have it look at, and takes five times as long (docs/decisions/0026).
 * @param certificates PEM
 * @returns the element in the form that the signature is over; null for a wrong signature
 */
export function signedBytes(signed: Element, signature: Element, certificates: readonly string[]): string | null {
  const signedInfo = onlyChild(signature, XMLDSIG, 'SignedInfo');
  const algorithm = algorithmIn(signedInfo, 'SignatureMethod');
  const value = textOf(onlyChild(signature, XMLDSIG, 'SignatureValue'));
  if (signedInfo === null || value === null) return null;
  const text = canonical(signedInfo, onlyChild(signedInfo, XMLDSIG, 'CanonicalizationMethod'));
  if (!isSignedBy(certificates, { text, algorithm, signature: Buffer.from(value, 'base64') })) return null;

  const transforms = elementsOf(signedInfo).filter((element) => isNamed(element, XMLDSIG, 'Transform'));
  const xml = canonical(signed, transforms.at(-1) ?? null);
  const reference = onlyChild(signedInfo, XMLDSIG, 'Reference');
  const hash = algorithmIn(reference, 'DigestMethod').endsWith('sha512') ? 'sha512' : 'sha256';
  const expected = reference === null ? null : textOf(onlyChild(reference, XMLDSIG, 'DigestValue'));
  const digest = createHash(hash).update(xml).digest();
  return digest.equals(Buffer.from(expected ?? '', 'base64')) ? xml : null;
}

function algorithmIn(parent: Element | null, name: string): string {
  const element = parent === null ? null : onlyChild(parent, XMLDSIG, name);
  return (element === null ? null : attributeOf(element, 'Algorithm')) ?? '';
}

/**
 * Without the signature in it (Exclusive XML Canonicalization §3).
 * @param method may list prefixes that are kept though nothing uses them
 */
function canonical(element: Element, method: Element | null): string {
  const copy = element.cloneNode(true) as Element;
  const signature = onlyChild(copy, XMLDSIG, 'Signature');
  if (signature !== null) copy.removeChild(signature);
  const prefixes = method === null ? [] : childElements(method).flatMap(prefixesIn);
  return new ExclusiveCanonicalization().process(copy, {
    inclusiveNamespacesPrefixList: prefixes,
    ancestorNamespaces: prefixes.length === 0 ? [] : namespacesAround(element),
  });
}

function namespacesAround(element: Element): { prefix: string; namespaceURI: string }[] {
  const namespaces = new Map<string, string>();
  for (let around = parentOf(element); around !== null; around = parentOf(around))
    for (const { prefix, localName, value } of attributesOf(around))
      if (prefix === 'xmlns' && !namespaces.has(localName)) namespaces.set(localName, value);
  return [...namespaces].map(([prefix, namespaceURI]) => ({ prefix, namespaceURI }));
}
