import pLimit from 'p-limit';
import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { asUserId } from '#domain/ids.js';
import { findCheckpoint } from './checkpoint.js';
import { dropOldVersions } from './old-versions.js';
import { type Projection, put } from './projection.js';
import { ProjectionProcessRow } from './projection-process.js';
import type { ReadModelDatabase } from './read-model-database.js';
import { Projector } from './projector.js';
import { PARKED_AT, ReadModelFixture } from './testing/read-model-fixture.js';

@Entity('epoch_v1')
class FirstRow {
  @PrimaryColumn('text')
  id: string;

  @Column('integer')
  revision: number;
}

@Entity('epoch_v2')
class SecondRow {
  @PrimaryColumn('text')
  id: string;

  /** What the first version did not know. */
  @Column('integer')
  epoch: number;
}

const common = { name: 'epochs', categories: ['user'], types: ['SessionsInvalidated'] } as const;
const first: Projection = {
  ...common,
  version: 1,
  tables: [FirstRow],
  project: ({ event: { type, data }, revision }) =>
    type === 'SessionsInvalidated' ? [put(FirstRow, { id: data.userId, revision })] : [],
};
const second: Projection = {
  ...common,
  version: 2,
  tables: [SecondRow],
  project: ({ event: { type, data } }) =>
    type === 'SessionsInvalidated' ? [put(SecondRow, { id: data.userId, epoch: data.epoch })] : [],
};

const DAY_MS = 86_400_000;
const later = (ms: number) => new Date(PARKED_AT.getTime() + ms);

describe.each(DATABASES)('a new version of a projection in %s', (kind) => {
  let fixture: ReadModelFixture;
  let beside: ReadModelDatabase;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind, [first]);
    await happened('one');
    await fixture.catchUp(first);
    beside = await fixture.openBeside([second]);
  });
  afterEach(async () => {
    await beside.close();
    await fixture.close();
  });

  const happened = async (id: string) => {
    const data = { userId: asUserId(id), epoch: 7, spared: null };
    return fixture.happened(`user-${id}`, { type: 'SessionsInvalidated', data });
  };
  const catchUpSecond = async () => {
    const limits = { until: await fixture.store.head() };
    await new Projector({ ...fixture.parts(), database: beside.writer, limits }, [second]).run(
      new AbortController().signal,
    );
  };
  const idsIn = async (database: DataSource, table: typeof FirstRow | typeof SecondRow) =>
    (await database.getRepository<{ id: string }>(table).find({ order: { id: 'ASC' } })).map(({ id }) => id);
  const drop = (now: Date) =>
    dropOldVersions(beside.writer, [second], { inTurn: pLimit(1), now, signal: new AbortController().signal });
  const isRead = async () =>
    idsIn(fixture.database.reader, FirstRow).then(
      () => true,
      () => false,
    );

  it('fills tables of its own, while the old one goes on and is read', async () => {
    await catchUpSecond();
    await happened('two');
    await fixture.catchUp(first);
    expect(await idsIn(fixture.database.reader, FirstRow)).toEqual(['one', 'two']);
    expect(await idsIn(beside.reader, SecondRow)).toEqual(['one']);
    await catchUpSecond();
    expect(await beside.reader.getRepository(SecondRow).find({ order: { id: 'ASC' } })).toMatchObject([
      { id: 'one', epoch: 7 },
      { id: 'two', epoch: 7 },
    ]);
  });

  it('has its tables made once by programs that start at the same moment', async () => {
    await beside.writer.query('DROP TABLE epoch_v2');
    const opened = await Promise.all([second, second, second].map((one) => fixture.openBeside([one])));
    await catchUpSecond();
    expect(await idsIn(beside.reader, SecondRow)).toEqual(['one']);
    await Promise.all(opened.map((database) => database.close()));
  });

  it('has the old one removed once it was of no use for a day', async () => {
    await catchUpSecond();
    await drop(later(DAY_MS - 1));
    expect(await isRead()).toBe(true);
    await drop(later(DAY_MS));
    expect(await isRead()).toBe(false);
    expect(await findCheckpoint(beside.reader.manager, first, 'live')).toBe(null);
    expect(await idsIn(beside.reader, SecondRow)).toEqual(['one']);
  });

  it('leaves the old one to a process that still reads it', async () => {
    const reader = { process: 'elsewhere/1', projection: 'epochs', version: 1, role: 'reads', rate: 0 } as const;
    const seenAt = later(DAY_MS).getTime();
    await beside.writer.getRepository(ProjectionProcessRow).insert({ ...reader, error: null, errorAt: 0, seenAt });
    await drop(later(2 * DAY_MS - 1));
    expect(await isRead()).toBe(true);
    await drop(later(2 * DAY_MS + 1));
    expect(await isRead()).toBe(false);
  });
});
