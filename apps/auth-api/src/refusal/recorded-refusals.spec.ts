import { describe, expect, it } from 'vitest';
import { RECORDED_REFUSALS, UNRECORDED_REFUSALS } from '#domain/refusal/recorded-refusals.js';
import { ERROR_CODES } from '../surfaces/ucloud/errors.js';

describe('what the log keeps of refused requests', () => {
  it('is decided for every code that an answer can have, and once (SEC-156)', () => {
    const decided = [...Object.keys(RECORDED_REFUSALS), ...UNRECORDED_REFUSALS.flatMap(({ codes }) => codes)];
    expect(decided.toSorted()).toEqual(ERROR_CODES.toSorted());
  });
});
