import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { ServiceProviderKey } from '../parties.js';
import { parseXml } from '../xml/parse-xml.js';
import { decryptedAssertion } from './decrypted-assertion.js';
import {
  demandAssertionStructure,
  demandResponseStructure,
  isSigned,
  type ResponseStructure,
} from './response-structure.js';
import { verifiedXml } from './verified-xml.js';

interface Keys {
  /** Of the identity provider, PEM. */
  readonly certificates: readonly string[];
  readonly decryptionKeys: readonly ServiceProviderKey[];
}

/**
 * The assertion, read again from the bytes that a signature is over: its own, else the one of the response. Every signature that
 * is there has to be right.
 * @throws SamlRefused `signature-missing`, `signature-wrong`, `decryption-failed`, or for the structure of what was encrypted
 */
export function verifiedAssertionElement(structure: ResponseStructure, keys: Keys): Element {
  const isResponseSigned = isSigned(structure.response);
  // What follows is taken from what was signed, if the response was.
  const { assertion } = isResponseSigned
    ? demandResponseStructure(parseXml(verifiedXml(structure.response, keys.certificates)))
    : structure;
  if (assertion.localName === 'EncryptedAssertion') return decryptedElement(assertion, isResponseSigned, keys);
  if (!isSigned(structure.assertion)) return assertion;
  return parseXml(verifiedXml(structure.assertion, keys.certificates));
}

function decryptedElement(encrypted: Element, isVerified: boolean, keys: Keys): Element {
  const decrypted = decryptedAssertion(encrypted, keys.decryptionKeys);
  const assertion = parseDecrypted(decrypted);
  demandAssertionStructure(assertion);
  if (isSigned(assertion)) return parseXml(verifiedXml(assertion, keys.certificates));
  if (!isVerified) throw new SamlRefused('signature-missing');
  return assertion;
}

/** What becomes XML, and what does not, is not told apart from outside. */
function parseDecrypted(decrypted: string): Element {
  try {
    return parseXml(decrypted);
  } catch {
    throw new SamlRefused('decryption-failed');
  }
}
