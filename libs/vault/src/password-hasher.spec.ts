import { describe, expect, it } from 'vitest';
import { HasherBusy, PasswordHasher } from './password-hasher.js';

describe('hashing passwords', () => {
  const hasher = new PasswordHasher(2);

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
    expect(await hasher.verify(await hasher.hash('\u00E5ngstr\u00F6m'), 'a\u030Angstro\u0308m')).toBe(true));

  it('tells apart long passwords that begin alike (SEC-02)', async () => {
    const phc = await hasher.hash(`${'x'.repeat(72)}1`);
    expect(await hasher.verify(phc, `${'x'.repeat(72)}2`)).toBe(false);
  });

  it('has a way to verify nothing, which always fails (SEC-32)', async () =>
    expect(await hasher.verifyNothing('the password of nobody')).toBe(false));

  it('sends away who comes when too many wait, and goes on when they are done (SEC-16)', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 300 }, () => hasher.hash('x')));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ reason }) => reason instanceof HasherBusy)).toBe(true);
    expect(hasher.length).toBe(0);
    expect(await hasher.hash('x')).toBeTruthy();
  });
});
