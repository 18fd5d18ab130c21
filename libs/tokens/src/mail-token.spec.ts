import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MailTokenPurpose, MailTokens, splitMailToken } from './mail-token.js';

const tokens = new MailTokens(Buffer.alloc(32, 1));
const token = tokens.of('password-reset', 'digest-1', 'request-1');

describe('a token that is mailed', () => {
  it('is made again the same, and leads to where its hash is kept (SEC-53)', () => {
    expect(tokens.of('password-reset', 'digest-1', 'request-1')).toBe(token);
    const hash = tokens.hashOf('password-reset', 'digest-1', 'request-1');
    expect(splitMailToken(token)).toEqual({ subject: 'digest-1', hash });
  });

  it('is another one for another purpose, subject, request or installation (SEC-54)', () => {
    const others = [
      ...(['email-confirmation', 'email-undo'] satisfies MailTokenPurpose[]).map((purpose) =>
        tokens.of(purpose, 'digest-1', 'request-1'),
      ),
      tokens.of('password-reset', 'digest-2', 'request-1'),
      tokens.of('password-reset', 'digest-1', 'request-2'),
      new MailTokens(Buffer.alloc(32, 2)).of('password-reset', 'digest-1', 'request-1'),
    ];
    const secrets = [token, ...others].map((each) => each.split('.')[1]);
    expect(new Set(secrets).size).toBe(secrets.length);
  });

  it('is not any other text (SEC-183)', () => {
    for (const text of [
      '',
      '.',
      token.slice(1).slice(0, -1),
      `${token}x`,
      ` ${token}`,
      token.replace('.', ':'),
      '../x',
    ])
      expect(splitMailToken(text)?.hash).not.toBe(tokens.hashOf('password-reset', 'digest-1', 'request-1'));
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(splitMailToken(text)).toBeNull();
      }),
      { seed: 1 },
    );
  });
});
