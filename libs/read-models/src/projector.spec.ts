import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { type StreamName, asUserId } from '#domain/ids.js';
import type { DomainEvent } from '#domain/decider.js';
import { LOG_START, type LogSlice, type Position } from '#event-store/event-store.js';
import { CheckpointRow } from './checkpoint.js';
import { type Projection, patch, put, remove, removeWhere } from './projection.js';
import { ReadModelProgress } from './progress.js';
import type { ProjectorObserver } from './projector.js';
import { UserRow } from './users/user-row.entity.js';
import { DEAF, ReadModelFixture } from './testing/read-model-fixture.js';

const row = (id: string, username: string | null): UserRow => ({
  id,
  username,
  usernameKey: null,
  kind: 'password',
  role: 'USER',
  status: 'active',
  email: null,
  emailKey: null,
  assertedEmail: null,
  assertedEmailKey: null,
  firstNames: null,
  firstNamesKey: null,
  lastName: null,
  lastNameKey: null,
  organizationId: null,
  identityProvider: null,
  subject: null,
  secondFactor: 0,
  acceptedAgreement: 0,
  mustChangePassword: 0,
  createdAt: 0,
});

/** Uses every kind of change; what an event does is coded in who it is about. */
const everyChange: Projection = {
  name: 'every-change',
  version: 1,
  categories: ['user'],
  types: ['SessionsInvalidated'],
  tables: [UserRow],
  project({ event, revision }) {
    if (event.type !== 'SessionsInvalidated') return [];
    const [what = '', id = ''] = event.data.userId.split('.');
    switch (what) {
      case 'put':
        return [put(UserRow, row(id, `v${revision}`))];
      case 'patch':
        return [patch(UserRow, id, { username: `p${revision}`, createdAt: revision })];
      case 'remove':
        return [remove(UserRow, id)];
      case 'remove-others':
        return [
          removeWhere(
            UserRow,
            { column: 'id', is: '<>', value: id },
            { column: 'createdAt', is: '<=', value: revision },
          ),
        ];
      default:
        throw new Error(`a broken event: ${what}`);
    }
  },
};
const stream: StreamName = 'user-1';
const does = (what: string): DomainEvent => ({
  type: 'SessionsInvalidated',
  data: { userId: asUserId(what), epoch: 1, spared: null },
});

describe.each(DATABASES)('in %s', (kind) => {
  let fixture: ReadModelFixture;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind);
  });
  afterEach(() => fixture.close());

  describe('a projector', () => {
    it('gives the same rows for the same log, however it is sliced, and when it is read again', async () => {
      const what = fc.tuple(fc.constantFrom('put', 'patch', 'remove', 'remove-others'), fc.constantFrom('a', 'b', 'c'));
      await fc.assert(
        fc.asyncProperty(
          fc.array(what, { maxLength: 25 }),
          fc.integer({ min: 1, max: 6 }),
          async (history, sliceSize) => {
            for (const [kind, id] of history) await fixture.happened(stream, does(`${kind}.${id}`));
            await fixture.forget(everyChange);
            await fixture.catchUp(everyChange, 1);
            const oneByOne = await fixture.rows(everyChange);
            for (const size of [sliceSize, Infinity]) {
              await fixture.forget(everyChange);
              await fixture.catchUp(everyChange, size);
              expect(await fixture.rows(everyChange)).toEqual(oneByOne);
            }
          },
        ),
        { numRuns: kind === 'SQLite' ? 25 : 5, seed: 5 },
      );
    });

    it('writes the rows and the checkpoint together or not at all', async () => {
      await fixture.happened(stream, does('put.a'));
      await fixture.catchUp(everyChange);
      const before = await fixture.rows(everyChange);
      await fixture.happened(stream, does('put.b'));
      await fixture.happened(stream, does('broken'));
      await expect(fixture.catchUp(everyChange)).rejects.toThrow('a broken event');
      expect(await fixture.rows(everyChange)).toEqual(before);
    });

    it('applies all that stands around a fault, though it gathers much of a long log', async () => {
      for (const id of ['a', 'b', 'c']) await fixture.happened(stream, does(`put.${id}`));
      await fixture.happened(stream, does('broken'));
      await fixture.happened('user-2', does('put.d'));
      await fixture.catchUpThroughFaults(everyChange, 100);
      expect(await fixture.rows(everyChange)).toMatchObject({
        rows: [[{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]],
        checkpoint: { position: '5' },
      });
    });

    it('reports a fault and tries again until it succeeds', async () => {
      await fixture.happened(stream, does('put.a'));
      const faults: unknown[] = [];
      let broken = true;
      const stop = new AbortController();
      const flaky: Projection = {
        ...everyChange,
        project(event) {
          if (broken) throw new Error('for now');
          return everyChange.project(event);
        },
      };
      await new Promise<void>((resolve) => {
        const observer: ProjectorObserver = {
          ...DEAF,
          advanced: () => resolve(),
          failed(_, error) {
            faults.push(error);
            broken = faults.length < 2;
          },
        };
        void fixture.projector(flaky, fixture.store, observer).run(stop.signal);
      });
      stop.abort();
      expect(faults).toHaveLength(2);
      expect(await fixture.rows(everyChange)).toMatchObject({ rows: [[{ id: 'a' }]] });
    });

    it('fills its tables anew when the log was replaced by a shorter one', async () => {
      await fixture.happened(stream, does('put.a'));
      const { manager } = fixture.database.writer;
      const ahead = { projection: everyChange.name, version: 1, edition: 'live', position: '99' } as const;
      const never = { parking: 0, events: 99, recordedAt: 0, movedAt: 0, tables: '' };
      await manager.insert(CheckpointRow, { ...ahead, ...never });
      await manager.insert(UserRow, row('z', null));
      await fixture.catchUp(everyChange);
      expect(await fixture.rows(everyChange)).toMatchObject({ rows: [[{ id: 'a' }]], checkpoint: { position: '1' } });
    });

    it('applies each event once, also when several processes work at it', async () => {
      const counting: Projection = { ...everyChange, name: 'counting' };
      const stop = new AbortController();
      const applied: string[] = [];
      const observer: ProjectorObserver = {
        ...DEAF,
        advanced: (_, { events }: LogSlice) => void applied.push(...events.map(({ id }) => id)),
        failed: (_, error) => stop.abort(error),
      };
      const workers = [1, 2, 3].map(() => fixture.projector(counting, fixture.store, observer).run(stop.signal));
      let last = LOG_START;
      for (let n = 0; n < 30; n += 1) last = await fixture.happened(stream, does('put.a'));
      await new ReadModelProgress(fixture.database.reader).waitFor(counting, last);
      stop.abort();
      await Promise.all(workers);
      expect(applied.length).toBe(30);
      expect(new Set(applied).size).toBe(30);
    });

    it('passes over what it does not follow, and still moves on', async () => {
      await fixture.happened('user-2', { type: 'UserCreationAbandoned', data: {} });
      const last = await fixture.happened('onetime-1', {
        type: 'OneTimeTokenClaimed',
        data: { claimedBy: asUserId('x') },
      });
      await fixture.catchUp(everyChange);
      expect(await fixture.rows(everyChange)).toMatchObject({ rows: [[]], checkpoint: { position: last } });
    });
  });

  describe('waiting for a read model', () => {
    it('ends at once where it has come far enough, and says how far', async () => {
      await fixture.happened(stream, does('put.a'));
      await fixture.catchUp(everyChange);
      const progress = new ReadModelProgress(fixture.database.reader);
      expect(await progress.waitFor(everyChange, LOG_START)).toBe('1');
      expect(await progress.waitFor(everyChange, '1' as Position)).toBe('1');
    });

    it('ends when another process has moved it on', async () => {
      await fixture.happened(stream, does('put.a'));
      const waiting = new ReadModelProgress(fixture.database.reader).waitFor(everyChange, '1' as Position);
      await fixture.catchUp(everyChange);
      expect(await waiting).toBe('1');
    });
  });
});
