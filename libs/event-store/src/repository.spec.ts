import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decider } from '#domain/decider.js';
import type { StreamName } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { EventCodec } from './codec.js';
import {
  AppendOutcomeUnknown,
  type Appended,
  ConcurrencyConflict,
  type EventStore,
  StoreUnavailable,
} from './event-store.js';
import { MemoryEventStore } from './memory.js';
import { IdempotencyKeyReused, Repository, type RepositoryOptions } from './repository.js';
import type { Snapshots } from './snapshots.js';
import { SqliteSnapshots } from './sqlite/sqlite-snapshots.js';
import { someContext } from './testing/context.js';
import { MemoryKeys } from './testing/memory-keys.js';

interface Counted {
  readonly type: 'Counted';
  readonly data: { readonly by: number };
}
type Count = { readonly by: number; readonly upTo?: number };

/** Counts, but never beyond a limit. */
const counter: Decider<number, Count, Counted> = {
  events: { Counted: { schema: 1 } },
  initial: 0,
  foldVersion: 1,
  evolve: (total, { data }) => total + data.by,
  decide(total, { by, upTo = Infinity }) {
    if (total + by > upTo) throw new Refused('session-ended');
    return by === 0 ? [] : [{ type: 'Counted', data: { by } }];
  },
};

const codec = () => new EventCodec(new MemoryKeys(), counter.events);
const stream: StreamName = 'counter-1';
const atOnce = { backOff: async () => {} };
const repositoryOn = (store: EventStore, options: RepositoryOptions = {}) =>
  new Repository(store, codec(), { ...atOnce, ...options });

describe('a repository', () => {
  let store: MemoryEventStore;
  let repository: Repository;
  beforeEach(() => {
    store = new MemoryEventStore();
    repository = repositoryOn(store);
  });
  const total = async () => (await repository.load(counter, stream)).state;

  it('starts a stream that is not there', async () => {
    expect(await repository.load(counter, stream)).toEqual({ state: 0, revision: -1, position: undefined });
    const outcome = await repository.execute(counter, stream, { by: 2 }, someContext());
    expect(outcome).toMatchObject({ state: 2, revision: 0, position: '1', repeated: false });
    expect(outcome.events).toEqual([{ type: 'Counted', data: { by: 2 } }]);
  });

  it('appends nothing when nothing was decided', async () => {
    expect(await repository.execute(counter, stream, { by: 0 }, someContext())).toMatchObject({
      events: [],
      revision: -1,
    });
    expect(await store.head()).toBe('0');
  });

  it('passes a refusal on and appends nothing', async () => {
    await expect(repository.execute(counter, stream, { by: 2, upTo: 1 }, someContext())).rejects.toThrow(Refused);
    expect(await store.head()).toBe('0');
  });

  it('always sees what other processes appended', async () => {
    const other = repositoryOn(store);
    await repository.execute(counter, stream, { by: 1 }, someContext());
    await other.execute(counter, stream, { by: 10 }, someContext());
    expect(await total()).toBe(11);
  });

  it('decides again when another process was quicker (SEC-167)', async () => {
    const other = repositoryOn(store);
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 4 }, () => repository.execute(counter, stream, { by: 1, upTo: 5 }, someContext())),
      ...Array.from({ length: 4 }, () => other.execute(counter, stream, { by: 1, upTo: 5 }, someContext())),
    ]);
    expect(await total()).toBe(5);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  });

  it('lets commands of one process on one stream take turns, without a conflict', async () => {
    let conflicts = 0;
    const observed = repositoryOn(store, {
      observer: { appended() {}, appendFailed() {}, conflicted: () => (conflicts += 1), snapshotFailed() {} },
    });
    await Promise.all(Array.from({ length: 50 }, () => observed.execute(counter, stream, { by: 1 }, someContext())));
    expect(await total()).toBe(50);
    expect(conflicts).toBe(0);
  });

  it('gives up when others are always quicker', async () => {
    const busy: EventStore = Object.assign(Object.create(store) as MemoryEventStore, {
      append: () => Promise.reject(new ConcurrencyConflict(stream, 0, 1)),
    });
    await expect(repositoryOn(busy).execute(counter, stream, { by: 1 }, someContext())).rejects.toThrow(
      ConcurrencyConflict,
    );
  });

  describe('given an idempotency key', () => {
    const keyed = (commandId: string, fingerprint = 'by 1') => someContext({ commandId, fingerprint });

    it('carries the command out once, also after a restart (SEC-134)', async () => {
      const first = await repository.execute(counter, stream, { by: 1 }, keyed('k1'));
      await repository.execute(counter, stream, { by: 5 }, someContext());
      const again = await repository.execute(counter, stream, { by: 1 }, keyed('k1'));
      const restarted = await repositoryOn(store).execute(counter, stream, { by: 1 }, keyed('k1'));
      expect(first.repeated).toBe(false);
      for (const repeat of [again, restarted]) expect(repeat).toMatchObject({ repeated: true, events: [], state: 6 });
      expect(await total()).toBe(6);
    });

    it('refuses the same key for something else (SEC-134)', async () => {
      await repository.execute(counter, stream, { by: 1 }, keyed('k1'));
      await expect(repository.execute(counter, stream, { by: 2 }, keyed('k1', 'by 2'))).rejects.toThrow(
        IdempotencyKeyReused,
      );
      expect(await total()).toBe(1);
    });

    it('carries it out once, too, when both arrive at the same moment at two processes', async () => {
      const other = repositoryOn(store);
      const [one, two] = await Promise.all([
        repository.execute(counter, stream, { by: 1 }, keyed('k1')),
        other.execute(counter, stream, { by: 1 }, keyed('k1')),
      ]);
      expect(await total()).toBe(1);
      expect([one.repeated, two.repeated].sort()).toEqual([false, true]);
    });
  });

  describe('when the answer of the store is lost', () => {
    /** Commits as often as told without saying so, or says so without having committed. */
    const losing = (
      answers: readonly ('committed' | 'not-committed')[],
      meanwhile: () => Promise<unknown> = async () => {},
    ) => {
      const left = [...answers];
      return Object.assign(Object.create(store) as MemoryEventStore, {
        async append(...args: Parameters<EventStore['append']>): Promise<Appended> {
          const answer = left.shift();
          if (answer !== 'not-committed') {
            const appended = await store.append(...args);
            if (answer === undefined) return appended;
            await meanwhile();
          }
          throw new AppendOutcomeUnknown('lost');
        },
      });
    };

    for (const answers of [
      ['committed'],
      ['not-committed'],
      ['committed', 'committed'],
      ['not-committed', 'committed'],
    ] as const)
      it(`appends once when it had ${answers.join(', then ')}`, async () => {
        await repositoryOn(losing(answers)).execute(counter, stream, { by: 1 }, someContext());
        expect(await total()).toBe(1);
      });

    it('knows its own events, also when others have gone on from there', async () => {
      const other = repositoryOn(store);
      const goOn = () => other.execute(counter, stream, { by: 10 }, someContext());
      const outcome = await repositoryOn(losing(['committed'], goOn)).execute(
        counter,
        stream,
        { by: 1 },
        someContext(),
      );
      expect(outcome).toMatchObject({ revision: 0, repeated: false });
      expect(await total()).toBe(11);
    });

    it('says so when it stays unknown', async () => {
      const lost = losing(['not-committed', 'not-committed', 'not-committed', 'not-committed']);
      await expect(repositoryOn(lost).execute(counter, stream, { by: 1 }, someContext())).rejects.toThrow(
        AppendOutcomeUnknown,
      );
    });

    it('passes an outage on at once', async () => {
      await store.close();
      await expect(repository.execute(counter, stream, { by: 1 }, someContext())).rejects.toThrow(StoreUnavailable);
    });
  });

  describe('with snapshots', () => {
    let folder: string;
    let snapshots: SqliteSnapshots;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'authlog-'));
      snapshots = new SqliteSnapshots(join(folder, 'snapshots.db'));
    });
    afterEach(() => {
      snapshots.close();
      rmSync(folder, { recursive: true });
    });

    it('reads only the tail of a long stream after a restart', async () => {
      const first = repositoryOn(store, { snapshots });
      for (let n = 0; n < 120; n += 1)
        await first.execute(counter, stream, { by: 1 }, someContext({ commandId: `c${n}`, fingerprint: 'f' }));
      const [reads, looks]: [number[], number[]] = [[], []];
      const watched = Object.assign(Object.create(store) as MemoryEventStore, {
        readStream(name: StreamName, from: number) {
          reads.push(from);
          return store.readStream(name, from);
        },
        readEvent(name: StreamName, revision: number) {
          looks.push(revision);
          return store.readEvent(name, revision);
        },
      });
      const restarted = repositoryOn(watched, { snapshots });
      expect(await restarted.load(counter, stream)).toEqual(await first.load(counter, stream));
      expect([looks, reads]).toEqual([[99], [100]]);
      expect(
        await restarted.execute(counter, stream, { by: 1 }, someContext({ commandId: 'c7', fingerprint: 'f' })),
      ).toMatchObject({
        repeated: true,
      });
    });

    it('ignores one that other rules folded', async () => {
      const first = repositoryOn(store, { snapshots });
      for (let n = 0; n < 60; n += 1) await first.execute(counter, stream, { by: 1 }, someContext());
      const doubled: typeof counter = { ...counter, evolve: (sum, { data }) => sum + 2 * data.by };
      expect((await repositoryOn(store, { snapshots }).load(doubled, stream)).state).toBe(120);
    });

    it('ignores one of another history, such as a log that was restored from a back-up', async () => {
      const first = repositoryOn(store, { snapshots });
      for (let n = 0; n < 60; n += 1) await first.execute(counter, stream, { by: 1 }, someContext());
      for (const events of [0, 10, 60]) {
        const restored = new MemoryEventStore();
        const before = repositoryOn(restored);
        for (let n = 0; n < events; n += 1) await before.execute(counter, stream, { by: 2 }, someContext());
        const after = repositoryOn(restored, { snapshots });
        expect((await after.execute(counter, stream, { by: 2 }, someContext())).state).toBe(2 * events + 2);
      }
    });

    it('goes on without them when they cannot be read or written, and says so', async () => {
      let failures = 0;
      const observer = { appended() {}, appendFailed() {}, conflicted() {}, snapshotFailed: () => (failures += 1) };
      const broken: Snapshots = {
        read: () => ({ revision: 3, eventId: 'e', foldVersion: 'any', state: new Uint8Array([1, 2, 3]) }),
        write() {
          throw new Error('locked');
        },
        close() {},
      };
      const repository = repositoryOn(store, { snapshots: broken, observer });
      for (let n = 0; n < 60; n += 1) await repository.execute(counter, stream, { by: 1 }, someContext());
      expect((await repositoryOn(store, { snapshots: broken, observer }).load(counter, stream)).state).toBe(60);
      expect(failures).toBeGreaterThan(0);
    });

    it('are begun anew when their file is damaged', () => {
      snapshots.close();
      writeFileSync(join(folder, 'snapshots.db'), 'no database at all, but long enough to be looked at '.repeat(40));
      snapshots = new SqliteSnapshots(join(folder, 'snapshots.db'));
      expect(snapshots.read(stream)).toBeUndefined();
    });
  });

  it('never loses or doubles a command, whatever the store answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'committed', 'not-committed'), { maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (answers, commands) => {
          const log = new MemoryEventStore();
          const left = [...answers];
          const flaky = Object.assign(Object.create(log) as MemoryEventStore, {
            async append(...args: Parameters<EventStore['append']>): Promise<Appended> {
              const answer = left.shift() ?? 'ok';
              const appended = answer === 'not-committed' ? undefined : await log.append(...args);
              if (answer === 'ok' && appended !== undefined) return appended;
              throw new AppendOutcomeUnknown('lost');
            },
          });
          const nodes = [repositoryOn(flaky), repositoryOn(flaky)];
          const outcomes = await Promise.allSettled(
            Array.from({ length: commands }, async (_, n) =>
              nodes[n % 2]?.execute(counter, stream, { by: 1 }, someContext()),
            ),
          );
          const acknowledged = outcomes.filter(({ status }) => status === 'fulfilled').length;
          const unknown = outcomes.filter(
            (o) => o.status === 'rejected' && o.reason instanceof AppendOutcomeUnknown,
          ).length;
          const counted = (await repositoryOn(log).load(counter, stream)).state;
          expect(counted).toBeGreaterThanOrEqual(acknowledged);
          expect(counted).toBeLessThanOrEqual(acknowledged + unknown);
        },
      ),
      { numRuns: 100, seed: 11 },
    );
  });
});
