import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { DataSource } from 'typeorm';
import type { DomainEvent } from '#domain/decider.js';
import type { StreamName } from '#domain/ids.js';
import { EventCodec } from '#event-store/codec.js';
import {
  type EventStore,
  type LogSlice,
  type Position,
  type SubscriptionOptions,
  hasReached,
} from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { CheckpointRow } from '../checkpoint.js';
import { type Projection } from '../projection.js';
import { Projector, type ProjectorObserver } from '../projector.js';
import { type ReadModelDatabase, openReadModels } from '../read-model-database.js';

/** A log in memory and read models in SQLite. */
export class ReadModelFixture {
  readonly keys = new MemoryKeys();
  readonly codec = new EventCodec(this.keys);
  readonly store = new MemoryEventStore();
  private readonly inTurn = pLimit(1);
  private readonly revisions = new Map<StreamName, number>();

  private constructor(
    private readonly folder: string,
    readonly database: ReadModelDatabase,
  ) {}

  static async open(): Promise<ReadModelFixture> {
    const folder = mkdtempSync(join(tmpdir(), 'authlog-'));
    return new ReadModelFixture(folder, await openReadModels(join(folder, 'read-models.db')));
  }

  async close(): Promise<void> {
    await this.database.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Appends an event that happened at a time. */
  async happened(stream: StreamName, event: DomainEvent, time = '2030-01-01T00:00:00.000Z'): Promise<Position> {
    const revision = this.revisions.get(stream) ?? -1;
    const id = `${stream}/${revision + 1}`;
    const encoded = await this.codec.encode(event, id, stream, someContext({ now: new Date(time) }));
    const appended = await this.store.append(stream, revision < 0 ? 'no-stream' : revision, [encoded]);
    this.revisions.set(stream, appended.revision);
    return appended.position;
  }

  /**
   * Lets a projection catch up with the log, in slices of at most so many positions.
   * @throws what the projection fails with
   */
  async catchUp(projection: Projection, sliceSize = Infinity): Promise<void> {
    const head = await this.store.head();
    const stop = new AbortController();
    let running: Promise<void> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const observer: ProjectorObserver = {
          advanced: (_, { through }) => hasReached(through, head) && resolve(),
          failed: (_, error) => reject(error),
        };
        running = this.projector(projection, cut(this.store, sliceSize), observer).run(stop.signal);
      });
    } finally {
      stop.abort();
      await running;
    }
  }

  projector(projection: Projection, store: EventStore, observer: ProjectorObserver): Projector {
    return new Projector(store, this.codec, this.database.writer, this.inTurn, [projection], observer);
  }

  /** Everything in a projection's tables, and its checkpoint. */
  async rows(projection: Projection): Promise<unknown> {
    const { manager } = this.database.reader;
    const tables = projection.tables.map((table) =>
      manager.createQueryBuilder(table, 'row').orderBy('row.id').getMany(),
    );
    return {
      rows: await Promise.all(tables),
      checkpoint: await manager.findOneBy(CheckpointRow, { projection: projection.name }),
    };
  }

  /** How the database would find what is asked for: each step that meets the table, for each statement. */
  async plans(ask: (reader: DataSource) => Promise<unknown>, table: RegExp): Promise<string[][]> {
    const { reader } = this.database;
    const plans: string[][] = [];
    await ask(
      Object.assign(Object.create(reader) as DataSource, {
        async query(statement: string, values: unknown[]) {
          const steps: { detail: string }[] = await reader.query(`EXPLAIN QUERY PLAN ${statement}`, values);
          plans.push(steps.map(({ detail }) => detail).filter((detail) => table.test(detail)));
          return [];
        },
      }),
    );
    return plans;
  }

  /** Empties the tables as if they had never been. */
  async forget(projection: Projection): Promise<void> {
    const { manager } = this.database.writer;
    for (const table of projection.tables) await manager.createQueryBuilder().delete().from(table).execute();
    await manager.delete(CheckpointRow, { projection: projection.name });
  }
}

/** The same log, delivered in slices of at most so many positions. */
export function cut(store: MemoryEventStore, size: number): EventStore {
  return Object.assign(Object.create(store) as MemoryEventStore, {
    async *subscribeAll(options: SubscriptionOptions): AsyncIterable<LogSlice> {
      for await (const slice of store.subscribeAll(options)) {
        let done = 0;
        for (const [index, event] of slice.events.entries())
          if (index + 1 - done >= size && index + 1 < slice.events.length) {
            yield { events: slice.events.slice(done, index + 1), through: event.position, caughtUp: false };
            done = index + 1;
          }
        yield { ...slice, events: slice.events.slice(done) };
      }
    },
  });
}
