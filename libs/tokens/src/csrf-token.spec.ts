import { describe, expect, it } from 'vitest';
import { asSessionId } from '#domain/ids.js';
import { CsrfTokens } from './csrf-token.js';

const tokens = new CsrfTokens(Buffer.alloc(32, 7));
const [mine, other] = [asSessionId('mine'), asSessionId('other')];

describe('a CSRF token', () => {
  it('belongs to one session and stays the same for its life (SEC-119)', () => {
    expect(tokens.of(mine)).toBe(tokens.of(mine));
    expect(tokens.matches(mine, tokens.of(mine))).toBe(true);
    expect(tokens.matches(mine, tokens.of(other))).toBe(false);
  });

  it('is no other text', () => {
    for (const text of [
      '',
      'x',
      tokens.of(mine).slice(0, -2),
      `${tokens.of(mine)}AAAA`,
      `${tokens.of(mine).slice(0, -1)}*`,
    ])
      expect(tokens.matches(mine, text)).toBe(false);
  });
});
