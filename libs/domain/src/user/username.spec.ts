import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseIdentifier } from './username.js';

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
