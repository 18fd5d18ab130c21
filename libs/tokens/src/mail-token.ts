import { keyedHash } from './keyed-hash.js';
import { hashOf } from './refresh-token.js';

/** What a token may be used for; it is good for nothing else (SEC-54). */
export type MailTokenPurpose = 'email-confirmation' | 'email-undo' | 'password-reset';

/** A token that somebody shows, taken apart. */
export interface PresentedMailToken {
  /** Whose stream says whether it is good. */
  readonly subject: string;
  /** SHA-256 of the secret, base64url. */
  readonly hash: string;
}

const TOKEN = /^([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})$/;

/**
 * Tokens that are mailed: `<subject>.<secret>`. The secret is a keyed hash (HMAC-SHA-256, 256 bits) of what was asked for, so
 * whoever sends the mail, however often and on whatever node, makes the same one again, and the log holds SHA-256 of it.
 */
export class MailTokens {
  /** @param key 256 bits of the installation; see Vault.derivedKey */
  constructor(private readonly key: Uint8Array) {}

  /** @param requestId random, one for each request */
  of(purpose: MailTokenPurpose, subject: string, requestId: string): string {
    return `${subject}.${this.secretOf(purpose, subject, requestId)}`;
  }

  /** SHA-256 of its secret, base64url: what the log keeps. */
  hashOf(purpose: MailTokenPurpose, subject: string, requestId: string): string {
    return hashOf(this.secretOf(purpose, subject, requestId));
  }

  private secretOf = (purpose: MailTokenPurpose, subject: string, requestId: string) =>
    keyedHash(this.key, purpose, subject, requestId).toString('base64url');
}

/** The parts of a text that has the form of such a token; null for any other. */
export function splitMailToken(token: string): PresentedMailToken | null {
  const [, subject, secret] = TOKEN.exec(token) ?? [];
  return subject === undefined || secret === undefined ? null : { subject, hash: hashOf(secret) };
}
