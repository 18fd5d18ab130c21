import { setTimeout as delay } from 'node:timers/promises';
import type { LimitFunction } from 'p-limit';
import type { DataSource, QueryRunner } from 'typeorm';
import type { EventCodec } from '#event-store/codec.js';
import type { EventStore, LogSlice, Position } from '#event-store/event-store.js';
import { ChangeBatch } from './change-batch.js';
import { Fenced, moveCheckpoints, resume } from './checkpoint.js';
import type { ProjectedEvent, Projection } from './projection.js';

/** Told how projections get on: for metrics, logs, and those who wait for them. */
export interface ProjectorObserver {
  advanced(projection: Projection, slice: LogSlice): void;
  failed(projections: readonly Projection[], error: unknown): void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** Events that come this close together are applied together. */
const GATHER_MS = 20;

/**
 * Keeps read models up to date: follows the log, and writes the rows and the new checkpoints in one transaction, so that
 * after any crash every event has been applied exactly once. Read models that stand at the same place share the reading
 * and the transaction; the others go on side by side until the next start.
 */
export class Projector {
  private readonly categories: readonly string[];
  private readonly types: ReadonlySet<string>;

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
        for await (const slice of this.store.subscribeAll({ after, categories: this.categories, signal })) {
          await this.apply(slice, checkpoint);
          checkpoint = slice.through;
          pause = FIRST_PAUSE_MS;
          if (slice.caughtUp) await delay(GATHER_MS, undefined, { signal });
        }
      } catch (error) {
        if (signal.aborted) return;
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
    const { store, codec, database, inTurn, observer } = this;
    const apart = [...places.values()].map((group) => new Projector(store, codec, database, inTurn, group, observer));
    await Promise.all(apart.map((projector) => projector.run(signal)));
  }

  private async apply(slice: LogSlice, checkpoint: Position): Promise<void> {
    const followed = slice.events.filter(({ type }) => this.types.has(type));
    const events = (await this.codec.decode(followed)) as ProjectedEvent[];
    const changes = this.projections.flatMap((projection) =>
      events.filter(({ event }) => projection.types.includes(event.type)).flatMap((event) => projection.project(event)),
    );
    if (slice.through !== checkpoint)
      await this.inTransaction(async (runner) => {
        await moveCheckpoints(this.database, runner, this.projections, checkpoint, slice.through);
        const batch = new ChangeBatch(this.database, runner);
        for (const change of changes) await batch.add(change);
        await batch.flush();
      });
    for (const projection of this.projections) this.observer.advanced(projection, slice);
  }

  private inTransaction = <Result>(work: (runner: QueryRunner) => Promise<Result>): Promise<Result> =>
    this.inTurn(async () => {
      const runner = this.database.createQueryRunner();
      await runner.startTransaction();
      try {
        const result = await work(runner);
        await runner.commitTransaction();
        return result;
      } catch (error) {
        await runner.rollbackTransaction();
        throw error;
      } finally {
        await runner.release();
      }
    });
}
