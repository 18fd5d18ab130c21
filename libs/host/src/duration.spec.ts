import { describe, expect, it } from 'vitest';
import { parseDurationMs } from './duration.js';

describe('a duration', () => {
  it('is a whole number and a unit', () =>
    expect(['30d', '12h', '10m', '45s', '250ms'].map(parseDurationMs)).toEqual([
      2_592_000_000, 43_200_000, 600_000, 45_000, 250,
    ]));

  it('is nothing else', () => {
    for (const text of ['', '30', 'd', '0d', '-1d', '1.5h', '1 d', '1D', '1w', '9999999999d'])
      expect(parseDurationMs(text)).toBeNull();
  });
});
