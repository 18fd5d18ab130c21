import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import type { DomainEvent } from '#domain/decider.js';
import { type StreamName, asUserId } from '#domain/ids.js';
import { someEvent } from '#event-store/testing/contract.js';
import { type ParkedEventRow, parkedEvents } from './parked-event.js';
import { type Projection, put } from './projection.js';
import { SessionEpochRow } from './sessions/session-row.entity.js';
import { DEAF, PARKED_AT, ReadModelFixture } from './testing/read-model-fixture.js';

const happening = (what: string): DomainEvent => ({
  type: 'SessionsInvalidated',
  data: { userId: asUserId(what), epoch: 1, spared: null },
});

/** Keeps what happened; `broken` it cannot apply, and the database refuses what is `unwritable`. */
const strict: Projection = {
  name: 'strict',
  version: 1,
  categories: ['user', 'factor'],
  types: ['SessionsInvalidated'],
  tables: [SessionEpochRow],
  project({ event, revision }) {
    if (event.type !== 'SessionsInvalidated') return [];
    const id = event.data.userId;
    if (id === 'broken') throw new Error('a broken event');
    return [put(SessionEpochRow, { id, epoch: (id === 'unwritable' ? null : revision) as number, spared: null })];
  },
};
const mended: Projection = {
  ...strict,
  project: ({ event, revision }) =>
    event.type === 'SessionsInvalidated'
      ? [put(SessionEpochRow, { id: event.data.userId, epoch: revision, spared: null })]
      : [],
};

describe.each(DATABASES)('an event that cannot be applied, in %s,', (kind) => {
  let fixture: ReadModelFixture;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind);
  });
  afterEach(() => fixture.close());

  const happened = async (stream: StreamName, ...whats: readonly string[]) => {
    for (const what of whats) await fixture.happened(stream, happening(what));
  };
  const ids = async () => {
    const rows = await fixture.database.reader.getRepository(SessionEpochRow).find({ order: { id: 'ASC' } });
    return rows.map(({ id }) => id);
  };
  const parked = async (): Promise<ParkedEventRow[]> => parkedEvents(fixture.database.reader.manager, strict);
  const shortly = async () =>
    (await parked()).map(({ stream, revision, error, attempts }) => [stream, revision, error, attempts]);

  it('is tried three times and parked with what comes after it in its stream, and the rest goes on', async () => {
    await happened('user-1', 'one', 'broken', 'two');
    await happened('user-2', 'three');
    expect(await fixture.catchUpThroughFaults(strict)).toEqual(Array(3).fill('a broken event'));
    expect(await ids()).toEqual(['one', 'three']);
    expect(await shortly()).toEqual([
      ['user-1', 1, 'Error: a broken event', 3],
      ['user-1', 2, null, 0],
    ]);
    const [first] = await parked();
    expect(first).toMatchObject({
      projection: 'strict',
      version: 1,
      eventId: 'user-1/1',
      type: 'SessionsInvalidated',
      position: '2',
      firstAt: PARKED_AT.getTime(),
    });

    await happened('user-1', 'four');
    await happened('user-2', 'five');
    expect(await fixture.catchUpThroughFaults(strict)).toEqual([]);
    expect(await ids()).toEqual(['five', 'one', 'three']);
    expect((await shortly()).map(([, revision]) => revision)).toEqual([1, 2, 3]);
  });

  it('is applied with what waited for it, in order, by a start that can', async () => {
    await happened('user-1', 'one', 'broken', 'two', 'two');
    await fixture.catchUpThroughFaults(strict);
    await happened('user-2', 'three');
    await fixture.catchUpThroughFaults(mended);
    expect(await ids()).toEqual(['broken', 'one', 'three', 'two']);
    expect(await fixture.database.reader.getRepository(SessionEpochRow).findOneBy({ id: 'two' })).toMatchObject({
      epoch: 3,
    });
    expect(await parked()).toEqual([]);
  });

  it('lets through what stands before the next one that fails', async () => {
    await happened('user-1', 'broken', 'one', 'unwritable', 'two');
    await fixture.catchUpThroughFaults(strict);
    const halfMended: Projection = {
      ...strict,
      project: (event) => (event.revision === 0 ? [] : strict.project(event)),
    };
    await fixture.catchUpThroughFaults(halfMended);
    expect(await ids()).toEqual(['one']);
    expect((await shortly()).map(([, revision]) => revision)).toEqual([2, 3]);
  });

  it('is parked without the values that the database refused', async () => {
    await happened('user-1', 'unwritable');
    await fixture.catchUpThroughFaults(strict);
    expect(await shortly()).toEqual([
      ['user-1', 0, expect.stringMatching(/^the database refused what was to be written \(\w+\)$/), 3],
    ]);
    expect(await ids()).toEqual([]);
  });

  it('holds back the other streams that make the same row', async () => {
    const joined: Projection = { ...strict, sequenceOf: (stream) => stream.slice(stream.indexOf('-')) };
    await happened('user-1', 'broken');
    await happened('factor-1', 'one');
    await happened('factor-2', 'two');
    await fixture.catchUpThroughFaults(joined);
    expect(await ids()).toEqual(['two']);
    expect((await shortly()).map(([stream]) => stream)).toEqual(['user-1', 'factor-1']);
  });

  it('is one of a type that only a newer version knows', async () => {
    await fixture.store.append('user-1', 'no-stream', [{ ...someEvent(), type: 'FromTheFuture' }]);
    await fixture.store.append('session-1', 'no-stream', [{ ...someEvent(), type: 'FromTheFuture' }]);
    await happened('user-2', 'one');
    await fixture.catchUpThroughFaults(strict);
    expect(await ids()).toEqual(['one']);
    expect(await shortly()).toEqual([['user-1', 0, expect.stringMatching(/^EventNotUnderstood: .*FromTheFuture/), 3]]);
  });

  it('is none that fails because the database is away', async () => {
    let faults = 0;
    const unlucky: Projection = {
      ...strict,
      project(event) {
        if ((faults += 1) <= 5) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
        return strict.project(event);
      },
    };
    await happened('user-1', 'one');
    expect(await fixture.catchUpThroughFaults(unlucky)).toHaveLength(5);
    expect([await ids(), await parked()]).toEqual([['one'], []]);
  });

  it('is forgotten when the tables are filled anew', async () => {
    await happened('user-1', 'broken', 'one');
    await fixture.catchUpThroughFaults(strict);
    fixture.beginAnew();
    await happened('user-1', 'two');
    await fixture.catchUp(strict);
    expect([await ids(), await parked()]).toEqual([['two'], []]);
  });

  it('stops the projection where it is one of too many', async () => {
    for (const stream of ['user-1', 'user-2', 'user-3'] as const) await happened(stream, 'broken');
    await happened('user-4', 'one');
    const stop = new AbortController();
    let failures = 0;
    const observer = { ...DEAF, failed: () => void ((failures += 1) === 10 && stop.abort()) };
    await fixture.projector(strict, fixture.store, observer, { mostParked: 2 }).run(stop.signal);
    expect((await shortly()).map(([stream]) => stream)).toEqual(['user-1', 'user-2']);
    expect(await ids()).toEqual([]);
  });
});
