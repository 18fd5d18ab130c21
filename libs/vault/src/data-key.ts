import { type KeyObject, createSecretKey } from 'node:crypto';
import { type Ciphertext, decrypt, encrypt } from './aead.js';

/** A sealed value as events carry it: which key opens it, and its ciphertext. */
export interface SealedValue extends Ciphertext {
  readonly sealed: 'A256GCM';
  readonly key: string;
}

/** The key that seals the personal data of one person; once it is destroyed, nobody can read that data again. */
export class DataKey {
  private readonly key: KeyObject;

  /** @param bytes 256 bits */
  constructor(
    readonly id: string,
    bytes: Uint8Array,
  ) {
    this.key = createSecretKey(bytes);
  }

  seal(value: unknown, place: string): SealedValue {
    return { sealed: 'A256GCM', key: this.id, ...encrypt(JSON.stringify(value), this.key, place) };
  }

  /** @throws Error if the value was changed, moved, or sealed with another key */
  unseal(value: SealedValue, place: string): unknown {
    return JSON.parse(decrypt(value, this.key, place));
  }
}
