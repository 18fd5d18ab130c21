import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type SessionId, asSessionId, isUuid } from '#domain/ids.js';
import type { PresentedSecret } from '#domain/session/session.js';

/** What goes to the client, and what the log keeps of it. */
export interface IssuedRefreshToken {
  readonly token: string;
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
}

/** A refresh token that a client sent, taken apart. */
export interface PresentedRefreshToken {
  readonly sessionId: SessionId;
  readonly presented: PresentedSecret;
  /** The only token that can follow this one. */
  readonly successor: IssuedRefreshToken;
}

const ENTROPY_BYTES = 32;
const MARK_BYTES = 16;
const ID_LENGTH = 36;
/** Shorter secrets could be guessed; longer ones are none of ours. */
const SECRET = /^[\x21-\x7e]{32,512}$/;

/** The two parts of a text of the form `<id>.<secret>`; null for any other. */
export function splitToken(token: string): { id: string; secret: string } | null {
  const id = token.slice(0, ID_LENGTH);
  const secret = token.slice(ID_LENGTH + 1);
  if (!isUuid(id) || token[ID_LENGTH] !== '.' || !SECRET.test(secret)) return null;
  return { id, secret };
}

/** The same for a text that may be a refresh token. */
export function splitRefreshToken(token: string): { sessionId: SessionId; secret: string } | null {
  const parts = splitToken(token);
  return parts && { sessionId: asSessionId(parts.id), secret: parts.secret };
}

/** SHA-256, base64url: what the log keeps of a secret. */
export const hashOf = (secret: string) => createHash('sha256').update(secret).digest('base64url');

/**
 * Refresh tokens: `<sid>.<secret>`. A secret of ours is 256 random bits and a mark of 128 bits over them (HMAC), so that a
 * secret which was issued once can be told from an invented one without keeping the spent ones: session ids are public,
 * and inventing a secret must not end anyone's session.
 *
 * The secret after a rotation is a keyed hash of the one before (HMAC-SHA-256 under a key of the installation). A client
 * whose answer was lost therefore gets the same successor again, on any node, and nothing that leads to it is stored: it
 * takes the presented token and the key to compute it (SEC-91).
 */
export class RefreshTokens {
  /** @param key 256 bits of the installation; see Vault.derivedKey */
  constructor(private readonly key: Uint8Array) {}

  /**
   * The first token of a session.
   * @param commandId given when the caller chose it, so that the command repeated gives the same token
   */
  issue(sessionId: SessionId, commandId?: string): IssuedRefreshToken {
    const entropy = commandId === undefined ? randomBytes(ENTROPY_BYTES) : this.mac('opening', sessionId, commandId);
    return this.assemble(sessionId, entropy);
  }

  /** Takes a token apart; null for a text that is none. */
  parse(token: string): PresentedRefreshToken | null {
    const parts = splitRefreshToken(token);
    if (parts === null) return null;
    const { sessionId, secret } = parts;
    return {
      sessionId,
      presented: { hash: hashOf(secret), genuine: this.isMarked(sessionId, secret) },
      successor: this.assemble(sessionId, this.mac('successor', sessionId, secret)),
    };
  }

  private assemble(sessionId: SessionId, entropy: Buffer): IssuedRefreshToken {
    const secret = Buffer.concat([entropy, this.mark(sessionId, entropy)]).toString('base64url');
    return { token: `${sessionId}.${secret}`, secretHash: hashOf(secret) };
  }

  private isMarked(sessionId: SessionId, secret: string): boolean {
    const bytes = Buffer.from(secret, 'base64url');
    // Decoding overlooks what does not belong there: a slip of the keyboard is no spent secret.
    if (bytes.length !== ENTROPY_BYTES + MARK_BYTES || bytes.toString('base64url') !== secret) return false;
    return timingSafeEqual(bytes.subarray(ENTROPY_BYTES), this.mark(sessionId, bytes.subarray(0, ENTROPY_BYTES)));
  }

  private mark = (sessionId: SessionId, entropy: Buffer) =>
    this.mac('mark', sessionId, entropy).subarray(0, MARK_BYTES);

  private mac = (purpose: 'opening' | 'successor' | 'mark', sessionId: SessionId, over: string | Buffer) =>
    createHmac('sha256', this.key).update(`${purpose}\0${sessionId}\0`).update(over).digest();
}
