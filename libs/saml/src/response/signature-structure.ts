import { SamlRefused } from '#domain/saml/saml-refused.js';
import { SIGNATURE_ALGORITHMS } from '../rsa-signature.js';
import { attributeOf, attributesOf, childElements, elementsOf, isNamed, textOf, XMLDSIG } from '../xml/elements.js';

const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED_SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const DIGEST_METHODS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
]);
// Ten, and those of certificates that come along.
const MAX_ELEMENTS = 40;
const BASE64_LINES = /^[A-Za-z0-9+/\s]+={0,2}$/;

/** For each of them the document is walked up; nobody has more than three or four. */
const MAX_PREFIXES = 16;
const PREFIX = /^(?:#default|[A-Za-z_][A-Za-z0-9_.-]{0,63})$/;

/**
 * The one shape of a signature that is looked at: of the element around it, whole, canonical, with SHA-2 and RSA
 * (SAML core §5.4; SEC-108, SEC-109). Leaves no two ways to read it, whoever reads it next.
 * @param signed the element that has it as a child
 * @throws SamlRefused `signature-malformed`, `algorithm-not-allowed`
 */
export function demandSignatureStructure(signature: Element, signed: Element): void {
  if (elementsOf(signature).length > MAX_ELEMENTS) throw malformed();
  const [signedInfo, signatureValue] = demandChildren(
    signature,
    ['SignedInfo', 'SignatureValue'],
    ['SignedInfo', 'SignatureValue', 'KeyInfo'],
  );
  demandBase64(signatureValue);

  const [canonicalization, signatureMethod, reference] = demandChildren(signedInfo, [
    'CanonicalizationMethod',
    'SignatureMethod',
    'Reference',
  ]);
  demandAlgorithm(canonicalization, new Set([EXCLUSIVE_C14N]));
  demandAlgorithm(signatureMethod, SIGNATURE_ALGORITHMS);
  demandPrefixListAtMost(canonicalization);
  demandChildren(signatureMethod, []);

  const id = attributeOf(signed, 'ID');
  if (id === null || attributeOf(demandElement(reference), 'URI') !== `#${id}`) throw malformed();
  const [transforms, digestMethod, digestValue] = demandChildren(reference, [
    'Transforms',
    'DigestMethod',
    'DigestValue',
  ]);
  demandAlgorithm(digestMethod, DIGEST_METHODS);
  demandChildren(digestMethod, []);
  demandBase64(digestValue);

  const [enveloped, canonical] = demandChildren(transforms, ['Transform', 'Transform']);
  demandAlgorithm(enveloped, new Set([ENVELOPED_SIGNATURE]));
  demandAlgorithm(canonical, new Set([EXCLUSIVE_C14N]));
  demandChildren(enveloped, []);
  demandPrefixListAtMost(canonical);
}

/**
 * That the children are these, in this order.
 * @returns them; typed as perhaps missing, which none of the required is
 */
function demandChildren(parent: Element | undefined, required: readonly string[], allowed = required): Element[] {
  const children = childElements(demandElement(parent));
  const areThese = children.every((child, index) => isNamed(child, XMLDSIG, allowed[index] ?? ''));
  if (!areThese || children.length < required.length || children.length > allowed.length) throw malformed();
  return children;
}

function demandAlgorithm(element: Element | undefined, allowed: ReadonlySet<string>): void {
  // A second attribute of that name, in a namespace, may be the one that others read.
  const [algorithm, ...more] = attributesOf(demandElement(element)).filter(
    ({ localName }) => localName === 'Algorithm',
  );
  if (algorithm === undefined || algorithm.prefix !== null || more.length > 0) throw malformed();
  if (!allowed.has(algorithm.value)) throw new SamlRefused('algorithm-not-allowed');
}

/** Namespaces that are kept though nothing uses them: some sign with such a list, and it takes nothing away. */
function demandPrefixListAtMost(element: Element | undefined): void {
  const children = childElements(demandElement(element));
  const [list, ...more] = children;
  if (list === undefined) return;
  const prefixes = prefixesIn(list);
  const isShort = prefixes.length <= MAX_PREFIXES && prefixes.every((prefix) => PREFIX.test(prefix));
  if (more.length > 0 || !isNamed(list, EXCLUSIVE_C14N, 'InclusiveNamespaces') || !isShort) throw malformed();
}

/** Those that a list names, each once. */
export const prefixesIn = (list: Element): string[] => [
  ...new Set((attributeOf(list, 'PrefixList') ?? '').split(/\s+/).filter((prefix) => prefix !== '')),
];

function demandBase64(element: Element | undefined): void {
  if (!BASE64_LINES.test(textOf(demandElement(element)) ?? '')) throw malformed();
}

function demandElement(element: Element | undefined): Element {
  if (element === undefined) throw malformed();
  return element;
}

const malformed = () => new SamlRefused('signature-malformed');
