import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdmissionGate } from './admission-gate.js';

const FREE = 5;

/** Guesses at one account that all arrive at once, each right or wrong; a wrong one counts, a right one clears. */
async function race(guesses: readonly boolean[], turns: readonly number[]) {
  const gate = new AdmissionGate();
  const seen = { failures: 0, underWay: 0, most: 0, looked: 0 };
  const admit = async () => {
    await nextTurn();
    if (seen.failures >= FREE) throw new Error('throttled');
    return FREE - seen.failures;
  };
  const outcomes = await Promise.allSettled(
    guesses.map((isRight, index) =>
      gate.whileAdmitted('ada', admit, async () => {
        seen.looked += 1;
        seen.underWay += 1;
        seen.most = Math.max(seen.most, seen.underWay + seen.failures);
        for (let turn = turns[index % turns.length] ?? 0; turn >= 0; turn -= 1) await nextTurn();
        seen.underWay -= 1;
        seen.failures = isRight ? 0 : seen.failures + 1;
        return isRight;
      }),
    ),
  );
  return { ...seen, answered: outcomes.filter(({ status }) => status === 'fulfilled').length };
}

const turns = fc.array(fc.nat(4), { minLength: 1, maxLength: 10 });

describe('guesses that arrive together', () => {
  it('cost one each when they are wrong, and no more are looked at than may fail (SEC-23)', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), turns, async (count, each) => {
        const wrong = await race(Array<boolean>(count).fill(false), each);
        expect(wrong.looked).toBe(Math.min(count, FREE));
      }),
    ));

  it('all succeed when they are right (SEC-23)', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), turns, async (count, each) => {
        expect((await race(Array<boolean>(count).fill(true), each)).answered).toBe(count);
      }),
    ));

  it('never are more under way than may still fail, and none is left waiting', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), turns, async (guesses, each) => {
        expect((await race(guesses, each)).most).toBeLessThanOrEqual(FREE);
      }),
    ));
});
