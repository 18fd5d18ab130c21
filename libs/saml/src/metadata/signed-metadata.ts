import { type SamlFault } from '#domain/saml/saml-fault.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { demandSignatureStructure } from '../response/signature-structure.js';
import { verifiedXml } from '../response/verified-xml.js';
import { childrenNamed, XMLDSIG } from '../xml/elements.js';
import { MetadataRefused } from './metadata-refused.js';

const WORDS: Partial<Record<SamlFault, string>> = {
  'signature-missing': 'is not signed',
  'signature-misplaced': 'has more than one signature of the whole',
  'signature-malformed': 'is signed in another way than as a whole, by its id',
  'algorithm-not-allowed': 'is signed with an algorithm that is not allowed',
  'signature-wrong': 'was changed after it was signed, or signed with another key than that of a pinned certificate',
};

/**
 * The bytes that were signed with the key of a pinned certificate, by the rules for messages: nothing else of the document is to be
 * read (SEC-109, SEC-115).
 *
 * @param root of the document
 * @param certificates PEM; several while the key of the feed rolls over
 * @throws MetadataRefused
 */
export function verifiedMetadata(root: Element, certificates: readonly string[]): string {
  try {
    const [signature, ...more] = childrenNamed(root, XMLDSIG, 'Signature');
    if (signature === undefined) throw new SamlRefused('signature-missing');
    if (more.length > 0) throw new SamlRefused('signature-misplaced');
    demandSignatureStructure(signature, root);
    return verifiedXml(root, certificates);
  } catch (error) {
    if (error instanceof SamlRefused) throw new MetadataRefused(WORDS[error.fault] ?? error.fault);
    throw error;
  }
}
