import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asSessionId } from '../ids.js';
import { ada } from '../testing/users.js';
import { type Credentials, NO_CREDENTIALS, credentialEnd, newestCredential, withIssued } from './credentials.js';

const HOUR = 3_600_000;
const START = Date.parse('2030-01-01T00:00:00.000Z');

interface Rotation {
  readonly afterHours: number;
  readonly lifetimeHours: number;
  readonly overlapHours: number;
}

const rotation: fc.Arbitrary<Rotation> = fc.record({
  afterHours: fc.nat(50),
  lifetimeHours: fc.integer({ min: 1, max: 100 }),
  overlapHours: fc.nat(60),
});

const nameOf = (index: number) => asSessionId(`c${index}`);
const iso = (time: number) => new Date(time).toISOString();

/** Each rotation with its times. */
function dated(rotations: readonly Rotation[]) {
  let now = START;
  return rotations.map(({ afterHours, lifetimeHours, overlapHours }) => {
    now += afterHours * HOUR;
    return { now, expiresAt: now + lifetimeHours * HOUR, othersEndAt: now + overlapHours * HOUR };
  });
}

describe('the credentials of an account', () => {
  it('end when the first rotation after them says, or on their own before, however many follow', () =>
    fc.assert(
      fc.property(fc.array(rotation, { maxLength: 15 }), fc.nat(200), (rotations, laterHours) => {
        const history = dated(rotations);
        const state = history.reduce<Credentials>(
          (credentials, { now, expiresAt, othersEndAt }, index) =>
            withIssued(
              credentials,
              { userId: ada, sessionId: nameOf(index), expiresAt: iso(expiresAt), othersEndAt: iso(othersEndAt) },
              new Date(now),
            ),
          NO_CREDENTIALS,
        );
        const time = (history.at(-1)?.now ?? START) + laterHours * HOUR;
        // `c-1` was opened with the account, which does not list it.
        for (let index = -1; index < history.length; index += 1) {
          const ownEnd = history[index]?.expiresAt ?? Infinity;
          const end = Math.min(ownEnd, ...history.slice(index + 1).map(({ othersEndAt }) => othersEndAt));
          const said = credentialEnd(state, nameOf(index))?.getTime() ?? Infinity;
          expect([index, Math.min(said, ownEnd) > time]).toEqual([index, end > time]);
        }
        expect(newestCredential(state)).toBe(history.length === 0 ? null : nameOf(history.length - 1));
        const last = history.at(-1)?.now ?? START;
        expect(state.issued.slice(0, -1).every(({ endsAt }) => endsAt.getTime() > last)).toBe(true);
      }),
      { seed: 20_303, numRuns: 1_000 },
    ));

  it('never end later because of a later rotation', () =>
    fc.assert(
      fc.property(fc.array(rotation, { minLength: 2, maxLength: 10 }), (rotations) => {
        const ends = new Map<string, number>();
        let state = NO_CREDENTIALS;
        for (const [index, { now, expiresAt, othersEndAt }] of dated(rotations).entries()) {
          const data = { userId: ada, expiresAt: iso(expiresAt), othersEndAt: iso(othersEndAt) };
          state = withIssued(state, { ...data, sessionId: nameOf(index) }, new Date(now));
          for (const { sessionId, endsAt } of state.issued) {
            expect(endsAt.getTime()).toBeLessThanOrEqual(ends.get(sessionId) ?? Infinity);
            ends.set(sessionId, endsAt.getTime());
          }
        }
      }),
      { seed: 20_304 },
    ));
});
