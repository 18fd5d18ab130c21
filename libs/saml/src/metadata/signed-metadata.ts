import { SignedXml } from 'xml-crypto';
import { attributeOf, childElements, childrenNamed, isNamed } from '../xml/elements.js';
import { XML_SIGNATURE } from '../xml/namespaces.js';
import { MetadataRefused } from './metadata-refused.js';

const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SIGNATURES: ReadonlySet<string | null> = new Set([
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
]);
const DIGESTS: ReadonlySet<string | null> = new Set([
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
]);

/**
 * The bytes that were signed with the key of a pinned certificate: nothing else of the document is to be read (SEC-109, SEC-115).
 * Whatever certificate is in it is not looked at.
 *
 * @param root of the same text
 * @param certificates PEM; several while the key of the feed rolls over
 * @throws MetadataRefused
 */
export function verifiedMetadata(text: string, root: Element, certificates: readonly string[]): string {
  const [signature, ...more] = childrenNamed(root, XML_SIGNATURE, 'Signature');
  if (signature === undefined) throw new MetadataRefused('is not signed');
  if (more.length > 0) throw new MetadataRefused('has more than one signature of the whole');
  demandKnownForm(signature, root);
  for (const publicCert of certificates) {
    const signed = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
    signed.loadSignature(signature);
    if (!isGenuine(signed, text)) continue;
    const [bytes, ...others] = signed.getSignedReferences();
    if (bytes !== undefined && others.length === 0) return bytes;
  }
  throw new MetadataRefused(
    'was changed after it was signed, or signed with another key than that of a pinned certificate',
  );
}

function isGenuine(signed: SignedXml, text: string): boolean {
  try {
    return signed.checkSignature(text);
  } catch {
    return false;
  }
}

/** One reference, to the whole, with the two transforms that leave all of it, and algorithms that nobody can forge. */
function demandKnownForm(signature: Element, root: Element): void {
  const [info, value, keyInfo, ...surplus] = childElements(signature);
  const isShaped =
    info !== undefined &&
    isNamed(info, XML_SIGNATURE, 'SignedInfo') &&
    value !== undefined &&
    isNamed(value, XML_SIGNATURE, 'SignatureValue') &&
    (keyInfo === undefined || isNamed(keyInfo, XML_SIGNATURE, 'KeyInfo')) &&
    surplus.length === 0;
  if (!isShaped) throw new MetadataRefused('has a signature of an unknown form');
  const [canonicalization, method, reference, ...more] = childElements(info);
  if (canonicalization === undefined || method === undefined || reference === undefined || more.length > 0)
    throw new MetadataRefused('is not signed as a whole');
  const algorithms = [algorithmOf(canonicalization, 'CanonicalizationMethod'), algorithmOf(method, 'SignatureMethod')];
  if (algorithms[0] !== EXCLUSIVE_C14N || !SIGNATURES.has(algorithms[1] ?? null))
    throw new MetadataRefused(`is signed with an algorithm that is not allowed: ${algorithms.join(', ')}`);
  const uri = reference.getAttribute('URI');
  if (!isNamed(reference, XML_SIGNATURE, 'Reference') || (uri !== '' && uri !== `#${attributeOf(root, 'ID')}`))
    throw new MetadataRefused('is not signed as a whole');
  demandKnownReference(reference);
}

function demandKnownReference(reference: Element): void {
  const [transforms, digest, value, ...more] = childElements(reference);
  const names = (transforms === undefined ? [] : childElements(transforms)).map((each) =>
    algorithmOf(each, 'Transform'),
  );
  if (names.length !== 2 || names[0] !== ENVELOPED || names[1] !== EXCLUSIVE_C14N)
    throw new MetadataRefused('is signed with transforms that are not allowed');
  if (digest === undefined || value === undefined || more.length > 0)
    throw new MetadataRefused('has a signature of an unknown form');
  const algorithm = algorithmOf(digest, 'DigestMethod');
  if (!DIGESTS.has(algorithm))
    throw new MetadataRefused(`is signed with an algorithm that is not allowed: ${algorithm}`);
}

const algorithmOf = (element: Element, name: string): string | null =>
  isNamed(element, XML_SIGNATURE, name) ? attributeOf(element, 'Algorithm') : null;
