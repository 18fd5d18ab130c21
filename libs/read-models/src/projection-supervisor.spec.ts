import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DomainEvent } from '#domain/decider.js';
import { type StreamName, asUserId } from '#domain/ids.js';
import {
  type ProjectionControlCommand,
  projectionControl,
  projectionStream,
} from '#domain/projection/projection-control.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { parkedEvents } from './parked-event.js';
import { type Projection, put } from './projection.js';
import { ProjectionSupervisor } from './projection-supervisor.js';
import { SessionEpochRow } from './sessions/session-row.entity.js';
import { ReadModelFixture } from './testing/read-model-fixture.js';
import { UserRow } from './users/user-row.entity.js';

const happening = (what: string): DomainEvent => ({
  type: 'SessionsInvalidated',
  data: { userId: asUserId(what), epoch: 1, spared: null },
});

let isBroken: boolean;
const epochs: Projection = {
  name: 'epochs',
  version: 1,
  categories: ['user'],
  types: ['SessionsInvalidated'],
  tables: [SessionEpochRow],
  project({ event, revision }) {
    if (event.type !== 'SessionsInvalidated') return [];
    const id = event.data.userId;
    if (id.startsWith('broken') && isBroken) throw new Error('a broken event');
    return [put(SessionEpochRow, { id, epoch: revision, spared: null })];
  },
};
/** Stands at another place than the one above, and has nothing to do. */
const idle: Projection = { ...epochs, name: 'idle', types: [], tables: [UserRow], project: () => [] };

describe('operators', () => {
  let fixture: ReadModelFixture;
  let repository: Repository;
  let stop: AbortController;
  let running: Promise<void>;
  beforeEach(async () => {
    isBroken = true;
    fixture = await ReadModelFixture.open('SQLite');
    repository = new Repository(fixture.store, fixture.codec);
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await fixture.close();
  });

  function start(projections: readonly Projection[] = [epochs, idle]): void {
    stop = new AbortController();
    running = new ProjectionSupervisor(fixture.supervisorParts(repository), projections).run(stop.signal);
  }
  async function restart(): Promise<void> {
    stop.abort();
    await running;
    start();
  }
  const say = (command: ProjectionControlCommand) =>
    repository.execute(projectionControl, projectionStream('epochs'), command, someContext());
  const happened = async (stream: StreamName, ...whats: readonly string[]) => {
    for (const what of whats) await fixture.happened(stream, happening(what));
  };
  const ids = async () => {
    const rows = await fixture.database.reader.getRepository(SessionEpochRow).find({ order: { id: 'ASC' } });
    return rows.map(({ id }) => id);
  };
  const parked = async () =>
    (await parkedEvents(fixture.database.reader.manager, epochs)).map(({ eventId }) => eventId);

  it('have what is parked tried again', async () => {
    start();
    await happened('user-1', 'broken', 'one');
    await happened('user-2', 'broken-too');
    await expect.poll(parked).toEqual(['user-1/0', 'user-1/1', 'user-2/0']);
    isBroken = false;
    await say({ type: 'RetryParkedEvents', sequence: 'user-1' });
    await expect.poll(parked).toEqual(['user-2/0']);
    expect(await ids()).toEqual(['broken', 'one']);
    await say({ type: 'RetryParkedEvents', sequence: null });
    await expect.poll(ids).toEqual(['broken', 'broken-too', 'one']);
    await happened('user-1', 'two');
    await expect.poll(ids).toEqual(['broken', 'broken-too', 'one', 'two']);
  });

  it('have an event left out, also when all begins anew', async () => {
    start();
    await happened('user-1', 'broken', 'one');
    await expect.poll(parked).toEqual(['user-1/0', 'user-1/1']);
    await say({ type: 'SkipParkedEvent', eventId: 'user-1/0', reason: 'nobody needs it' });
    await expect.poll(ids).toEqual(['one']);
    expect(await parked()).toEqual([]);
    stop.abort();
    await running;
    await fixture.forget(epochs);
    start();
    await expect.poll(ids).toEqual(['one']);
    expect(await parked()).toEqual([]);
  });

  it('leave out what was parked while nobody was there to do it', async () => {
    start();
    await happened('user-1', 'broken', 'one');
    await expect.poll(parked).toEqual(['user-1/0', 'user-1/1']);
    stop.abort();
    await running;
    await say({ type: 'SkipParkedEvent', eventId: 'user-1/0', reason: 'nobody needs it' });
    start();
    await expect.poll(ids).toEqual(['one']);
  });

  it('let one projection stand still, also through a restart, and go on without a gap', async () => {
    start();
    await happened('user-1', 'one');
    await expect.poll(ids).toEqual(['one']);
    await say({ type: 'PauseProjection' });
    const stood = () => fixture.positionOf(epochs);
    const before = await stood();
    await expect
      .poll(async () => {
        await happened('user-2', 'two');
        return (await fixture.positionOf(idle)) !== (await stood());
      })
      .toBe(true);
    await restart();
    await happened('user-1', 'three');
    await expect.poll(async () => (await fixture.positionOf(idle)) === (await fixture.store.head())).toBe(true);
    expect(await ids()).not.toContain('three');
    expect(BigInt(await stood())).toBeGreaterThanOrEqual(BigInt(before));
    await say({ type: 'ResumeProjection' });
    await expect.poll(ids).toEqual(['one', 'three', 'two']);
  });

  it('may let all of them stand still', async () => {
    start([epochs]);
    await say({ type: 'PauseProjection' });
    await happened('user-1', 'one');
    await restart();
    await say({ type: 'ResumeProjection' });
    await expect.poll(ids).toEqual(['one']);
  });
});
