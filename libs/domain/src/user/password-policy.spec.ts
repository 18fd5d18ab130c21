import { describe, expect, it } from 'vitest';
import { demandPassword } from './password-policy.js';

describe('a new password', () => {
  it('has 8 to 256 code points, of any kind (SEC-01, SEC-02, SEC-03)', () => {
    for (const password of ['12345678', ' pass wd', '🙂'.repeat(8), '🙂'.repeat(256)])
      expect(() => demandPassword(password)).not.toThrow();
    expect(() => demandPassword('1234567')).toThrow('password-too-short');
    expect(() => demandPassword('🙂'.repeat(7))).toThrow('password-too-short');
    expect(() => demandPassword('x'.repeat(257))).toThrow('password-too-long');
    expect(() => demandPassword('')).toThrow('password-missing');
    expect(() => demandPassword(null)).toThrow('password-missing');
  });

  it('is never repeated in the refusal (SEC-07)', () => {
    try {
      demandPassword('secret!');
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain('secret!');
    }
    expect.hasAssertions();
  });
});
