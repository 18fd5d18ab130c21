import pLimit from 'p-limit';
import type { DataSource } from 'typeorm';
import { type DatabaseKind, type TestPlace, newPlace } from '#database/testing/test-place.js';
import type { DomainEvent } from '#domain/decider.js';
import type { StreamName } from '#domain/ids.js';
import { projectionControl, projectionStream } from '#domain/projection/projection-control.js';
import { EventCodec } from '#event-store/codec.js';
import {
  type EventStore,
  LOG_START,
  type LogSlice,
  type Position,
  type RecordedEvent,
  type SubscriptionOptions,
  hasReached,
} from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { CheckpointRow, findCheckpoint } from '../checkpoint.js';
import type { Edition } from '../edition.js';
import { Rebuild, type RebuildParts } from '../rebuild/rebuild.js';
import type { SupervisorParts } from '../projection-supervisor.js';
import type { ProjectedEvent, Projection } from '../projection.js';
import { Projector, type ProjectorObserver, type ProjectorLimits, type ProjectorParts } from '../projector.js';
import { PROJECTIONS, type ReadModelDatabase, openReadModels } from '../read-model-database.js';

/** When a projector of a fixture says that it parked something. */
export const PARKED_AT = new Date('2031-01-01T00:00:00.000Z');

const LISTS: readonly Projection[] = PROJECTIONS.filter(({ isInBackground }) => isInBackground !== true);

/** Hears nothing. */
export const DEAF: ProjectorObserver = {
  advanced: () => undefined,
  failed: () => undefined,
  parked: () => undefined,
};

/** A log in memory, and read models in a database. */
export class ReadModelFixture {
  readonly keys = new MemoryKeys();
  readonly codec = new EventCodec(this.keys);
  store = new MemoryEventStore();
  private readonly inTurn = pLimit(1);
  private readonly revisions = new Map<StreamName, number>();

  private constructor(
    private readonly kept: TestPlace,
    readonly database: ReadModelDatabase,
  ) {}

  /** @param projections whose tables there are; those of the lists when left out */
  static async open(kind: DatabaseKind, projections = LISTS): Promise<ReadModelFixture> {
    const kept = await newPlace(kind, 'authlog_read_models');
    return new ReadModelFixture(kept, await openReadModels(kept.place, projections));
  }

  /** Everything that is kept there, as it is kept. */
  contents(): Promise<Buffer> {
    return this.kept.contents();
  }

  /** A statement of somebody else, who knows nothing of the program. */
  query(statement: string): Promise<unknown[]> {
    return this.kept.query(statement);
  }

  /** The same database, as a program with other versions opens it; closed by whoever asked for it. */
  openBeside(projections: readonly Projection[]): Promise<ReadModelDatabase> {
    return openReadModels(this.kept.place, projections);
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.kept.remove();
  }

  /** With an empty log. */
  beginAnew(): void {
    this.store = new MemoryEventStore();
    this.revisions.clear();
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
   * Lets a projection catch up with the log, with at most so many events in a transaction.
   * @throws what the projection fails with
   */
  async catchUp(projection: Projection, eventsTogether = Infinity): Promise<void> {
    const head = await this.store.head();
    const stop = new AbortController();
    let running: Promise<void> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const observer: ProjectorObserver = {
          ...DEAF,
          advanced: (_, { through }) => hasReached(through, head) && resolve(),
          failed: (_, error) => reject(error),
        };
        const store = cut(this.store, eventsTogether);
        running = this.projector(projection, store, observer, { eventsTogether }).run(stop.signal);
      });
    } finally {
      stop.abort();
      await running;
    }
  }

  /** The same through whatever fails: until all is applied or parked. @returns what it failed with */
  async catchUpThroughFaults(projection: Projection, eventsTogether = Infinity): Promise<string[]> {
    const head = await this.store.head();
    const stop = new AbortController();
    const faults: string[] = [];
    const observer: ProjectorObserver = {
      ...DEAF,
      advanced: (_, { through }) => hasReached(through, head) && stop.abort(),
      failed: (_, error) => void faults.push(error instanceof Error ? error.message : String(error)),
    };
    const store = cut(this.store, eventsTogether);
    await this.projector(projection, store, observer, { eventsTogether }).run(stop.signal);
    return faults;
  }

  /** Follows the log for so many transactions, through whatever fails, and stops as a process does. */
  async follow(projection: Projection, eventsTogether: number, transactions: number): Promise<void> {
    const stop = new AbortController();
    const head = await this.store.head();
    let left = transactions;
    const observer: ProjectorObserver = {
      ...DEAF,
      advanced: (_, { through }) => ((left -= 1) === 0 || hasReached(through, head)) && stop.abort(),
    };
    const store = cut(this.store, eventsTogether);
    await this.projector(projection, store, observer, { eventsTogether }).run(stop.signal);
  }

  /** Everything in the log that the projection follows. */
  async decoded({ types }: Projection): Promise<ProjectedEvent[]> {
    const recorded: RecordedEvent[] = [];
    const stop = new AbortController();
    for await (const { events, caughtUp } of this.store.subscribeAll({ after: LOG_START, signal: stop.signal })) {
      recorded.push(...events.filter(({ type }) => types.includes(type as never)));
      if (caughtUp) break;
    }
    return (await this.codec.decode(recorded)) as ProjectedEvent[];
  }

  projector(
    projection: Projection,
    store: EventStore,
    observer: ProjectorObserver,
    limits: Partial<ProjectorLimits> = {},
  ): Projector {
    return new Projector({ ...this.parts(), store, observer, limits: { firstPauseMs: 5, ...limits } }, [projection]);
  }

  /** What a projector works with that nobody listens to. */
  parts(): ProjectorParts {
    const { store, codec, inTurn } = this;
    const database = this.database.writer;
    return { store, codec, database, inTurn, now: () => PARKED_AT, observer: DEAF, limits: { firstPauseMs: 5 } };
  }

  /** What a supervisor works with; operators say what they want in the same log. */
  supervisorParts(repository: Repository, other: Partial<RebuildParts> = {}): SupervisorParts {
    const parts: RebuildParts = {
      ...this.parts(),
      openReader: () => this.database.openReader(),
      hasRoom: () => true,
      tell: async (name, command) => {
        await repository.execute(projectionControl, projectionStream(name), command, someContext());
      },
      ...other,
    };
    return {
      ...parts,
      controlOf: async (name) => (await repository.load(projectionControl, projectionStream(name))).state,
      rebuild: (projection, { order, skipped }, signal) => new Rebuild(parts, projection, order, skipped).run(signal),
    };
  }

  /** Where a projection stands; decimal. */
  async positionOf(projection: Projection, edition: Edition = 'live'): Promise<string> {
    const row = await findCheckpoint(this.database.reader.manager, projection, edition);
    return row?.position ?? LOG_START;
  }

  /** Everything in a projection's tables, and its checkpoint. */
  async rows(projection: Projection): Promise<unknown> {
    const { manager } = this.database.reader;
    const tables = projection.tables.map((table) =>
      manager.createQueryBuilder(table, 'row').orderBy('row.id').getMany(),
    );
    return {
      rows: await Promise.all(tables),
      checkpoint: await findCheckpoint(manager, projection, 'live'),
    };
  }

  /** How the database would find what is asked for: each step that meets the table, for each statement. */
  async plans(ask: (reader: DataSource) => Promise<unknown>, table: RegExp): Promise<string[][]> {
    const { reader } = this.database;
    const stepsOf = reader.options.type === 'postgres' ? stepsOfPostgres : stepsOfSqlite;
    const plans: string[][] = [];
    await ask(
      Object.assign(Object.create(reader) as DataSource, {
        async query(statement: string, values: unknown[]) {
          plans.push((await stepsOf(reader, statement, values)).filter((step) => table.test(step)));
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

async function stepsOfSqlite(reader: DataSource, statement: string, values: unknown[]): Promise<string[]> {
  const steps: { detail: string }[] = await reader.query(`EXPLAIN QUERY PLAN ${statement}`, values);
  return steps.map(({ detail }) => detail);
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** As with more rows than are worth reading one by one. */
async function stepsOfPostgres(reader: DataSource, statement: string, values: unknown[]): Promise<string[]> {
  const scans = (node: PlanNode): string[] => [
    ...(node['Relation Name'] === undefined
      ? []
      : [`${node['Node Type']} ${node['Relation Name']} ${node['Index Name'] ?? ''} ${node['Index Cond'] ?? ''}`]),
    ...(node.Plans ?? []).flatMap(scans),
  ];
  return reader.transaction(async (manager) => {
    for (const way of ['seqscan', 'bitmapscan', 'sort']) await manager.query(`SET LOCAL enable_${way} = off`);
    const [row]: { 'QUERY PLAN': { Plan: PlanNode }[] }[] = await manager.query(
      `EXPLAIN (FORMAT JSON) ${statement}`,
      values,
    );
    return (row?.['QUERY PLAN'] ?? []).flatMap(({ Plan }) => scans(Plan));
  });
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
