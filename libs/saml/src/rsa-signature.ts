import { sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { privateKeyOf, publicKeyOf } from './keys.js';

export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

/** What may sign, and how Node calls its hash; nothing with SHA-1 or MD5 (SEC-108). */
const HASHES: ReadonlyMap<string, string> = new Map([
  [RSA_SHA256, 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha512'],
]);

/** Their names, as messages say them. */
export const SIGNATURE_ALGORITHMS: ReadonlySet<string> = new Set(HASHES.keys());

const signBesides = promisify(sign);

/** A signature with RSA-SHA256, base64; a millisecond's work, in a thread of its own. @param privateKey PEM */
export const signText = async (text: string, privateKey: string): Promise<string> =>
  (await signBesides('sha256', Buffer.from(text), privateKeyOf(privateKey))).toString('base64');

/** Whether one of the certificates has the key that signed the text. @param certificates PEM, of RSA keys */
export function isSignedBy(
  certificates: readonly string[],
  { text, algorithm, signature }: { readonly text: string; readonly algorithm: string; readonly signature: Buffer },
): boolean {
  const hash = HASHES.get(algorithm);
  if (hash === undefined) return false;
  return certificates.some((certificate) => {
    const publicKey = publicKeyOf(certificate);
    return publicKey.asymmetricKeyType === 'rsa' && verify(hash, Buffer.from(text), publicKey, signature);
  });
}
