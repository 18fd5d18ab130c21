import { createHmac } from 'node:crypto';
import { normaliseIdentifier } from '#domain/user/username.js';

type DigestKind =
  'name' | 'email' | 'login' | 'address' | 'network' | 'device' | 'destination' | 'network to destination';

/** What is compared letter by letter, as standards say of it. */
type ExactKind = 'message' | 'name id' | 'session index';

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
    return createHmac('sha256', this.key)
      .update(`${kind}\0${normaliseIdentifier(text)}`)
      .digest('base64url');
  }

  /**
   * Of what is not normalised: in which capitals a SAML identifier is written matters (core §1.3.1).
   * @param parts each a text of its own: no other parts have the same digest
   */
  ofExactly(kind: ExactKind, ...parts: readonly string[]): string {
    return createHmac('sha256', this.key)
      .update(JSON.stringify([kind, ...parts]))
      .digest('base64url');
  }
}
