import { type KeyObject, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** A value that only the holder of its key can read: AES-256-GCM (NIST SP 800-38D); all parts base64url. */
export interface Sealed {
  readonly sealed: 'A256GCM';
  /** The id of the key. */
  readonly key: string;
  readonly iv: string;
  readonly text: string;
  readonly tag: string;
}

/** A data key and its id. */
export interface DataKey {
  readonly id: string;
  readonly key: KeyObject;
}

const IV_BYTES = 12;

export const isSealed = (value: unknown): value is Sealed =>
  typeof value === 'object' && value !== null && 'sealed' in value && value.sealed === 'A256GCM';

/** @param place where the value stands; it can be opened nowhere else (SEC-148) */
export function seal(value: unknown, { id, key }: DataKey, place: string): Sealed {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place));
  const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return {
    sealed: 'A256GCM',
    key: id,
    iv: iv.toString('base64url'),
    text: text.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
  };
}

/** @throws Error if the value was changed, moved, or sealed with another key */
export function unseal({ iv, text, tag }: Sealed, key: KeyObject, place: string): unknown {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
    .setAAD(Buffer.from(place))
    .setAuthTag(Buffer.from(tag, 'base64url'));
  const clear = Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]);
  return JSON.parse(clear.toString('utf8'));
}
