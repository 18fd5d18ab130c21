import { pbkdf2Sync } from 'node:crypto';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { hash as argon2 } from '@node-rs/argon2';
import { describe, expect, it } from 'vitest';
import { asKept, parametersOf } from './password-hash.js';
import { HasherBusy, PasswordHasher } from './password-hasher.js';

const COMPOSED = '\u00E5ngstr\u00F6m';
const DECOMPOSED = 'a\u030Angstro\u0308m';
const hasher = new PasswordHasher(2);

describe('hashing passwords', () => {
  it('makes argon2id hashes at the default cost, in PHC form (SEC-11)', async () =>
    expect(await hasher.hash('correct horse')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22,}\$/));

  it('salts each hash on its own (SEC-12)', async () =>
    expect(await hasher.hash('correct horse')).not.toBe(await hasher.hash('correct horse')));

  it('verifies the right password and no other', async () => {
    const phc = await hasher.hash('correct horse');
    expect(await hasher.verify(phc, 'correct horse')).toBe(true);
    expect(await hasher.verify(phc, 'Correct horse')).toBe(false);
    expect(await hasher.verify(phc, 'correct horse ')).toBe(false);
  });

  it('takes a composed and a decomposed spelling for the same password (SEC-03)', async () =>
    expect(await hasher.verify(await hasher.hash(COMPOSED), DECOMPOSED)).toBe(true));

  it('tells apart long passwords that begin alike (SEC-02)', async () => {
    const phc = await hasher.hash(`${'x'.repeat(72)}1`);
    expect(await hasher.verify(phc, `${'x'.repeat(72)}2`)).toBe(false);
  });

  it('has a way to verify nothing, which always fails (SEC-32)', async () =>
    expect(await hasher.verifyNothing('the password of nobody')).toBe(false));

  it('sends away who comes when too many wait, and goes on when they are done (SEC-16)', async () => {
    const old = pbkdf2('sha256', 1_000, 'x');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? hasher.hash('x') : hasher.verify(old, 'x'))),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ reason }) => reason instanceof HasherBusy)).toBe(true);
    expect(hasher.length).toBe(0);
    expect(await hasher.hash('x')).toBeTruthy();
  });
});

const pbkdf2 = (
  digest: 'sha256' | 'sha512',
  iterations: number,
  password: string,
  salt = 'sixteen byte salt',
  bytes = 32,
) =>
  asKept({
    algorithm: `pbkdf2-${digest}`,
    iterations,
    salt: Buffer.from(salt).toString('base64'),
    hash: pbkdf2Sync(password, salt, iterations, bytes, digest).toString('base64'),
  });
const vector = (digest: 'sha256' | 'sha512', iterations: number, salt: string, hex: string) =>
  asKept({
    algorithm: `pbkdf2-${digest}`,
    iterations,
    salt: Buffer.from(salt).toString('base64'),
    hash: Buffer.from(hex, 'hex').toString('base64'),
  });

describe('verifying a hash from elsewhere (SEC-13)', () => {
  it('knows PBKDF2 as others know it', async () => {
    // RFC 7914 §11, and the vector of RFC 6070 as everybody computes it with SHA-512.
    const sha256 =
      '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56' +
      'a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d';
    const sha512 =
      'd197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5' +
      '143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5';
    expect(await hasher.verify(vector('sha256', 80_000, 'NaCl', sha256), 'Password')).toBe(true);
    expect(await hasher.verify(vector('sha512', 4_096, 'salt', sha512), 'password')).toBe(true);
    expect(await hasher.verify(vector('sha512', 4_096, 'salt', sha512), 'Password')).toBe(false);
    expect(await hasher.verify(vector('sha512', 4_095, 'salt', sha512), 'password')).toBe(false);
  });

  it('knows bcrypt as others know it', async () => {
    // From the tests of Openwall's crypt_blowfish.
    for (const [password, hash] of [
      ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
      ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
      ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
    ] as const) {
      for (const version of ['2a', '2b', '2y'])
        expect(await hasher.verify(hash.replace('2a', version), password)).toBe(true);
      expect(await hasher.verify(hash, `${password}!`)).toBe(false);
    }
  });

  it('takes every length that can be imported', async () => {
    for (const [salt, bytes] of [
      ['8 bytes.', 20],
      ['s'.repeat(64), 64],
      ['seventeen bytes..', 31],
    ] as const)
      for (const digest of ['sha256', 'sha512'] as const) {
        const kept = pbkdf2(digest, 1_000, 'x', salt, bytes);
        expect([await hasher.verify(kept, 'x'), await hasher.verify(kept, 'y')]).toEqual([true, false]);
      }
  });

  it('compares the bytes as they came before it takes two spellings for the same (SEC-03)', async () => {
    for (const made of [
      (password: string) => pbkdf2('sha512', 1_000, password),
      (password: string) => bcrypt(password, 4),
    ]) {
      const [composed, decomposed] = [await made(COMPOSED), await made(DECOMPOSED)];
      expect(await hasher.verify(composed, COMPOSED)).toBe(true);
      expect(await hasher.verify(composed, DECOMPOSED)).toBe(true);
      expect(await hasher.verify(decomposed, DECOMPOSED)).toBe(true);
    }
  });

  it('reads 72 bytes for bcrypt, as its maker did, and all that there are for PBKDF2 (SEC-18)', async () => {
    const kept = await bcrypt('x'.repeat(73), 4);
    expect(await hasher.verify(kept, 'x'.repeat(73))).toBe(true);
    expect(await hasher.verify(kept, `${'x'.repeat(72)}y and more`)).toBe(true);
    expect(await hasher.verify(kept, 'x'.repeat(71))).toBe(false);
    const other = pbkdf2('sha512', 1_000, 'x'.repeat(73));
    expect(await hasher.verify(other, `${'x'.repeat(72)}y`)).toBe(false);
  });

  it('does not end a password at a NUL byte', async () => {
    expect(await hasher.verify(await bcrypt('ab', 4), 'ab\0cd')).toBe(false);
    expect(await hasher.verify(await bcrypt('ab\0cd', 4), 'ab')).toBe(false);
  });
});

describe('the time that a wrong password takes (SEC-32)', () => {
  class WatchedHasher extends PasswordHasher {
    readonly compared: string[] = [];
    protected override compare(kept: string, password: string) {
      this.compared.push(parametersOf(kept));
      return super.compare(kept, password);
    }
  }
  const comparisons = async (work: (watched: WatchedHasher) => Promise<boolean>) => {
    const watched = new WatchedHasher(1);
    const isRight = await work(watched);
    return { isRight, compared: watched.compared.toSorted() };
  };
  const [today, ucloud] = ['argon2id m=19456 t=2 p=1', 'pbkdf2-sha512 i=10000'];

  it('is the same for accounts of today, imported ones, and none', async () => {
    const kept = [await hasher.hash('x'), pbkdf2('sha512', 10_000, 'x')];
    const wrong = { isRight: false, compared: [today, ucloud] };
    for (const each of kept) expect(await comparisons((watched) => watched.verify(each, 'y'))).toEqual(wrong);
    expect(await comparisons((watched) => watched.verifyNothing('y'))).toEqual(wrong);
  });

  it('includes that of today beside every other', async () => {
    for (const kept of [pbkdf2('sha256', 1_000, 'x'), await bcrypt('x', 4), await argon2('x', { memoryCost: 8_192 })])
      expect((await comparisons((watched) => watched.verify(kept, 'y'))).compared).toContain(today);
  });

  it('is not spent on a right one', async () => {
    expect(await comparisons(async (watched) => watched.verify(await hasher.hash('x'), 'x'))).toEqual({
      isRight: true,
      compared: [today],
    });
    expect(await comparisons((watched) => watched.verify(pbkdf2('sha512', 10_000, 'x'), 'x'))).toEqual({
      isRight: true,
      compared: [ucloud],
    });
  });
});

describe('what a password is kept as', () => {
  it('says its algorithm and cost, and whether they are today’s (SEC-14)', async () => {
    for (const [kept, parameters, today] of [
      [await hasher.hash('x'), 'argon2id m=19456 t=2 p=1', true],
      [await argon2('x', { memoryCost: 8_192, timeCost: 2, parallelism: 1 }), 'argon2id m=8192 t=2 p=1', false],
      [await argon2('x', { memoryCost: 19_456, timeCost: 3, parallelism: 1 }), 'argon2id m=19456 t=3 p=1', false],
      [pbkdf2('sha512', 10_000, 'x'), 'pbkdf2-sha512 i=10000', false],
      [await bcrypt('x', 4), 'bcrypt 4', false],
    ] as const)
      expect([parametersOf(kept), hasher.isOfToday(kept)]).toEqual([parameters, today]);
  });

  it('is text in the PHC form', () =>
    expect(pbkdf2('sha512', 10_000, 'x')).toMatch(/^\$pbkdf2-sha512\$i=10000\$[A-Za-z0-9+/]{23}\$[A-Za-z0-9+/]{43}$/));
});
