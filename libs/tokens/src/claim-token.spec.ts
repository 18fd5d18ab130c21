import { describe, expect, it } from 'vitest';
import { asUserId } from '#domain/ids.js';
import { ClaimTokens } from './claim-token.js';

const hippo = asUserId('0198f0a2-0000-7000-8000-000000000001');
const tokens = new ClaimTokens(Buffer.alloc(32, 7));

describe('a claim token', () => {
  it('names the account and has 256 random bits, another one each time (SEC-66)', () => {
    const [one, two] = [tokens.issue(hippo), tokens.issue(hippo)];
    expect(one.token).toMatch(new RegExp(`^${hippo}\\.[A-Za-z0-9_-]{43}$`));
    expect(one.token).not.toBe(two.token);
    expect(one.token).not.toContain(one.secretHash);
  });

  it('is the same for a command that is repeated, and for nothing else', () => {
    const { token } = tokens.issue(hippo, 'a');
    expect(tokens.issue(hippo, 'a').token).toBe(token);
    expect(tokens.issue(hippo, 'b').token).not.toBe(token);
    expect(tokens.issue(asUserId('0198f0a2-0000-7000-8000-000000000002'), 'a').token).not.toBe(token);
    expect(new ClaimTokens(Buffer.alloc(32, 8)).issue(hippo, 'a').token).not.toBe(token);
  });

  it('is taken apart', () => {
    const { token, secretHash } = tokens.issue(hippo);
    expect(tokens.parse(token)).toEqual({ userId: hippo, secretHash });
    for (const text of [
      '',
      'x',
      hippo,
      `${hippo}.`,
      `${hippo}.short`,
      token.replace('.', '-'),
      ` ${token}`,
      `${token}\n`,
    ])
      expect([text, tokens.parse(text)]).toEqual([text, null]);
  });
});
