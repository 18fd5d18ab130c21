import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DERIVED_USERNAMES, derivedUsername } from './derived-username.js';
import { demandUsername } from './username.js';

const SEED = Uint8Array.from({ length: 10 }, (_, index) => 40 + 7 * index);
const nameOf = (firstNames: string | null, lastName: string | null, attempt = 0) =>
  derivedUsername({ firstNames, lastName }, attempt, SEED);
const baseOf = (firstNames: string | null, lastName: string | null) => nameOf(firstNames, lastName).split('#')[0];

describe('a user name made of the names of a person (ucloud-users-api §9.5)', () => {
  it('has both names without blanks, and digits', () => {
    expect(nameOf('Ada', 'Lovelace')).toBe('AdaLovelace#0741');
    expect(baseOf('Ada Augusta', 'King  Lovelace')).toBe('AdaAugustaKingLovelace');
  });

  it('keeps letters of every script', () => {
    expect(baseOf('Åse', 'Ødegård')).toBe('ÅseØdegård');
    expect(baseOf('A\u030Ase', 'Æ')).toBe('ÅseÆ');
    expect(baseOf('小龍', '李')).toBe('小龍李');
    expect(baseOf('Ольга', 'Ладыженская')).toBe('ОльгаЛадыженская');
  });

  it('leaves out what no user name has', () => {
    expect(baseOf('A#da', "O'Hara (Lovelace)")).toBe('AdaOHaraLovelace');
    expect(baseOf('__Ada', '_Lovelace')).toBe('Ada_Lovelace');
    expect(baseOf('＿Ａda', 'a＠b／c')).toBe('Adaabc');
    expect(baseOf('A\u200bd\u202ea', 'Love\u00adlace')).toBe('AdaLovelace');
    expect(baseOf('<b>Ada</b>', 'x')).toBe('<b>Ada<b>x');
  });

  it('is a neutral one for who has no name, or none that can be written', () => {
    for (const [firstNames, lastName] of [
      [null, null],
      ['', '  '],
      ['#', '@@'],
      ['___', '-'],
      ['\u200b', '42'],
      ['p\u0430ypal', 'Admin'], // Cyrillic а
      ['Ольга', 'Smith'],
    ] as const)
      expect([firstNames, lastName, nameOf(firstNames, lastName)]).toEqual([firstNames, lastName, 'Person#0741']);
    expect(baseOf(null, 'Lovelace')).toBe('Lovelace');
  });

  it('has no room for names without end', () => {
    const name = nameOf('A'.repeat(5_000), '🔑'.repeat(5_000), DERIVED_USERNAMES - 1);
    expect(name).toMatch(/^A{239}#[A-Z0-9]{7}$/);
  });

  it('ends in more the more names were tried, and never in letters of another script', () => {
    const ends = (firstNames: string) =>
      Array.from({ length: DERIVED_USERNAMES }, (_, attempt) => nameOf(firstNames, null, attempt).split('#')[1] ?? '');
    const shape = (end: string) => end.replace(/[0-9]/g, '0').length;
    const isLatin = (end: string) => /[A-Z]/.test(end);
    expect(ends('Ada').map(shape)).toEqual([...Array(8).fill(4), ...Array(8).fill(4), ...Array(8).fill(7)]);
    expect(ends('Ada').map(isLatin)).toEqual([...Array(8).fill(false), ...Array(16).fill(true)]);
    expect(ends('Ольга').map(shape)).toEqual([...Array(8).fill(4), ...Array(8).fill(6), ...Array(8).fill(10)]);
    expect(ends('Ольга').some(isLatin)).toBe(false);
  });

  it('passes the rules of user names, whatever somebody is called', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.string({
        unit: fc.constantFrom('_', '#', ' ', 'a', 'я', '＃', '\u0338', '\u030a', '⑴', 'ﷺ', '\n', '@'),
        maxLength: 300,
      }),
    );
    const name = fc.option(text);
    const attempts = fc.nat({ max: DERIVED_USERNAMES - 1 });
    fc.assert(
      fc.property(name, name, attempts, fc.uint8Array({ minLength: 10, maxLength: 32 }), (first, last, attempt, seed) =>
        demandUsername(derivedUsername({ firstNames: first, lastName: last }, attempt, seed), 'password'),
      ),
      { seed: 5, numRuns: 2_000 },
    );
  });
});
