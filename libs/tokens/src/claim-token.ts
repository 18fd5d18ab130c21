import { randomBytes } from 'node:crypto';
import { type UserId, asUserId } from '#domain/ids.js';
import { keyedHash } from './keyed-hash.js';
import { hashOf, splitToken } from './refresh-token.js';

/** What goes to whoever registers a provider, and what the log keeps of it. */
export interface IssuedClaimToken {
  readonly token: string;
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
}

/** A claim token that somebody sent, taken apart. */
export interface PresentedClaimToken {
  readonly userId: UserId;
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
}

const SECRET_BYTES = 32;

/** Claim tokens of providers: `<uid>.<secret>`, the secret 256 bits (SEC-66). */
export class ClaimTokens {
  /** @param key 256 bits of the installation; see Vault.derivedKey */
  constructor(private readonly key: Uint8Array) {}

  /** @param commandId given when the caller chose it, so that the command repeated gives the same token */
  issue(userId: UserId, commandId?: string): IssuedClaimToken {
    const bytes = commandId === undefined ? randomBytes(SECRET_BYTES) : keyedHash(this.key, userId, commandId);
    const secret = bytes.toString('base64url');
    return { token: `${userId}.${secret}`, secretHash: hashOf(secret) };
  }

  /** Takes a token apart; null for a text that is none. */
  parse(token: string): PresentedClaimToken | null {
    const parts = splitToken(token);
    return parts && { userId: asUserId(parts.id), secretHash: hashOf(parts.secret) };
  }
}
