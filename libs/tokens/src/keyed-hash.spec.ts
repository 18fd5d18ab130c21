import { describe, expect, it } from 'vitest';
import { keyedHash } from './keyed-hash.js';

describe('a keyed hash', () => {
  it('is HMAC-SHA-256 (RFC 4231 §4.3)', () =>
    expect(keyedHash(Buffer.from('Jefe'), 'what do ya want for nothing?').toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ));

  it('keeps its parts apart', () => {
    const key = Buffer.alloc(32, 7);
    expect(keyedHash(key, 'ab', 'c')).toEqual(keyedHash(key, 'ab\0c'));
    expect(keyedHash(key, 'ab', 'c')).not.toEqual(keyedHash(key, 'a', 'bc'));
  });
});
