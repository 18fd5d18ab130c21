import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StreamName, asSessionId, asUserId, sessionStream, userStream } from '#domain/ids.js';
import { isErased } from '#domain/personal.js';
import type { SessionEvent } from '#domain/session/session-events.js';
import { session } from '#domain/session/session.js';
import { sessionOpened } from '#domain/testing/sessions.js';
import { adaData } from '#domain/testing/users.js';
import { user } from '#domain/user/user.js';
import type { UserEvent } from '#domain/user/user-events.js';
import { EventCodec } from '#event-store/codec.js';
import type { Position } from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { shown, withholding } from '#event-store/disclosure.js';
import { Histories } from './histories.js';
import { replay } from './replay.js';

const ada = asUserId('ada');
const first = asSessionId('s1');
const created: UserEvent = { type: 'UserCreated', data: { ...adaData, userId: ada } };
const renamed = (firstNames: string): UserEvent => ({
  type: 'ProfileChanged',
  data: { userId: ada, firstNames, lastName: 'Lovelace' },
});
const opened = sessionOpened({ secretHash: 'the hash of a secret' });

/** A log in memory whose clock is set before each event. */
function aLog() {
  let clock = new Date('2030-01-01T00:00:00.000Z');
  const store = new MemoryEventStore(() => clock);
  const keys = new MemoryKeys();
  const codec = new EventCodec(keys);
  const revisions = new Map<string, number>();
  return {
    store,
    keys,
    codec,
    async happened(stream: StreamName, event: UserEvent | SessionEvent, time: Date): Promise<Position> {
      clock = time;
      const revision = revisions.get(stream) ?? -1;
      const encoded = await codec.encode(event, `${stream}/${revision + 1}`, stream, someContext({ now: time }));
      const appended = await store.append(stream, revision < 0 ? 'no-stream' : revision, [encoded]);
      revisions.set(stream, appended.revision);
      return appended.position;
    },
  };
}

const minute = (n: number) => new Date(Date.parse('2030-01-01T00:00:00.000Z') + n * 60_000);

describe('the state of a stream at a point', () => {
  it('is what its rules had folded then, at every revision, position and time', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 }), async (gaps) => {
        const log = aLog();
        const states: unknown[] = [];
        const times: Date[] = [];
        let time = 0;
        for (const [n, gap] of gaps.entries()) {
          time += gap;
          await log.happened(userStream(ada), n === 0 ? created : renamed(`Ada ${n}`), minute(time));
          // Others do something in between.
          await log.happened(userStream(asUserId('eve')), { ...created }, minute(time));
          states.push((await new Repository(log.store, log.codec).load(user, userStream(ada))).state);
          times.push(minute(time));
        }
        const at = async (cut: Parameters<typeof replay>[3]) => (await replay(log, user, userStream(ada), cut)).state;
        const head = await log.store.head();
        for (const [n, state] of states.entries()) {
          expect(await at({ revision: n })).toEqual(state);
          const through = String(2 * n + 1) as Position;
          expect(await at({ through, time: minute(1_000) })).toEqual(state);
          // Several may have been recorded at one time: the last of them counts.
          const last = times.findLastIndex((each) => each.getTime() === times[n]?.getTime());
          expect(await at({ through: head, time: times[n] ?? new Date(0) })).toEqual(states[last]);
        }
        expect(await at({ through: '0' as Position, time: minute(1_000) })).toEqual({ status: 'none' });
      }),
      { numRuns: 15, seed: 3 },
    ));

  it('says from which event on it was so, and until which', async () => {
    const log = aLog();
    for (const [n, event] of [created, renamed('one'), renamed('two')].entries())
      await log.happened(userStream(ada), event, minute(n));
    const { since, until } = await replay(log, user, userStream(ada), { revision: 1 });
    expect([since, until]).toMatchObject([
      { revision: 1, position: '2', type: 'ProfileChanged', recordedAt: minute(1) },
      { revision: 2, position: '3' },
    ]);
    expect(await replay(log, user, userStream(ada), { revision: 7 })).toMatchObject({ until: null });
  });

  it('is cut where the log is, also if a clock was put back', async () => {
    const log = aLog();
    for (const [n, time] of [0, 9, 5].entries())
      await log.happened(userStream(ada), n === 0 ? created : renamed(`${n}`), minute(time));
    const head = await log.store.head();
    expect(await replay(log, user, userStream(ada), { through: head, time: minute(6) })).toMatchObject({
      since: { revision: 0 },
      until: { revision: 1 },
    });
  });

  it('has marks where something was erased or is withheld, and no hash', async () => {
    const log = aLog();
    await log.happened(sessionStream(first), opened, minute(0));
    const at = async (codec: EventCodec) =>
      shown((await replay({ store: log.store, codec }, session, sessionStream(first), { revision: 0 })).state);
    const hidden = new EventCodec(withholding(log.keys));
    const names = async (codec: EventCodec) => {
      const { state } = await replay({ store: log.store, codec }, user, userStream(ada), { revision: 0 });
      return shown(state.status === 'active' ? state.claims.username : null);
    };
    await log.happened(userStream(ada), created, minute(1));
    expect(await names(log.codec)).toBe('Ada');
    expect(await names(hidden)).toEqual({ withheld: true });
    // Who reads what is about themselves sees that, and of others nothing.
    expect(await names(new EventCodec(withholding(log.keys, ada)))).toBe('Ada');
    expect(await names(new EventCodec(withholding(log.keys, 'eve')))).toEqual({ withheld: true });
    expect(JSON.stringify(await at(log.codec))).not.toContain('hash');
    log.keys.destroy(ada);
    for (const codec of [log.codec, hidden]) expect(isErased(await names(codec))).toBe(true);
  });
});

describe('a session at a point', () => {
  it('was alive if its owner’s account let it be', async () => {
    const log = aLog();
    await log.happened(userStream(ada), created, minute(0));
    await log.happened(sessionStream(first), opened, minute(1));
    const invalidated = { type: 'SessionsInvalidated', data: { userId: ada, epoch: 1, spared: null } } as const;
    const ended = await log.happened(userStream(ada), invalidated, minute(2));
    const before = String(Number(ended) - 1) as Position;
    const at = async (through: Position, time: Date) =>
      (await new Histories(log).sessionAt(first, { through, time })).state.causeOfDeath;
    expect(await at(before, minute(1))).toBeNull();
    expect(await at(before, minute(60 * 24 * 14 + 1))).toBe('session-expired');
    expect(await at(ended, minute(2))).toBe('session-ended');
    expect(await at('1' as Position, minute(0))).toBe('session-unknown');
    expect((await new Histories(log).sessionAt(first, { revision: 0 })).state.isAlive).toBe(true);
  });
});
