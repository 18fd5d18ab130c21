import { type KeyObject, createSecretKey } from 'node:crypto';
import { decrypt, encrypt } from './aead.js';

/**
 * Places in lists as their readers hold them: nobody can read, make or change one, and each goes on in the list it was made for,
 * on every node and after every restart (SEC-133).
 */
export class Cursors {
  private readonly key: KeyObject;

  /** @param key 256 bits; see Vault.derivedKey */
  constructor(key: Uint8Array) {
    this.key = createSecretKey(key);
  }

  /**
   * @param place JSON
   * @param list what the cursor goes on in: which list, with which filters, and whose
   */
  seal(place: unknown, list: string): string {
    const { iv, text, tag } = encrypt(JSON.stringify(place), this.key, list);
    return `${iv}.${text}.${tag}`;
  }

  /** The place; undefined for a cursor that is none, was changed, or belongs to another list. */
  open(cursor: string, list: string): unknown {
    const [iv = '', text = '', tag = '', ...more] = cursor.split('.');
    if (more.length > 0 || ![iv, text, tag].every(isCanonical)) return undefined;
    try {
      return JSON.parse(decrypt({ iv, text, tag }, this.key, list));
    } catch {
      return undefined;
    }
  }
}

/** Whether it is the one way to write these bytes: the decoder takes others for the same. */
const isCanonical = (text: string) => Buffer.from(text, 'base64url').toString('base64url') === text;
