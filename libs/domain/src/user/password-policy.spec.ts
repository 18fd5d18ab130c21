import { describe, expect, it } from 'vitest';
import { Refused } from '../refused.js';
import {
  type PasswordRules,
  demandAnotherPassword,
  demandPassword,
  isTooShort,
  minPasswordLength,
} from './password-policy.js';

const rules: PasswordRules = {
  minLength: 15,
  isCommon: (password) => password === 'correcthorsebatterystaple',
  contextWords: ['ada.lovelace.1815', 'analytical-engine'],
};
const refusalOf = (password: string | null, changed: Partial<PasswordRules> = {}) => {
  try {
    demandPassword(password, { ...rules, ...changed });
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (password) expect(error.explanation).not.toContain(password);
    return error.code;
  }
};

describe('a password', () => {
  it('has as many characters as its use asks for, and 256 at most (SEC-01, SEC-02)', () => {
    expect(refusalOf('x'.repeat(14))).toBe('password-too-short');
    expect(refusalOf('x'.repeat(15))).toBeNull();
    expect(refusalOf('x'.repeat(7), { minLength: 8 })).toBe('password-too-short');
    expect(refusalOf('x'.repeat(8), { minLength: 8 })).toBeNull();
    expect(refusalOf('x'.repeat(256))).toBeNull();
    expect(refusalOf('x'.repeat(257))).toBe('password-too-long');
  });

  it('is counted in code points, and may be of any (SEC-03)', () => {
    expect(refusalOf('🔑'.repeat(14))).toBe('password-too-short');
    expect(refusalOf('🔑'.repeat(15))).toBeNull();
    expect(refusalOf(' '.repeat(15))).toBeNull();
  });

  it('is there', () => expect([refusalOf(null), refusalOf('')]).toEqual(Array(2).fill('password-missing')));

  it('is no common one, in whatever case or width; one like it is allowed (SEC-05)', () => {
    expect(refusalOf('correcthorsebatterystaple')).toBe('password-common');
    expect(refusalOf('CorrectHorseBatteryStaple')).toBe('password-common');
    expect(refusalOf('ｃｏｒｒｅｃｔhorsebatterystaple')).toBe('password-common');
    expect(refusalOf('correcthorsebatterystaple.')).toBeNull();
  });

  it('is no name or address of its owner (SEC-05)', () => {
    expect(refusalOf('Ada.Lovelace.1815')).toBe('password-common');
    expect(refusalOf('Ada.Lovelace.18150')).toBeNull();
  });
});

describe('another password', () => {
  it('is not the same one, in whatever spelling', () => {
    expect(() => demandAnotherPassword('\u00E5ngstr\u00F6m', 'a\u030Angstro\u0308m')).toThrow('password-unchanged');
    expect(() => demandAnotherPassword('correct horse', 'Correct horse')).not.toThrow();
  });
});

describe('a password that is right', () => {
  it('may have become too short: where there is no second factor, or it was never measured (SEC-01)', () => {
    expect([minPasswordLength(true), minPasswordLength(false)]).toEqual([8, 15]);
    const tooShort = (length: number, withSecondFactor: boolean) =>
      isTooShort('🔑'.repeat(length), withSecondFactor, 'service');
    expect([tooShort(14, false), tooShort(15, false)]).toEqual([true, false]);
    expect([tooShort(7, true), tooShort(8, true)]).toEqual([true, false]);
  });

  it('of the first administrator is the operator’s to choose', () =>
    expect(isTooShort('x'.repeat(8), false, 'installation')).toBe(false));
});
