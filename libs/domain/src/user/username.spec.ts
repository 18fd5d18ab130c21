import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refused } from '../refused.js';
import { mixesScripts } from './mixed-scripts.js';
import { demandUsername, normaliseIdentifier } from './username.js';

describe('two spellings of one identifier', () => {
  it('are the same in any case and width, composed or not', () => {
    expect(normaliseIdentifier('ADA')).toBe(normaliseIdentifier('ada'));
    expect(normaliseIdentifier('Ａda')).toBe(normaliseIdentifier('Ada'));
    expect(normaliseIdentifier('A\u030Ase')).toBe(normaliseIdentifier('Åse'));
  });

  it('stay the same when normalised again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const once = normaliseIdentifier(text);
        expect(normaliseIdentifier(once)).toBe(once);
      }),
      { seed: 1 },
    );
  });
});

describe('the name of a person', () => {
  const isRefused = (name: string) => {
    try {
      demandUsername(name, 'password');
      return false;
    } catch (error) {
      return error instanceof Refused && error.code === 'username-invalid';
    }
  };

  it('has nothing in it that cannot be seen', () => {
    for (const invisible of ['\u0000', '\n', '\u200b', '\u202e', '\u034f', '\ufe0f', '\u115f', '\u3164', '\u2800'])
      expect([invisible, isRefused(`admin${invisible}`)]).toEqual([invisible, true]);
  });

  it('has no forbidden sign, also not in another width', () => {
    for (const name of ['a@b', 'a＠b', 'a/b', 'a／b', '_share', '＿share'])
      expect([name, isRefused(name)]).toEqual([name, true]);
    for (const name of ['#P_hippo', '#p_hippo', '\uFF03\uFF30\uFF3Fhippo'])
      expect([name, isRefused(name)]).toEqual([name, true]);
    for (const name of ['Åse Ødegård', '李小龍', 'a.b-c#d', 'a_b'])
      expect([name, isRefused(name)]).toEqual([name, false]);
  });

  it('has no letters of two scripts that could be taken for each other', () => {
    const lookAlikes = [
      'p\u0430ypal', // Cyrillic а
      '\u0410da', // Cyrillic А
      'g\u03bfogle', // Greek ο
      '\u13aada', // Cherokee Ꭺ
      'hedy\u0578', // Armenian ո
      'ada\u2c9f', // Coptic ⲟ
      '\u0441\u03bfc', // Cyrillic, Greek and Latin
      '\u03a9mega\u65e5',
    ];
    for (const name of lookAlikes) expect([name, isRefused(name)]).toEqual([name, true]);
  });

  it('may be written in any script, and in those that are written together', () => {
    const written = [
      'Дмитрий 2-й',
      'Αθηνά',
      'Գայանե',
      'שרה',
      'नीलम',
      'สมชาย',
      'さくらサクラ桜 sakura',
      'ㄅㄆ注音 abc',
      '김철수 金 kim',
      'ゴーゴー',
      'Ａｄａ',
      '𝒜da',
      '\u13a0\u13b9',
      '\u{10400}\u{10428}',
      '12.3-#',
    ];
    for (const name of written) expect([name, isRefused(name)]).toEqual([name, false]);
  });

  it('is looked at in no time, however long it is (SEC-129)', () => {
    for (const part of ['a', '\u0430', 'a\u0430', 'あa', '\u0301', ' ']) {
      const hostile = part.repeat(100_000 / part.length);
      const times = [1, 2, 3].map(() => {
        const started = performance.now();
        mixesScripts(hostile);
        isRefused(hostile);
        return performance.now() - started;
      });
      expect(Math.min(...times)).toBeLessThan(50);
    }
  });
});

describe('the name of a service', () => {
  it('has no letters of two scripts either', () =>
    expect(() => demandUsername('_sh\u0430re', 'service')).toThrow('username-invalid'));
});
