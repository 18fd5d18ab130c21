import { createHmac } from 'node:crypto';

/**
 * HMAC-SHA-256 over the parts (RFC 2104), which nobody can make without the key. Tokens that are out there were made this way.
 * @param parts with a NUL in between, so none but the last may contain one
 */
export const keyedHash = (key: Uint8Array, ...parts: readonly string[]): Buffer =>
  createHmac('sha256', key).update(parts.join('\0')).digest();
