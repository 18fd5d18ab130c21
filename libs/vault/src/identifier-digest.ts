import { createHmac } from 'node:crypto';
import { normaliseIdentifier } from '#domain/user/username.js';

type DigestKind =
  'name' | 'email' | 'login' | 'address' | 'network' | 'device' | 'destination' | 'network to destination';

/** What is another thing in another spelling, as SAML says of its identifiers (core §1.3.1). */
type ExactKind = 'idp' | 'message' | 'name id' | 'session index';

/**
 * Turns a user name, an e-mail address, whatever was typed in its place, a device or an IP address into the id of a stream
 * or the key of a counter: a keyed hash (HMAC-SHA-256, base64url) of its normalised form, from which nobody without
 * the key can tell or guess it.
 */
export class IdentifierDigest {
  /** @param key 256 bits that never change; see Vault.derivedKey */
  constructor(private readonly key: Uint8Array) {}

  /** @param kind what the text is; the same text as something else has another digest */
  of(kind: DigestKind, text: string): string {
    return this.digest(kind, normaliseIdentifier(text));
  }

  /**
   * Of texts as they are, to the letter.
   * @param parts without the character NUL, which no XML has: no other parts have the same digest
   */
  exactly(kind: ExactKind, ...parts: readonly string[]): string {
    return this.digest(kind, parts.join('\0'));
  }

  private digest(kind: DigestKind | ExactKind, text: string): string {
    return createHmac('sha256', this.key).update(`${kind}\0${text}`).digest('base64url');
  }
}
