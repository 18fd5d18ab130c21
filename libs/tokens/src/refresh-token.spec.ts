import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asSessionId } from '#domain/ids.js';
import { RefreshTokens } from './refresh-token.js';

const tokens = new RefreshTokens(Buffer.alloc(32, 7));
const sessionId = asSessionId('5b0c6a3e-9c1f-4f0a-8d7e-1a2b3c4d5e6f');
const otherSession = asSessionId('5b0c6a3e-9c1f-4f0a-8d7e-000000000000');
const secretOf = (token: string) => token.slice(37);

describe('a refresh token', () => {
  it('is the session id and a secret of 256 random bits, of which only the hash is kept (SEC-66)', () => {
    const { token, secretHash } = tokens.issue(sessionId);
    expect(token).toMatch(new RegExp(`^${sessionId}\\.[A-Za-z0-9_-]{64}$`));
    expect(secretHash).toBe(createHash('sha256').update(secretOf(token)).digest('base64url'));
    expect(tokens.issue(sessionId).token).not.toBe(token);
  });

  it('is the same again for the same command', () => {
    expect(tokens.issue(sessionId, 'c1')).toEqual(tokens.issue(sessionId, 'c1'));
    expect(tokens.issue(sessionId, 'c1')).not.toEqual(tokens.issue(sessionId, 'c2'));
    expect(tokens.issue(sessionId, 'c1').token.slice(37)).not.toBe(tokens.issue(otherSession, 'c1').token.slice(37));
  });

  it('is known as ours, and a changed or invented one is not', () => {
    const { token, secretHash } = tokens.issue(sessionId);
    expect(tokens.parse(token)).toMatchObject({ sessionId, presented: { hash: secretHash, genuine: true } });
    const invented = `${sessionId}.${'A'.repeat(64)}`;
    const moved = `${otherSession}.${secretOf(token)}`;
    for (const foreign of [invented, moved, `${token.slice(0, -2)}AA`, token.slice(0, -4)])
      expect(tokens.parse(foreign)?.presented.genuine).toBe(false);
    expect(new RefreshTokens(Buffer.alloc(32, 8)).parse(token)?.presented.genuine).toBe(false);
  });

  it('always has the same successor, on every node, which only the token and the key lead to (SEC-91)', () => {
    const { token, secretHash } = tokens.issue(sessionId);
    const successor = tokens.parse(token)?.successor;
    expect(new RefreshTokens(Buffer.alloc(32, 7)).parse(token)?.successor).toEqual(successor);
    expect(new RefreshTokens(Buffer.alloc(32, 8)).parse(token)?.successor).not.toEqual(successor);
    expect(successor?.secretHash).not.toBe(secretHash);
    expect(tokens.parse(successor?.token ?? '')?.presented).toEqual({ hash: successor?.secretHash, genuine: true });
  });

  it('is not known as ours with a slip of the keyboard at its end, which decoding would overlook', () => {
    const { token } = tokens.issue(sessionId);
    for (const slip of ['"', '=', '~', '!!']) expect(tokens.parse(token + slip)?.presented.genuine).toBe(false);
    expect(tokens.parse(token)?.presented.genuine).toBe(true);
  });

  it('may be one that an operator chose, of 32 characters or more (design §7)', () => {
    const chosen = (length: number) =>
      tokens.parse(`${sessionId}.${'chosen-by-an-operator!'.repeat(3).slice(0, length)}`);
    expect(chosen(32)).toMatchObject({ sessionId, presented: { genuine: false } });
    expect(chosen(31)).toBeNull();
  });

  it('is no other text, and reading never fails (SEC-183)', () => {
    for (const text of [
      '',
      '.',
      sessionId,
      `${sessionId}.`,
      `${sessionId.toUpperCase()}.${'x'.repeat(40)}`,
      `../../etc.${'x'.repeat(40)}`,
      `${sessionId}.${'x'.repeat(513)}`,
      `${sessionId}.${'x\n'.repeat(30)}`,
    ])
      expect(tokens.parse(text)).toBeNull();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${sessionId}.${text}`),
        ),
        (text) => {
          expect(tokens.parse(text)?.presented.genuine ?? false).toBe(false);
        },
      ),
      { seed: 3 },
    );
  });
});
