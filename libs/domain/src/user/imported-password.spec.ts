import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HASH_BYTES, SALT_BYTES, importedPasswordHash } from './imported-password.js';

const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');
/** As UCloud has them (ucloud-users-api §15.1). */
const ucloud = { algorithm: 'pbkdf2-sha512', iterations: 10_000, salt: base64(16), hash: base64(32) } as const;
const bcrypt = (cost: string, version = '2b') =>
  `$${version}$${cost}$5N7qnXNC207KMuE162touufJF80wGcE7KyAYV1k8zCyBakBXMHNtO`;
const read = (sent: Readonly<Record<string, unknown>>) => () => importedPasswordHash('passwordHash', sent);
const refuses = (sent: Readonly<Record<string, unknown>>) => {
  try {
    return `read as ${JSON.stringify(read(sent)())}`;
  } catch (error) {
    const { code, explanation = '' } = error as { code?: string; explanation?: string };
    return code === 'password-hash-invalid' ? explanation : String(error);
  }
};

describe('an imported password hash', () => {
  it('is what UCloud keeps, PBKDF2 with SHA-256, or bcrypt', () => {
    for (const sent of [
      ucloud,
      { ...ucloud, algorithm: 'pbkdf2-sha256' },
      { algorithm: 'bcrypt', hash: bcrypt('10') },
      { algorithm: 'bcrypt', hash: bcrypt('12', '2a') },
      { algorithm: 'bcrypt', hash: bcrypt('12', '2y') },
    ])
      expect(read({ ...sent, more: 'is passed over' })()).toEqual(sent);
  });

  it('costs no more than a bounded time (SEC-13)', () => {
    for (const iterations of [1_000, 1_000_000])
      expect(read({ ...ucloud, iterations })()).toMatchObject({ iterations });
    for (const iterations of [999, 1_000_001, 1e9, 0, -10_000, 10_000.5, NaN, Infinity, '10000', null, [10_000], {}])
      expect(refuses({ ...ucloud, iterations })).toBe(
        'passwordHash.iterations must be a whole number from 1000 to 1000000.',
      );
    for (const cost of ['04', '13']) expect(read({ algorithm: 'bcrypt', hash: bcrypt(cost) })).not.toThrow();
    for (const cost of ['03', '14', '31', '00', '1', '-4', '1e'])
      expect(refuses({ algorithm: 'bcrypt', hash: bcrypt(cost) })).toBe(
        'passwordHash.hash must be a bcrypt hash such as $2b$10$…, of a cost from 4 to 13.',
      );
  });

  it('has a salt and a hash of lengths that mean something, each in the one Base64 there is of it', () => {
    for (const [part, { least, most }] of [
      ['salt', SALT_BYTES],
      ['hash', HASH_BYTES],
    ] as const) {
      for (const bytes of [least, most]) expect(read({ ...ucloud, [part]: base64(bytes) })).not.toThrow();
      for (const text of [
        base64(least - 1),
        base64(most + 1),
        base64(100_000),
        '',
        base64(32).replace(/=$/, ''),
        `${base64(32)}=`,
        `${base64(32)}\n`,
        ` ${base64(32)}`,
        // The same bytes, with bits set that nobody reads.
        base64(32).replace(/.=$/, 'd='),
        Buffer.alloc(32, 255).toString('base64url'),
        7,
        null,
        undefined,
        [base64(32)],
      ])
        expect(refuses({ ...ucloud, [part]: text })).toBe(
          `passwordHash.${part} must be ${least} to ${most} bytes in Base64, with its padding.`,
        );
    }
  });

  it('has a salt of any bytes of an allowed length', () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 70 }), (bytes) => {
        const isAllowed = bytes.length >= SALT_BYTES.least && bytes.length <= SALT_BYTES.most;
        const attempt = read({ ...ucloud, salt: Buffer.from(bytes).toString('base64') });
        if (isAllowed) expect(attempt).not.toThrow();
        else expect(attempt).toThrow('password-hash-invalid');
      }),
    ));

  it('is refused where it is a bcrypt hash that no password has', () => {
    const right = bcrypt('10');
    for (const hash of [
      bcrypt('10', '2'),
      bcrypt('10', '2x'),
      right.slice(0, -1),
      `${right}a`,
      `${right}\n`,
      right.replace('$2b$', '2b$'),
      `${right.slice(0, -1)}!`,
      // The last characters of salt and hash hold bits that nobody reads.
      `${right.slice(0, -1)}P`,
      `${right.slice(0, 28)}v${right.slice(29)}`,
      '',
      7,
      null,
    ])
      expect(refuses({ algorithm: 'bcrypt', hash })).toMatch(/^passwordHash\.hash must be a bcrypt hash/);
  });

  it('is refused with another algorithm, without a word of the hash', () => {
    for (const algorithm of ['argon2id', 'pbkdf2-sha1', 'md5', 'PBKDF2-SHA512', '__proto__', '', 7, null, undefined])
      expect(refuses({ ...ucloud, algorithm })).toBe(
        'passwordHash.algorithm must be pbkdf2-sha512, pbkdf2-sha256 or bcrypt.',
      );
  });
});
