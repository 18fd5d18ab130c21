import { timingSafeEqual } from 'node:crypto';
import type { SessionId } from '#domain/ids.js';
import { keyedHash } from './keyed-hash.js';

/**
 * The value a browser sends beside its cookie, which another site cannot know: a keyed hash of the session's id (SEC-119),
 * so it stays the same for the session's life (ucloud-users-api §10.3) and is stored nowhere.
 */
export class CsrfTokens {
  /** @param key 256 bits of the installation; see Vault.derivedKey */
  constructor(private readonly key: Uint8Array) {}

  /** Base64url. */
  of(sessionId: SessionId): string {
    return keyedHash(this.key, sessionId).toString('base64url');
  }

  matches(sessionId: SessionId, token: string): boolean {
    const expected = Buffer.from(this.of(sessionId));
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
