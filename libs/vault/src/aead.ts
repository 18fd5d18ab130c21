import { type KeyObject, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** What AES-256-GCM makes of a text (NIST SP 800-38D); all parts base64url. */
export interface Ciphertext {
  readonly iv: string;
  readonly text: string;
  readonly tag: string;
}

const IV_BYTES = 12;

/** @param place what the text is and where it stands; it can be decrypted as nothing else (SEC-148) */
export function encrypt(text: string, key: KeyObject, place: string): Ciphertext {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place));
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return {
    iv: iv.toString('base64url'),
    text: encrypted.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
  };
}

/** @throws Error if the ciphertext was changed or moved, or the key is another one */
export function decrypt({ iv, text, tag }: Ciphertext, key: KeyObject, place: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), { authTagLength: 16 })
    .setAAD(Buffer.from(place))
    .setAuthTag(Buffer.from(tag, 'base64url'));
  return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
}
