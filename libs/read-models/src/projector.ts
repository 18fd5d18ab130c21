import { setTimeout as delay } from 'node:timers/promises';
import type { LimitFunction } from 'p-limit';
import type { DataSource, QueryRunner } from 'typeorm';
import type { EventCodec } from '#event-store/codec.js';
import {
  type EventStore,
  LOG_START,
  type LogSlice,
  type Position,
  asPosition,
  hasReached,
} from '#event-store/event-store.js';
import { ChangeBatch } from './change-batch.js';
import { CheckpointRow } from './checkpoint.js';
import { Dialect } from './dialect.js';
import type { ProjectedEvent, Projection } from './projection.js';

/** Told how a projection gets on: for metrics, logs, and those who wait for it. */
export interface ProjectorObserver {
  /** @param seconds how long the slice took to apply */
  advanced(projection: Projection, slice: LogSlice, seconds: number): void;
  failed(projection: Projection, error: unknown): void;
}

/** Another process has moved the checkpoint; nothing of this one's slice was written. */
class Fenced extends Error {
  override readonly name = 'Fenced';
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** Events that come this close together are applied together. */
const GATHER_MS = 5;

/**
 * Keeps one read model up to date: follows the log from the checkpoint, and writes the rows and the new checkpoint in one
 * transaction, so that after any crash every event has been applied exactly once.
 */
export class Projector {
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
    private readonly projection: Projection,
    private readonly observer: ProjectorObserver,
  ) {}

  /** Follows the log until the signal ends it. A fault is reported, and everything from the checkpoint on tried again. */
  async run(signal: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        let checkpoint = await this.resume();
        const { categories } = this.projection;
        for await (const slice of this.store.subscribeAll({ after: checkpoint, categories, signal })) {
          checkpoint = await this.apply(slice, checkpoint);
          pause = FIRST_PAUSE_MS;
          if (slice.caughtUp) await delay(GATHER_MS, undefined, { signal });
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Fenced)) this.observer.failed(this.projection, error);
        await delay(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Where to go on. Tables that another version filled, or that know more than the log does, are emptied first. */
  private async resume(): Promise<Position> {
    const { name, version, tables } = this.projection;
    const head = await this.store.head();
    return this.inTransaction(async (runner) => {
      const known = await runner.manager.findOneBy(CheckpointRow, { projection: name });
      const position = known === null ? LOG_START : asPosition(known.position);
      if (known?.version === version && hasReached(head, position)) return position;
      for (const table of tables) await runner.manager.createQueryBuilder().delete().from(table).execute();
      await runner.manager.upsert(CheckpointRow, { projection: name, version, position: LOG_START }, ['projection']);
      return LOG_START;
    });
  }

  private async apply(slice: LogSlice, checkpoint: Position): Promise<Position> {
    const startedAt = performance.now();
    const types = new Set<string>(this.projection.types);
    const followed = slice.events.filter(({ type }) => types.has(type));
    const events = (await this.codec.decode(followed)) as ProjectedEvent[];
    const changes = events.flatMap((event) => this.projection.project(event));
    if (slice.through !== checkpoint)
      await this.inTransaction(async (runner) => {
        await this.moveCheckpoint(runner, checkpoint, slice.through);
        const batch = new ChangeBatch(this.database, runner);
        for (const change of changes) await batch.add(change);
        await batch.flush();
      });
    this.observer.advanced(this.projection, slice, (performance.now() - startedAt) / 1_000);
    return slice.through;
  }

  private async moveCheckpoint(runner: QueryRunner, from: Position, to: Position): Promise<void> {
    const { parameter } = new Dialect(this.database);
    const moved = await runner.query(
      `UPDATE checkpoint SET position = ${parameter(0)}
       WHERE projection = ${parameter(1)} AND version = ${parameter(2)} AND position = ${parameter(3)}`,
      [to, this.projection.name, this.projection.version, from],
      true,
    );
    if (moved.affected !== 1) throw new Fenced(`${this.projection.name} is being kept up to date by another process`);
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
