import { setTimeout as delay } from 'node:timers/promises';
import type { LimitFunction } from 'p-limit';
import type { DataSource, QueryRunner } from 'typeorm';
import { inTransaction } from '#database/transaction.js';
import type { EventCodec } from '#event-store/codec.js';
import type { EventStore, LogSlice, Position } from '#event-store/event-store.js';
import { ChangeBatch } from './change-batch.js';
import { Fenced, moveCheckpoints, resume } from './checkpoint.js';
import type { Change, ProjectedEvent, Projection } from './projection.js';

/** Told how projections get on: for metrics, logs, and those who wait for them. */
export interface ProjectorObserver {
  advanced(projection: Projection, slice: LogSlice): void;
  failed(projections: readonly Projection[], error: unknown): void;
}

/** Follows events beyond the process that appended them. */
export interface BatchTracer {
  /** Undefined if nobody follows any of them. */
  begin(projections: readonly Projection[], slices: readonly LogSlice[]): TracedBatch | undefined;
}

/** Slices of the log whose events are followed, being applied. */
export interface TracedBatch {
  succeeded(): void;
  failed(error: unknown): void;
}

const FIRST_PAUSE_MS = 100;
/** Once the database is back, so are the read models within five seconds. */
const LONGEST_PAUSE_MS = 3_000;
/** Events that come this close together are applied together. */
const GATHER_MS = 20;
/** Far behind, so many slices of the log share a transaction: the pages of the database that they meet are written once. */
const SLICES_TOGETHER = 100;
/** Or fewer, if these have so many events. */
const EVENTS_TOGETHER = 5_000;

/** Slices of the log in a row, and what they change. */
interface Gathered {
  readonly slices: readonly LogSlice[];
  readonly changes: readonly Change[];
  readonly through: Position;
  readonly caughtUp: boolean;
}

/**
 * Keeps read models up to date: follows the log, and writes the rows and the new checkpoints in one transaction, so that
 * after any crash every event has been applied exactly once. Read models that stand at the same place share the reading
 * and the transaction; the others go on side by side until the next start.
 */
export class Projector {
  private readonly categories: readonly string[];
  private readonly types: ReadonlySet<string>;
  private together = SLICES_TOGETHER;

  /**
   * @param database the connection that only projections write on
   * @param inTurn shared by all who write on it: a connection has one transaction at a time, and what another one did
   *   meanwhile would be part of it
   */
  constructor(
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    private readonly database: DataSource,
    private readonly inTurn: LimitFunction,
    private readonly projections: readonly Projection[],
    private readonly observer: ProjectorObserver,
    private readonly tracer: BatchTracer | null = null,
  ) {
    this.categories = [...new Set(projections.flatMap(({ categories }) => categories))];
    this.types = new Set(projections.flatMap(({ types }) => types));
  }

  /** Follows the log until the signal ends it. A fault is reported, and everything from the checkpoint on tried again. */
  async run(signal: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const places = await this.resume();
        if (places.size > 1) return await this.runApart(places, signal);
        const [after] = places.keys();
        if (after === undefined) return;
        let checkpoint = after;
        const log = this.store.subscribeAll({ after, categories: this.categories, signal });
        for await (const { slices, changes, through, caughtUp } of this.gathered(log)) {
          await this.applyTraced(slices, () => this.apply(changes, checkpoint, through));
          for (const slice of slices) for (const each of this.projections) this.observer.advanced(each, slice);
          checkpoint = through;
          pause = FIRST_PAUSE_MS;
          if (!caughtUp) continue;
          this.together = SLICES_TOGETHER;
          await delay(GATHER_MS, undefined, { signal });
        }
      } catch (error) {
        if (signal.aborted) return;
        // So that all that stands before the fault is applied.
        this.together = 1;
        if (!(error instanceof Fenced)) this.observer.failed(this.projections, error);
        await delay(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** The projections by the place where they go on. */
  private async resume(): Promise<Map<Position, Projection[]>> {
    const head = await this.store.head();
    return this.inTransaction(async (runner) => {
      const places = new Map<Position, Projection[]>();
      for (const projection of this.projections) {
        const place = await resume(runner, projection, head);
        places.set(place, [...(places.get(place) ?? []), projection]);
      }
      return places;
    });
  }

  private async runApart(places: ReadonlyMap<Position, readonly Projection[]>, signal: AbortSignal): Promise<void> {
    const { store, codec, database, inTurn, observer, tracer } = this;
    const apart = [...places.values()].map(
      (group) => new Projector(store, codec, database, inTurn, group, observer, tracer),
    );
    await Promise.all(apart.map((projector) => projector.run(signal)));
  }

  /** What slices of the log change, some of them together while there are more. */
  private async *gathered(log: AsyncIterable<LogSlice>): AsyncIterable<Gathered> {
    let slices: LogSlice[] = [];
    let changes: Change[] = [];
    let events = 0;
    for await (const slice of log) {
      slices.push(slice);
      events += slice.events.length;
      changes.push(...(await this.changesOf(slice)));
      if (!slice.caughtUp && slices.length < this.together && events < EVENTS_TOGETHER) continue;
      yield { slices, changes, through: slice.through, caughtUp: slice.caughtUp };
      [slices, changes, events] = [[], [], 0];
    }
  }

  private async changesOf({ events }: LogSlice): Promise<Change[]> {
    const followed = events.filter(({ type }) => this.types.has(type));
    const decoded = (await this.codec.decode(followed)) as ProjectedEvent[];
    return this.projections.flatMap((projection) =>
      decoded
        .filter(({ event }) => projection.types.includes(event.type))
        .flatMap((event) => projection.project(event)),
    );
  }

  private async applyTraced(slices: readonly LogSlice[], apply: () => Promise<void>): Promise<void> {
    const traced = this.tracer?.begin(this.projections, slices);
    try {
      await apply();
      traced?.succeeded();
    } catch (error) {
      traced?.failed(error);
      throw error;
    }
  }

  private async apply(changes: readonly Change[], checkpoint: Position, through: Position): Promise<void> {
    if (through === checkpoint) return;
    await this.inTransaction(async (runner) => {
      await moveCheckpoints(this.database, runner, this.projections, checkpoint, through);
      const batch = new ChangeBatch(this.database, runner);
      for (const change of changes) await batch.add(change);
      await batch.flush();
    });
  }

  private inTransaction = <Result>(work: (runner: QueryRunner) => Promise<Result>): Promise<Result> =>
    this.inTurn(() => inTransaction(this.database, work));
}
