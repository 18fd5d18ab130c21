import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StreamName } from '#domain/ids.js';
import {
  ConcurrencyConflict,
  EventRejected,
  type EventStore,
  type ExpectedRevision,
  LOG_START,
  type LogSlice,
  MAX_EVENT_SIZE,
  type NewEvent,
  type Position,
  type RecordedEvent,
  StoreUnavailable,
  hasReached,
} from '../event-store.js';

/** A store under test, and its removal. */
export interface StoreFixture {
  readonly store: EventStore;
  remove(): Promise<void>;
}

export const someEvent = (type = 'SomethingHappened', data: NewEvent['data'] = { n: 1 }): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: { schema: '1', occurredAt: '2030-01-01T00:00:00.000Z' },
});

const someEvents = (count: number) => Array.from({ length: count }, (_, n) => someEvent('Counted', { n }));

const read = async (store: EventStore, stream: StreamName, from = 0): Promise<RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const event of store.readStream(stream, from)) events.push(event);
  return events;
};

/** Follows the log until it has delivered everything up to a position. */
export async function follow(
  store: EventStore,
  until: Position,
  options: { after?: Position; categories?: readonly string[] } = {},
): Promise<{ events: RecordedEvent[]; slices: LogSlice[] }> {
  const stop = new AbortController();
  const slices: LogSlice[] = [];
  for await (const slice of store.subscribeAll({ after: LOG_START, ...options, signal: stop.signal })) {
    slices.push(slice);
    if (slice.caughtUp && hasReached(slice.through, until)) break;
  }
  stop.abort();
  return { events: slices.flatMap(({ events }) => events), slices };
}

/** Follows the log until it has delivered so many events. */
async function firstOf(store: EventStore, after: Position, count: number): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const slice of store.subscribeAll({ after, signal: AbortSignal.timeout(10_000) })) {
    events.push(...slice.events);
    if (events.length >= count) break;
  }
  return events;
}

/** The one suite that every adapter of the event store passes. */
export function eventStoreContract(name: string, open: () => Promise<StoreFixture>): void {
  describe(`${name}: the event store contract`, () => {
    let fixture: StoreFixture;
    let store: EventStore;
    /** A server that others use, too, has events already: each test has streams of its own, and begins where the log ends. */
    let start: Position;
    let run: string;
    const name = (stream: StreamName): StreamName => `${stream}.${run}`;
    let ada: StreamName;
    let bob: StreamName;
    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
      start = await store.head();
      run = randomUUID();
      ada = name('user-ada');
      bob = name('user-bob');
    });
    afterEach(() => fixture.remove());

    describe('appending', () => {
      it('numbers the events of a stream from 0 and gives the place of the last', async () => {
        expect(await store.append(ada, 'no-stream', someEvents(2))).toMatchObject({ revision: 1 });
        expect(await store.append(ada, 1, [someEvent()])).toMatchObject({ revision: 2 });
        expect((await read(store, ada)).map(({ revision }) => revision)).toEqual([0, 1, 2]);
      });

      it('keeps what was appended, to the letter', async () => {
        const event = someEvent('Noted', {
          text: 'line\u2028"quoted" 🙂 \u0000',
          list: [1, null, { a: true }],
          nothing: null,
        });
        const { position } = await store.append(ada, 'no-stream', [event]);
        const [stored] = await read(store, ada);
        expect(stored).toEqual({
          ...event,
          stream: ada,
          revision: 0,
          position,
          recordedAt: expect.any(Date),
        });
      });

      it('gives an event with the same time whenever and however it is read: it is hashed with it (SEC-155)', async () => {
        const { position } = await store.append(ada, 'no-stream', someEvents(3));
        const [once, again] = [await follow(store, position), await follow(store, position)];
        expect(again.events).toEqual(once.events);
        const times = (await read(store, ada)).map(({ recordedAt }) => recordedAt);
        expect(times).toEqual(once.events.map(({ recordedAt }) => recordedAt));
      });

      it('refuses a stream that is elsewhere than expected, and says where', async () => {
        await store.append(ada, 'no-stream', someEvents(3));
        const at = (expected: ExpectedRevision) => store.append(ada, expected, [someEvent()]);
        await expect(at('no-stream')).rejects.toMatchObject({ name: 'ConcurrencyConflict', actual: 2 });
        await expect(at(1)).rejects.toMatchObject({ expected: 1, actual: 2 });
        await expect(at(3)).rejects.toBeInstanceOf(ConcurrencyConflict);
        await expect(store.append(bob, 0, [someEvent()])).rejects.toMatchObject({ actual: 'no-stream' });
        expect(await read(store, ada)).toHaveLength(3);
        expect(await read(store, bob)).toHaveLength(0);
      });

      it('answers the same when the same events are appended again', async () => {
        const first = someEvents(2);
        const second = [someEvent()];
        const place = await store.append(ada, 'no-stream', first);
        await store.append(ada, 1, second);
        expect(await store.append(ada, 'no-stream', first)).toEqual(place);
        expect(await store.append(ada, 1, second)).toMatchObject({ revision: 2 });
        expect(await read(store, ada)).toHaveLength(3);
      });

      it('does not take other events for the same ones', async () => {
        const [one, two] = [someEvent(), someEvent()];
        await store.append(ada, 'no-stream', [one, two]);
        await expect(store.append(ada, 'no-stream', [one, someEvent()])).rejects.toThrow(ConcurrencyConflict);
        await expect(store.append(ada, 'no-stream', [one, two, someEvent()])).rejects.toThrow(ConcurrencyConflict);
        await expect(store.append(ada, 0, [one])).rejects.toThrow(ConcurrencyConflict);
      });

      it('lets exactly one of many writers win (SEC-55)', async () => {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 20 }, () => store.append(name('onetime-1'), 'no-stream', [someEvent()])),
        );
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        expect(await read(store, name('onetime-1'))).toHaveLength(1);
      });

      it('takes all events of an append or none', async () => {
        const tooLarge = someEvent('Large', { text: 'x'.repeat(MAX_EVENT_SIZE) });
        await expect(store.append(ada, 'no-stream', [someEvent(), tooLarge])).rejects.toThrow(EventRejected);
        await expect(store.append(ada, 'no-stream', [])).rejects.toThrow(EventRejected);
        expect(await read(store, ada)).toEqual([]);
        expect(await store.head()).toBe(start);
      });

      it('lets a refused append fail alone among the many of one moment', async () => {
        await store.append(name('user-0'), 'no-stream', [someEvent()]);
        const outcomes = await Promise.allSettled(
          Array.from({ length: 10 }, (_, n) => store.append(name(`user-${n}`), 'no-stream', [someEvent()])),
        );
        expect(outcomes.map(({ status }) => status)).toEqual(['rejected', ...Array(9).fill('fulfilled')]);
      });

      it('is refused once the store is closed', async () => {
        await store.close();
        await expect(store.append(ada, 'no-stream', [someEvent()])).rejects.toThrow(StoreUnavailable);
      });
    });

    describe('reading a stream', () => {
      it('begins at the revision asked for, inclusive', async () => {
        await store.append(ada, 'no-stream', someEvents(1_200));
        expect((await read(store, ada, 1_198)).map(({ revision }) => revision)).toEqual([1_198, 1_199]);
        expect(await read(store, ada, 1_200)).toEqual([]);
        expect(await read(store, ada)).toHaveLength(1_200);
      });

      it('gives nothing for a stream that is not there', async () => expect(await read(store, ada)).toEqual([]));

      it('gives one event of it, if it is there', async () => {
        await store.append(ada, 'no-stream', someEvents(3));
        const events = await read(store, ada);
        for (const event of events) expect(await store.readEvent(ada, event.revision)).toEqual(event);
        expect(await store.readEvent(ada, 3)).toBeUndefined();
        expect(await store.readEvent(bob, 0)).toBeUndefined();
      });
    });

    describe('positions', () => {
      it('grow by the order of appending, over all streams, without a gap', async () => {
        const places = [];
        for (let n = 0; n < 12; n += 1)
          places.push(
            await store.append(name(`user-${n % 3}`), n < 3 ? 'no-stream' : Math.floor(n / 3) - 1, [someEvent()]),
          );
        const { events } = await follow(store, await store.head(), { after: start });
        expect(events.map(({ position }) => position)).toEqual(places.map(({ position }) => position));
        expect(await store.head()).toBe(places.at(-1)?.position);
        const numbers = places.map(({ position }) => Number(position));
        expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))).toBe(true);
      });
    });

    describe('following the log', () => {
      it('delivers what is there, then says that it has caught up', async () => {
        await store.append(ada, 'no-stream', someEvents(1_200));
        const { events, slices } = await follow(store, await store.head(), { after: start });
        expect(events.map(({ revision }) => revision)).toEqual(Array.from({ length: 1_200 }, (_, n) => n));
        expect(slices.at(-1)?.caughtUp).toBe(true);
      });

      it('begins after the position asked for', async () => {
        const { position } = await store.append(ada, 'no-stream', [someEvent()]);
        const last = await store.append(ada, 0, [someEvent()]);
        const { events } = await follow(store, last.position, { after: position });
        expect(events.map(({ revision }) => revision)).toEqual([1]);
      });

      it('delivers only the categories asked for, and still says how far it has come', async () => {
        await store.append(ada, 'no-stream', [someEvent()]);
        await store.append(name('session-1'), 'no-stream', [someEvent()]);
        const last = await store.append(name('onetime-1'), 'no-stream', [someEvent()]);
        const { events, slices } = await follow(store, last.position, {
          after: start,
          categories: ['session', 'user'],
        });
        expect(events.map(({ stream }) => stream)).toEqual([ada, name('session-1')]);
        expect(slices.at(-1)?.through).toBe(last.position);
      });

      it('delivers what is appended while it waits, to everyone who follows', async () => {
        const all = Array.from({ length: 3 }, () => firstOf(store, start, 3));
        await store.append(ada, 'no-stream', [someEvent()]);
        await store.append(ada, 0, someEvents(2));
        for (const events of await Promise.all(all)) expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2]);
      });

      it('ends when it is told to, while it waits', async () => {
        const stop = new AbortController();
        const ended = (async () => {
          for await (const { caughtUp } of store.subscribeAll({ after: start, signal: stop.signal }))
            if (caughtUp) setImmediate(() => stop.abort());
          return 'ended';
        })();
        expect(await ended).toBe('ended');
      });

      it('delivers every acknowledged event once and in order, whatever the interleaving', async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 30 }),
            async (writes) => {
              const before = await store.head();
              const round = randomUUID();
              const acknowledged: string[] = [];
              await Promise.all(
                writes.map(async ([stream, count]) => {
                  const events = someEvents(count);
                  const target = name(`user-${round}.${stream}`);
                  for (;;) {
                    const last = (await read(store, target)).at(-1)?.revision ?? 'no-stream';
                    try {
                      await store.append(target, last, events);
                      break;
                    } catch (error) {
                      if (!(error instanceof ConcurrencyConflict)) throw error;
                    }
                  }
                  acknowledged.push(...events.map(({ id }) => id));
                }),
              );
              const { events } = await follow(store, await store.head(), { after: before });
              expect(events.map(({ id }) => id).sort()).toEqual(acknowledged.sort());
              for (const [index, event] of events.entries())
                expect(event.revision).toBe(
                  events.slice(0, index).filter(({ stream }) => stream === event.stream).length,
                );
            },
          ),
          { numRuns: 15, seed: 7 },
        );
      });
    });
  });
}
