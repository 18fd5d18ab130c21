import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { type StreamName, asUserId } from '#domain/ids.js';
import {
  type ProjectionControlCommand,
  projectionControl,
  projectionStream,
} from '#domain/projection/projection-control.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import type { Position } from '#event-store/event-store.js';
import { type Projection, put } from '../projection.js';
import { ProjectionSupervisor } from '../projection-supervisor.js';
import { SESSIONS_VERSION, SessionEpochRow } from '../sessions/session-row.entity.js';
import { ReadModelFixture } from '../testing/read-model-fixture.js';
import type { RebuildParts } from './rebuild.js';
import { findRebuild } from './rebuild-row.entity.js';

const EPOCHS = `session_epoch_v${SESSIONS_VERSION}`;

/** A file that may not grow; a server that says what it says when its disk is full. */
const ROOM = {
  SQLite: {
    async take(writer: DataSource) {
      const [{ page_count: pages = 0 } = {}] = await writer.query<{ page_count?: number }[]>('PRAGMA page_count');
      await writer.query(`PRAGMA max_page_count = ${pages + 8}`);
    },
    give: (writer: DataSource) => writer.query('PRAGMA max_page_count = 1000000'),
  },
  PostgreSQL: {
    take: (writer: DataSource) =>
      writer.query(`
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF NEW.edition = 'next' THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END IF;
            RETURN NEW;
          END $$;
        CREATE TRIGGER full_disk BEFORE UPDATE ON projection_checkpoint FOR EACH ROW EXECUTE FUNCTION full_disk()`),
    give: (writer: DataSource) => writer.query('DROP TRIGGER full_disk ON projection_checkpoint'),
  },
};

describe.each(DATABASES)('a rebuild in %s', (kind) => {
  /** Applied so far, live and anew. */
  let applied: number;
  let brokenIds: ReadonlySet<string>;
  const epochs: Projection = {
    name: 'epochs',
    version: 1,
    categories: ['user'],
    types: ['SessionsInvalidated'],
    tables: [SessionEpochRow],
    project({ event, revision }) {
      if (event.type !== 'SessionsInvalidated') return [];
      applied += 1;
      const id = event.data.userId;
      if (brokenIds.has(id)) throw new Error('a broken event');
      return [put(SessionEpochRow, { id, epoch: revision, spared: null })];
    },
  };

  let fixture: ReadModelFixture;
  let repository: Repository;
  let stop: AbortController;
  let running: Promise<void>;
  beforeEach(async () => {
    applied = 0;
    brokenIds = new Set();
    fixture = await ReadModelFixture.open(kind);
    repository = new Repository(fixture.store, fixture.codec);
    start();
  });
  afterEach(async () => {
    await end();
    await fixture.close();
  });

  function start(parts: Partial<RebuildParts> = {}): void {
    stop = new AbortController();
    running = new ProjectionSupervisor(fixture.supervisorParts(repository, parts), [epochs]).run(stop.signal);
  }
  async function end(): Promise<void> {
    stop.abort();
    await running;
  }
  const say = (command: ProjectionControlCommand) =>
    repository.execute(projectionControl, projectionStream('epochs'), command, someContext());
  const rebuild = async (options: { to?: Position; isForced?: boolean } = {}) => {
    const { to = null, isForced = false } = options;
    const head = await fixture.store.head();
    return say({ type: 'RebuildProjection', runId: `run at ${head}`, version: 1, to, isForced, head });
  };
  const undo = async () => say({ type: 'UndoRebuild', runId: `undo at ${await fixture.store.head()}`, version: 1 });
  const happened = async (stream: StreamName, ...ids: readonly string[]) => {
    const event = (id: string) =>
      ({ type: 'SessionsInvalidated', data: { userId: asUserId(id), epoch: 1, spared: null } }) as const;
    for (const id of ids) await fixture.happened(stream, event(id));
  };
  const ids = async () => {
    const rows = await fixture.database.reader.getRepository(SessionEpochRow).find({ order: { id: 'ASC' } });
    return rows.map(({ id }) => id);
  };
  const row = () => findRebuild(fixture.database.reader.manager, epochs);
  const state = async () => (await row())?.state;
  const orderInLog = async () => (await repository.load(projectionControl, projectionStream('epochs'))).state.rebuild;
  const isOver = async (outcome = 'swapped') => {
    await expect.poll(state, { timeout: 5_000 }).toBe(outcome);
    await expect.poll(orderInLog).toBe(null);
  };
  const tables = async (): Promise<string[]> => {
    const list = kind === 'SQLite' ? 'SELECT name FROM sqlite_master' : 'SELECT tablename AS name FROM pg_tables';
    const found = await fixture.database.reader.query<{ name: string }[]>(list);
    return found
      .map(({ name }) => name)
      .filter((name) => name === EPOCHS || name.startsWith(`${EPOCHS}_`))
      .toSorted();
  };
  /** As a fault of the program or somebody's hand would. */
  const falsify = async () => {
    const table = fixture.database.writer.getMetadata(SessionEpochRow).tableName;
    await fixture.database.writer.query(`DELETE FROM ${table} WHERE id = 'one'`);
    await fixture.database.writer.query(`UPDATE ${table} SET epoch = 99 WHERE id = 'two'`);
    await fixture.database.writer.query(`INSERT INTO ${table} VALUES ('zero', 1, NULL)`);
  };

  it('puts the same tables in the place of those that are read, and queries see all of them all the time', async () => {
    const all = Array.from({ length: 2_500 }, (_, n) => `id-${String(n).padStart(4, '0')}`);
    await happened('user-1', ...all);
    await expect.poll(ids, { timeout: 10_000 }).toHaveLength(all.length);
    const watched = new AbortController();
    const counts = new Set<number>();
    const watch = (async () => {
      for (; !watched.signal.aborted; await nextTurn()) counts.add((await ids()).length);
    })();
    await rebuild();
    await isOver();
    watched.abort();
    await watch;
    expect([...counts]).toEqual([all.length]);
    expect(JSON.parse((await row())?.comparison ?? '')).toMatchObject({
      position: expect.stringMatching(/^250\d$/),
      tables: [{ live: { rows: 2_500 }, next: { rows: 2_500 }, onlyLive: 0, onlyNext: 0, changed: 0 }],
      parked: [],
    });
    expect(await tables()).toEqual([EPOCHS, `${EPOCHS}_previous`]);
    await happened('user-1', 'more');
    await expect.poll(ids).toHaveLength(all.length + 1);
  });

  it('catches up with what happens meanwhile', async () => {
    await happened('user-1', 'one', 'two');
    const busy = (async () => {
      for (let n = 0; n < 50; n += 1) await happened('user-2', `busy-${n}`);
    })();
    await rebuild();
    await busy;
    await isOver();
    await expect.poll(ids).toHaveLength(52);
    await expect.poll(async () => (await fixture.positionOf(epochs)) === (await fixture.store.head())).toBe(true);
  });

  it('changes nothing where the tables differ, says how they do, and puts the new ones in place when told to', async () => {
    await happened('user-1', 'one', 'two');
    await expect.poll(ids).toEqual(['one', 'two']);
    await falsify();
    await rebuild();
    await expect.poll(state).toBe('differs');
    expect(JSON.parse((await row())?.comparison ?? '')).toMatchObject({
      tables: [{ onlyLive: 1, onlyNext: 1, changed: 1, examples: ['one', 'two', 'zero'] }],
    });
    expect(await ids()).toEqual(['two', 'zero']);
    await end();
    start();
    await happened('user-1', 'three');
    await expect.poll(ids).toEqual(['three', 'two', 'zero']);
    await expect(rebuild()).rejects.toMatchObject({ code: 'rebuild-runs' });
    await rebuild({ isForced: true });
    await isOver();
    expect(await ids()).toEqual(['one', 'three', 'two']);
  });

  it('is taken back, and taken back again', async () => {
    await expect(undo()).rejects.toMatchObject({ code: 'undo-unknown' });
    await happened('user-1', 'one', 'two');
    await expect.poll(ids).toEqual(['one', 'two']);
    await falsify();
    await rebuild({ isForced: true });
    await isOver();
    await happened('user-1', 'three');
    await expect.poll(ids).toEqual(['one', 'three', 'two']);
    await undo();
    await isOver();
    await expect.poll(ids).toEqual(['three', 'two', 'zero']);
    await happened('user-1', 'four');
    await undo();
    await isOver();
    await expect.poll(ids).toEqual(['four', 'one', 'three', 'two']);
  });

  it('goes on where it was when its process ended', async () => {
    const all = Array.from({ length: 6_000 }, (_, n) => `id-${n}`);
    await happened('user-1', ...all);
    await expect.poll(ids, { timeout: 10_000 }).toHaveLength(all.length);
    applied = 0;
    await rebuild();
    await expect.poll(() => fixture.positionOf(epochs, 'next'), { interval: 1 }).not.toBe('0');
    await end();
    const done = Number(await fixture.positionOf(epochs, 'next'));
    expect(done).toBeLessThan(6_000);
    const before = applied;
    start();
    await isOver();
    expect(applied - before).toBeLessThanOrEqual(6_000 - done);
    expect(await ids()).toHaveLength(6_000);
  });

  it('stops where it is told to, and goes on from there', async () => {
    await happened('user-1', 'one', 'two', 'three');
    await expect.poll(ids).toHaveLength(3);
    await expect(rebuild({ to: '4' as Position })).rejects.toMatchObject({ code: 'position-beyond-log' });
    await rebuild({ to: '2' as Position });
    await expect.poll(state).toBe('stands');
    expect(await fixture.positionOf(epochs, 'next')).toBe('2');
    await expect(rebuild({ to: '1' as Position })).rejects.toMatchObject({ code: 'rebuild-runs' });
    await rebuild();
    await isOver();
    expect(await ids()).toHaveLength(3);
  });

  it('is cancelled, and leaves nothing', async () => {
    await happened('user-1', 'one');
    await rebuild({ to: '1' as Position });
    await expect.poll(state).toBe('stands');
    expect(await tables()).toEqual([EPOCHS, `${EPOCHS}_next`]);
    await say({ type: 'CancelRebuild' });
    await expect.poll(tables).toEqual([EPOCHS]);
    expect(await state()).toBe('cancelled');
    await expect(say({ type: 'CancelRebuild' })).rejects.toMatchObject({ code: 'rebuild-unknown' });
    await rebuild();
    await isOver();
    expect(await ids()).toEqual(['one']);
  });

  it('keeps what could be taken back when taking it back is cancelled', async () => {
    await happened('user-1', 'one');
    await rebuild();
    await isOver();
    await end();
    await undo();
    await say({ type: 'CancelRebuild' });
    start();
    await happened('user-1', 'two');
    await undo();
    await isOver();
    await expect.poll(ids).toEqual(['one', 'two']);
  });

  it('comes to nothing when what was to be taken back is gone, as from a database that was lost', async () => {
    await happened('user-1', 'one');
    await rebuild();
    await isOver();
    await fixture.database.writer.query(`DROP TABLE ${EPOCHS}_previous`);
    await undo();
    await isOver('failed');
    expect((await row())?.error).toBe('nothing-kept');
    expect(await ids()).toEqual(['one']);
    await rebuild();
    await isOver();
  });

  it('comes to nothing when there is no room, and the tables that are read stay as they are', async () => {
    await happened('user-1', 'one');
    await expect.poll(ids).toEqual(['one']);
    await end();
    start({ hasRoom: () => false });
    await rebuild();
    await isOver('failed');
    expect((await row())?.error).toBe('no-room');
    await expect.poll(tables).toEqual([EPOCHS]);
    await happened('user-1', 'two');
    await expect.poll(ids).toEqual(['one', 'two']);
  });

  it('comes to nothing when the disk is full, and is done once there is room', async () => {
    const all = Array.from({ length: 3_000 }, (_, n) => `id-${n}`);
    await happened('user-1', ...all);
    await expect.poll(ids).toHaveLength(all.length);
    await ROOM[kind].take(fixture.database.writer);
    await rebuild();
    await isOver('failed');
    expect((await row())?.error).toBe('no-room');
    expect(await ids()).toHaveLength(all.length);
    await ROOM[kind].give(fixture.database.writer);
    await rebuild();
    await isOver();
    expect(await ids()).toHaveLength(all.length);
  });

  it('counts an event that it cannot apply as a difference', async () => {
    await happened('user-1', 'one', 'two');
    await expect.poll(ids).toEqual(['one', 'two']);
    brokenIds = new Set(['two']);
    await rebuild();
    await expect.poll(state).toBe('differs');
    expect(JSON.parse((await row())?.comparison ?? '')).toMatchObject({
      tables: [{ onlyLive: 1, examples: ['two'] }],
      parked: ['user-1/1'],
    });
    expect(await ids()).toEqual(['one', 'two']);
  });

  it('leaves out what operators leave out, also when they say so while it waits', async () => {
    await happened('user-1', 'one', 'two');
    await expect.poll(ids).toEqual(['one', 'two']);
    brokenIds = new Set(['one']);
    await rebuild();
    await expect.poll(state).toBe('differs');
    await say({ type: 'SkipParkedEvent', eventId: 'user-1/0', reason: 'nobody needs it' });
    const found = async () => JSON.parse((await row())?.comparison ?? '{}') as { parked?: string[] };
    await expect.poll(async () => (await found()).parked).toEqual([]);
    await rebuild({ isForced: true });
    await isOver();
    expect(await ids()).toEqual(['two']);
  });

  it('comes to nothing when more events are broken than may be parked', async () => {
    const streams = ['one', 'two', 'three'];
    for (const id of streams) await happened(`user-${id}`, id);
    await expect.poll(ids).toHaveLength(streams.length);
    await end();
    brokenIds = new Set(streams);
    start({ limits: { firstPauseMs: 1, mostParked: 2 } });
    await rebuild();
    await isOver('failed');
    expect((await row())?.error).toBe('broken-events');
    expect(await ids()).toHaveLength(streams.length);
  });

  it('takes the tables of a projection that stands still to where it stands', async () => {
    await happened('user-1', 'one');
    await expect.poll(ids).toEqual(['one']);
    await say({ type: 'PauseProjection' });
    await happened('user-1', 'two');
    await rebuild();
    await isOver();
    expect(await ids()).toEqual(['one']);
    await say({ type: 'ResumeProjection' });
    await expect.poll(ids).toEqual(['one', 'two']);
  });

  it('is ended in the log by the next start where its process was killed after the swap', async () => {
    await happened('user-1', 'one');
    await end();
    start({ tell: () => Promise.reject(new Error('the log is away')) });
    await rebuild();
    await expect.poll(state).toBe('swapped');
    expect(await orderInLog()).not.toBe(null);
    await end();
    start();
    await isOver();
    expect(await ids()).toEqual(['one']);
  });
});
