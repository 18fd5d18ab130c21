import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StreamName } from '#domain/ids.js';
import { AppendOutcomeUnknown, type Position } from '../event-store.js';
import { eventStoreContract, follow, someEvent } from '../testing/contract.js';
import { isAged } from './log-file.js';
import { SqliteEventStore } from './sqlite-event-store.js';

eventStoreContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'authlog-'));
  const store = new SqliteEventStore(join(folder, 'events.db'));
  return {
    store,
    async remove() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe('the log in a SQLite file', () => {
  let folder: string;
  let file: string;
  const open: SqliteEventStore[] = [];
  const openStore = () => {
    const store = new SqliteEventStore(file);
    open.push(store);
    return store;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authlog-'));
    file = join(folder, 'events.db');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((store) => store.close()));
    await rm(folder, { recursive: true });
  });

  it('tells followers in other processes', async () => {
    const [here, there] = [openStore(), openStore()];
    const following = follow(there, '3' as Position);
    for (let n = 0; n < 3; n += 1) await here.append(`user-${n}`, 'no-stream', [someEvent()]);
    expect((await following).events.map(({ stream }) => stream)).toEqual(['user-0', 'user-1', 'user-2']);
  });

  it('gives several writing processes one order without gaps', async () => {
    const stores = [openStore(), openStore(), openStore()];
    const append = async (store: SqliteEventStore, n: number) =>
      store.append(`user-${n}`, 'no-stream', [someEvent(), someEvent()]);
    await Promise.all(stores.flatMap((store, s) => Array.from({ length: 20 }, (_, n) => append(store, s * 20 + n))));
    const { events } = await follow(openStore(), '120' as Position);
    expect(events.map(({ position }) => Number(position))).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
  });

  it('is there again after a restart', async () => {
    const store = openStore();
    const { position } = await store.append('user-1', 'no-stream', [someEvent()]);
    await store.close();
    expect(await openStore().head()).toBe(position);
  });

  it('finishes what was begun before it closes', async () => {
    const store = openStore();
    const appends = Array.from({ length: 50 }, (_, n) => store.append(`user-${n}`, 'no-stream', [someEvent()]));
    await store.close();
    expect(await Promise.all(appends)).toHaveLength(50);
  });

  it('never changes or removes an event, whoever asks (SEC-154)', async () => {
    await openStore().append('user-1', 'no-stream', [someEvent()]);
    const db = new Database(file);
    expect(() => db.exec("UPDATE event SET type = 'Other'")).toThrow('events are never changed');
    expect(() => db.exec('DELETE FROM event')).toThrow('events are never removed');
    expect(() => db.exec('INSERT OR REPLACE INTO event SELECT * FROM event')).toThrow('events are never replaced');
    db.close();
  });

  describe('with events that are older than they are kept', () => {
    const DAY_MS = 86_400_000;
    const goesOn = new AbortController().signal;
    /** As if the clock had stood there when they were appended. */
    const appendAt = async (daysAgo: number, stream: StreamName, from: number, count: number) => {
      const store = openStore();
      const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - daysAgo * DAY_MS);
      const events = Array.from({ length: count }, () => someEvent());
      await store.append(stream, from === 0 ? 'no-stream' : from - 1, events);
      clock.mockRestore();
    };
    const revisionsOf = async (stream: StreamName, from = 0) => {
      const revisions: number[] = [];
      for await (const { revision } of openStore().readStream(stream, from)) revisions.push(revision);
      return revisions;
    };

    it('removes them but for the last of each stream, and never what is kept for good (SEC-165)', async () => {
      await appendAt(91, 'attempts-a', 0, 3);
      await appendAt(89, 'attempts-a', 3, 2);
      await appendAt(31, 'onetime-a', 0, 2);
      await appendAt(29, 'onetime-b', 0, 2);
      await appendAt(9_999, 'user-a', 0, 2);
      const head = await openStore().head();
      expect(await openStore().removeAged(goesOn)).toBe(4);
      expect(await revisionsOf('attempts-a')).toEqual([3, 4]);
      expect(await revisionsOf('onetime-a')).toEqual([1]);
      expect(await revisionsOf('onetime-b')).toEqual([0, 1]);
      expect(await revisionsOf('user-a')).toEqual([0, 1]);
      expect(await openStore().removeAged(goesOn)).toBe(0);

      const { events } = await follow(openStore(), head);
      expect(events.map(({ position }) => Number(position))).toEqual([4, 5, 7, 8, 9, 10, 11]);
      expect(await openStore().append('onetime-a', 1, [someEvent()])).toMatchObject({ revision: 2, position: '12' });
    });

    it('removes many of them while others are appended, and reads on behind the gap', async () => {
      await appendAt(91, 'attempts-a', 0, 1_200);
      await appendAt(0, 'attempts-a', 1_200, 1_100);
      const store = openStore();
      const appends = Array.from({ length: 20 }, (_, n) => store.append(`user-${n}`, 'no-stream', [someEvent()]));
      expect(await store.removeAged(goesOn)).toBe(1_200);
      await Promise.all(appends);
      expect(await revisionsOf('attempts-a')).toEqual(Array.from({ length: 1_100 }, (_, n) => 1_200 + n));
    });

    it('lets nobody else remove them earlier', async () => {
      await appendAt(89, 'attempts-a', 0, 2);
      const db = new Database(file);
      expect(() => db.exec('DELETE FROM event')).toThrow('events are never removed');
      const plan = db.prepare(`EXPLAIN QUERY PLAN SELECT position FROM event AS old WHERE ${isAged('old')}`).all();
      expect(JSON.stringify(plan)).toContain('event_that_ages');
      db.close();
    });

    it('takes over a file of the format before', async () => {
      await appendAt(91, 'attempts-a', 0, 3);
      await Promise.all(open.splice(0).map((store) => store.close()));
      const before = new Database(file);
      before.exec(`DROP INDEX event_that_ages; DROP TRIGGER event_is_never_removed;
        CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event BEGIN SELECT raise(ABORT, 'never'); END;
        PRAGMA user_version = 1`);
      before.close();
      expect(await openStore().removeAged(goesOn)).toBe(2);
    });
  });

  it('says when the file is no log, damaged, or of a newer version, and what to do', async () => {
    const refusal = () => {
      try {
        return new SqliteEventStore(file);
      } catch (error) {
        return error;
      }
    };
    await writeFile(file, 'no database at all, but long enough to be looked at '.repeat(40));
    expect(refusal()).toMatchObject({
      name: 'LogFileUnusable',
      message: expect.stringContaining('restore it from a back-up'),
    });
    await rm(file);

    const foreign = new Database(file);
    foreign.exec('CREATE TABLE other (id INTEGER)');
    foreign.close();
    expect(refusal()).toMatchObject({ message: expect.stringContaining('is not an event log of authlog') });
    await rm(file);

    await openStore().close();
    const newer = new Database(file);
    newer.pragma('user_version = 3');
    newer.close();
    expect(refusal()).toMatchObject({ message: expect.stringContaining('upgrade authlog') });

    file = join(folder, 'nowhere', 'events.db');
    expect(refusal()).toMatchObject({ name: 'LogFileUnusable' });
  });

  it('goes on with a new thread when the one that writes dies, and says what it does not know', async () => {
    const store = openStore();
    await store.append('user-1', 'no-stream', [someEvent()]);
    const events = [someEvent()];
    const caught = store.append('user-1', 0, events).catch((error: unknown) => error);
    const died = nextTurn().then(() => store['writer']?.terminate());
    expect([AppendOutcomeUnknown, Object]).toContain((await caught)?.constructor);
    await died;
    expect(await store.append('user-1', 0, events)).toMatchObject({ revision: 1 });
  });
});
