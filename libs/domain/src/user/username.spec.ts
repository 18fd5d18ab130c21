import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refused } from '../refused.js';
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
});
