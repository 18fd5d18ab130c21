import { type KeyObject, type X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';

/** More than are trusted at any time; those of metadata that has changed since are of no use. */
const MOST_KEYS = 1_000;

/** To read a key takes longer than what is done with it. */
function remembering(read: (pem: string) => KeyObject): (pem: string) => KeyObject {
  const keys = new Map<string, KeyObject>();
  return (pem) => {
    const known = keys.get(pem);
    if (known !== undefined) return known;
    if (keys.size >= MOST_KEYS) keys.clear();
    const key = read(pem);
    keys.set(pem, key);
    return key;
  };
}

/** Of a certificate, PEM. */
export const publicKeyOf = remembering(createPublicKey);

/** @param pem without a passphrase */
export const privateKeyOf = remembering(createPrivateKey);

export const MIN_KEY_BITS = 2_048;

/** Whether a certificate has a key that messages or metadata may be signed with. */
export function hasStrongKey({ publicKey }: X509Certificate): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_KEY_BITS;
}
