import { SamlRefused } from '#domain/saml/saml-refused.js';
import { SUCCESS } from '../status.js';
import {
  attributeOf,
  attributesOf,
  childElements,
  childrenNamed,
  elementsOf,
  isNamed,
  onlyChild,
  SAML,
  SAMLP,
  XMLDSIG,
} from '../xml/elements.js';
import { demandSignatureStructure } from './signature-structure.js';

/** A response with one assertion, in which there is one way to read what is signed. */
export interface ResponseStructure {
  readonly response: Element;
  /** An Assertion, or an EncryptedAssertion. */
  readonly assertion: Element;
}

// An xs:ID, of the signs that are in use.
const ID = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/;
// Issuer, status, extensions and a signature: what is beside the assertion may be signed by nobody, and be made of anything.
const MAX_ELEMENTS_BESIDE = 80;

/**
 * That wrapping, moving or doubling anything leads nowhere, before signatures are looked at (SEC-109).
 * @param response the root of the document
 * @throws SamlRefused
 */
export function demandResponseStructure(response: Element): ResponseStructure {
  demandVersion(response);
  demandSuccess(response);
  const elements = elementsOf(response);
  const [assertion, ...moreAssertions] = elements.filter(({ localName }) => isAssertionName(localName));
  const isOnlyResponse = elements.filter(({ localName }) => localName === 'Response').length === 1;
  if (assertion === undefined || moreAssertions.length > 0 || !isOnlyResponse || !isChild(assertion, response))
    throw new SamlRefused('assertion-count');
  if (elements.length - elementsOf(assertion).length > MAX_ELEMENTS_BESIDE) throw new SamlRefused('too-complex');
  demandIds(elements, [response]);
  if (assertion.localName === 'EncryptedAssertion') demandSignatures(elements, [response]);
  else {
    demandAssertionElement(assertion);
    demandSignatures(elements, [response, assertion]);
  }
  return { response, assertion };
}

/**
 * That somebody vouches for it. What is encrypted may turn out to be signed.
 * @throws SamlRefused `signature-missing`
 */
export function demandSomeSignature({ response, assertion }: ResponseStructure): void {
  if (assertion.localName !== 'EncryptedAssertion' && !isSigned(response) && !isSigned(assertion))
    throw new SamlRefused('signature-missing');
}

/**
 * The same of a document that has an assertion alone, as decrypted.
 * @throws SamlRefused
 */
export function demandAssertionStructure(assertion: Element): void {
  if (!isNamed(assertion, SAML, 'Assertion')) throw new SamlRefused('assertion-count');
  const elements = elementsOf(assertion);
  if (elements.filter(({ localName }) => isAssertionName(localName) || localName === 'Response').length !== 1)
    throw new SamlRefused('assertion-count');
  demandIds(elements, []);
  demandAssertionElement(assertion);
  demandSignatures(elements, [assertion]);
}

/** The signature of an element; there is at most one where the structure has been checked. */
export const signatureOf = (signed: Element): Element | null => onlyChild(signed, XMLDSIG, 'Signature');

export const isSigned = (element: Element): boolean => signatureOf(element) !== null;

const isAssertionName = (localName: string) => localName === 'Assertion' || localName === 'EncryptedAssertion';

const isChild = (assertion: Element, response: Element) =>
  childElements(response).includes(assertion) && assertion.namespaceURI === SAML;

function demandVersion(element: Element): void {
  if (attributeOf(element, 'Version') !== '2.0') throw new SamlRefused('version-unsupported');
}

function demandAssertionElement(assertion: Element): void {
  demandVersion(assertion);
  if (!ID.test(attributeOf(assertion, 'ID') ?? '')) throw new SamlRefused('assertion-malformed');
}

function demandSuccess(response: Element): void {
  const status = onlyChild(response, SAMLP, 'Status');
  const code = status === null ? null : onlyChild(status, SAMLP, 'StatusCode');
  if (code === null || attributeOf(code, 'Value') !== SUCCESS) throw new SamlRefused('status-not-success');
}

/** However an attribute for ids is spelled: what is found by its id must be what was meant. */
function demandIds(elements: readonly Element[], needOne: readonly Element[]): void {
  const ids = elements.flatMap((element) =>
    attributesOf(element)
      .filter(({ localName }) => localName.toLowerCase() === 'id')
      .map(({ value }) => value),
  );
  const haveOne = needOne.every((element) => ID.test(attributeOf(element, 'ID') ?? ''));
  if (!haveOne || new Set(ids).size < ids.length) throw new SamlRefused('id-not-unique');
}

function demandSignatures(elements: readonly Element[], mayBeSigned: readonly Element[]): void {
  const signatures = elements.filter(({ localName }) => localName === 'Signature');
  const expected = mayBeSigned.flatMap((element) => {
    const own = childrenNamed(element, XMLDSIG, 'Signature');
    if (own.length > 1) throw new SamlRefused('signature-misplaced');
    return own.map((signature) => ({ signature, signed: element }));
  });
  // What an Object holds can be referred to, and be anything.
  if (signatures.length !== expected.length || elements.some(({ localName }) => localName === 'Object'))
    throw new SamlRefused('signature-misplaced');
  for (const { signature, signed } of expected) demandSignatureStructure(signature, signed);
}
