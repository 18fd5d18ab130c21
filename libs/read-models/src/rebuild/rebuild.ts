import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { DataSource, QueryRunner } from 'typeorm';
import { isDatabaseFull } from '#database/database-lost.js';
import { Dialect } from '#database/dialect.js';
import { type InTurn, inTransaction } from '#database/transaction.js';
import type { ProjectionControlCommand, RebuildFailure, RebuildOrder } from '#domain/projection/projection-control.js';
import { LOG_START, type Position, asPosition } from '#event-store/event-store.js';
import { CheckpointRow, Fenced, findCheckpoint } from '../checkpoint.js';
import type { Edition } from '../edition.js';
import { ParkedEventRow, reasonOf } from '../parked-event.js';
import type { Projection } from '../projection.js';
import { ProjectionTables } from '../projection-tables.js';
import { Projector, type ProjectorObserver, type ProjectorParts, isPassing } from '../projector.js';
import { type Comparison, Snapshot, isSame } from './compare-editions.js';
import { RebuildRow, findRebuild } from './rebuild-row.entity.js';

/** What a rebuild works with. */
export interface RebuildParts extends ProjectorParts {
  /** Another connection, to see one state of everything for long; whoever opens it destroys it. */
  openReader(): Promise<DataSource>;
  /** Whether there is room for more: what shares the disk needs some, too. */
  hasRoom(): boolean;
  /** Says something of a projection in the log. */
  tell(projection: string, command: ProjectionControlCommand): Promise<void>;
}

/** It can come to nothing. */
class Hopeless extends Error {
  override readonly name = 'Hopeless';
  constructor(readonly failure: RebuildFailure) {
    super(failure);
  }
}

/** Fewer than elsewhere: those that are read wait meanwhile, where the database takes one after the other. */
const EVENTS_TOGETHER = 500;
/** What was caught up in this time is little enough to let the live tables stand still for. */
const CLOSE_MS = 250;
const PAUSE_MS = 200;
/** So often in a row events may fail without one being parked: then no more may be. */
const MOST_FAILURES = 10;

/**
 * Fills the tables of a projection anew beside those that are read, catches up with them, compares both where they have seen the
 * same, and puts one in place of the other in one transaction. It goes on where it was when its process ended.
 */
export class Rebuild {
  private readonly tables: ProjectionTables;
  /** PostgreSQL takes the transactions of both editions side by side. */
  private readonly inTurn: InTurn;
  private readonly isEmbedded: boolean;

  constructor(
    private readonly parts: RebuildParts,
    private readonly projection: Projection,
    private readonly order: RebuildOrder,
    private readonly skipped: ReadonlySet<string>,
  ) {
    this.tables = new ProjectionTables(parts.database);
    this.isEmbedded = new Dialect(parts.database).isEmbedded;
    this.inTurn = this.isEmbedded ? parts.inTurn : pLimit(1);
  }

  /** Until it is done, waits for an operator, or the signal ends it. A fault is reported, and what it was at tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted)
      try {
        await this.goOn(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Hopeless) await this.fail(error.failure, signal).catch(this.report);
        else this.report(error);
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
  }

  private async goOn(signal: AbortSignal): Promise<void> {
    const { state, error } = await this.begin(signal);
    if (state === 'swapped') return this.end(null);
    if (state === 'failed') return this.end(error as RebuildFailure);
    const { to, kind, isForced } = this.order;
    if (state !== 'filling') await this.note({ state: 'filling' });
    if (to !== null) {
      await this.note({ target: to });
      await this.fill(asPosition(to), signal);
      if (!signal.aborted) await this.note({ state: 'stands' });
      return;
    }
    await this.catchUp(signal);
    await this.index();
    if (kind === 'anew') {
      const comparison = await this.compare(signal);
      const isRefused = !isSame(comparison) && !isForced;
      await this.note({ comparison: JSON.stringify(comparison), ...(isRefused ? { state: 'differs' } : {}) });
      if (isRefused) return;
    }
    if (await this.swap(signal)) await this.end(null);
  }

  /** Makes the new tables, or finds those that it was filling. */
  private async begin(signal: AbortSignal): Promise<RebuildRow> {
    const { projection, order, tables } = this;
    const known = await findRebuild(this.parts.database.manager, projection);
    if (known?.runId === order.runId) return known;
    await discardRebuild(this.parts, projection, this.inTurn, signal);
    signal.throwIfAborted();
    return this.inTransaction(async (runner) => {
      if (order.kind === 'undo') await this.bringBack(runner);
      else await tables.create(runner, projection, 'next');
      if (order.kind === 'anew' && this.isEmbedded) await tables.index(runner, projection, 'next');
      return this.record(runner, { state: 'filling', error: null });
    });
  }

  /** In the place of the rebuild before. */
  private async record(runner: QueryRunner, how: Pick<RebuildRow, 'state' | 'error'>): Promise<RebuildRow> {
    const { kind, runId } = this.order;
    const row: RebuildRow = {
      ...this.key,
      runId,
      ...how,
      kind,
      isIndexed: kind === 'undo' || this.isEmbedded ? 1 : 0,
      target: LOG_START,
      comparison: null,
      startedAt: this.now(),
      changedAt: this.now(),
    };
    await runner.manager.upsert(RebuildRow, row, ['projection', 'version']);
    return row;
  }

  /** @throws Hopeless if there is nothing to bring back */
  private async bringBack(runner: QueryRunner): Promise<void> {
    if (!(await this.tables.exist(runner, this.projection, 'previous'))) throw new Hopeless('nothing-kept');
    await moveEdition(runner, this.tables, this.projection, 'previous', 'next');
  }

  /** Until there is little that the live tables have seen and the new ones have not. */
  private async catchUp(signal: AbortSignal): Promise<void> {
    for (let took = Infinity; took > CLOSE_MS && !signal.aborted;) {
      const began = performance.now();
      const target = await this.livePosition();
      await this.note({ target });
      await this.fill(target, signal);
      took = performance.now() - began;
    }
  }

  private async fill(until: Position, signal: AbortSignal, inTurn = this.inTurn): Promise<void> {
    const stop = new AbortController();
    let hopeless: RebuildFailure | null = null;
    let failures = 0;
    const giveUp = (failure: RebuildFailure) => {
      hopeless = failure;
      stop.abort();
    };
    const observer: ProjectorObserver = {
      advanced: () => {
        failures = 0;
        if (!this.parts.hasRoom()) giveUp('no-room');
      },
      parked: (event) => {
        failures = 0;
        this.parts.observer.parked(event);
      },
      failed: (_, error) => {
        if (isDatabaseFull(error)) return giveUp('no-room');
        failures += isPassing(error) ? 0 : 1;
        if (failures === MOST_FAILURES) return giveUp('broken-events');
        this.report(error);
      },
    };
    const limits = { ...this.parts.limits, until, eventsTogether: EVENTS_TOGETHER };
    const parts = { ...this.parts, inTurn, observer, limits, edition: 'next' } as const;
    const skipped = new Map([[this.projection.name, new Set(this.skipped)]]);
    await new Projector(parts, [this.projection], skipped).run(AbortSignal.any([signal, stop.signal]));
    if (hopeless !== null) throw new Hopeless(hopeless);
  }

  private async index(): Promise<void> {
    const known = await findRebuild(this.parts.database.manager, this.projection);
    if (known?.isIndexed !== 0) return;
    await this.inTransaction(async (runner) => {
      // As long as it takes: nobody reads these tables.
      await runner.query('SET LOCAL statement_timeout = 0');
      await this.tables.index(runner, this.projection, 'next');
      await runner.manager.update(RebuildRow, this.key, { isIndexed: 1 });
    });
  }

  private async compare(signal: AbortSignal): Promise<Comparison> {
    await this.note({ state: 'comparing' });
    const snapshot = await this.whileLiveStands(signal, async () =>
      Snapshot.take(await this.parts.openReader(), this.projection),
    );
    // Another process has moved one of them.
    if (snapshot === undefined) throw new Fenced('the tables do not stand at the same place');
    try {
      return await snapshot.compare(signal);
    } finally {
      await snapshot.release();
    }
  }

  /** Whether it was done before the signal came. */
  private async swap(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted)
      try {
        await this.catchUp(signal);
        await this.whileLiveStands(signal, () => inTransaction(this.parts.database, this.swapNow));
        return true;
      } catch (error) {
        // Somebody was reading for long, or another process has moved one of them.
        if (!isPassing(error)) throw error;
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    return false;
  }

  private swapNow = async (runner: QueryRunner): Promise<void> => {
    const { projection, tables } = this;
    await tables.lockLive(runner, projection);
    const live = await findCheckpoint(runner.manager, projection, 'live');
    const next = await findCheckpoint(runner.manager, projection, 'next');
    if (live === null || live.position !== next?.position)
      throw new Fenced('the tables do not stand at the same place');
    await moveEdition(runner, tables, projection, 'previous', 'discarded');
    await moveEdition(runner, tables, projection, 'live', 'previous', live);
    await moveEdition(runner, tables, projection, 'next', 'live', next);
    // Whoever keeps the live tables has to look anew what is parked.
    const parking = Math.max(live.parking, next.parking) + 1;
    const { name, version } = projection;
    await runner.manager.update(CheckpointRow, { projection: name, version, edition: 'live' }, { parking });
    await runner.manager.update(RebuildRow, this.key, { state: 'swapped', error: null, changedAt: this.now() });
  };

  /** The new tables have then seen the same as the live ones, unless another process moves those. */
  private whileLiveStands<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    return this.parts.inTurn(async () => {
      await this.fill(await this.livePosition(), signal, pLimit(1));
      return work();
    });
  }

  private async livePosition(): Promise<Position> {
    const live = await findCheckpoint(this.parts.database.manager, this.projection, 'live');
    return live === null ? LOG_START : asPosition(live.position);
  }

  /** The live tables stay as they are. */
  private async fail(failure: RebuildFailure, signal: AbortSignal): Promise<void> {
    await this.inTransaction((runner) => this.record(runner, { state: 'failed', error: failure }));
    await discardRebuild(this.parts, this.projection, this.inTurn, signal);
  }

  private end(failure: RebuildFailure | null): Promise<void> {
    return this.parts.tell(this.projection.name, { type: 'EndRebuild', runId: this.order.runId, failure });
  }

  private report = (error: unknown): void => {
    this.parts.observer.failed([this.projection], error);
    void this.tryToNote({ error: reasonOf(error) });
  };

  private async tryToNote(fields: Partial<RebuildRow>): Promise<void> {
    await this.note(fields).catch(() => undefined);
  }

  private note(fields: Partial<RebuildRow>): Promise<void> {
    return this.inTurn(async () => {
      const changed = { ...fields, changedAt: this.now() };
      await this.parts.database.manager.update(RebuildRow, { ...this.key, runId: this.order.runId }, changed);
    });
  }

  private now = () => this.parts.now().getTime();

  private get key() {
    return { projection: this.projection.name, version: this.projection.version };
  }

  private inTransaction = <Result>(work: (runner: QueryRunner) => Promise<Result>): Promise<Result> =>
    this.inTurn(() => inTransaction(this.parts.database, work));
}

/** Puts away what a rebuild has filled that is over or not wanted any more; the tables that were brought back are kept. */
export async function discardRebuild(
  { database, now }: Pick<ProjectorParts, 'database' | 'now'>,
  projection: Projection,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<void> {
  const tables = new ProjectionTables(database);
  await tables.drop(projection, 'discarded', inTurn, signal);
  if (signal.aborted) return;
  await inTurn(() =>
    inTransaction(database, async (runner) => {
      const row = await findRebuild(runner.manager, projection);
      if (row === null || !(await tables.exist(runner, projection, 'next'))) return;
      await moveEdition(runner, tables, projection, 'next', row.kind === 'undo' ? 'previous' : 'discarded');
      if (row.state === 'failed') return;
      const { name, version } = projection;
      const cancelled = { state: 'cancelled', changedAt: now().getTime() } as const;
      await runner.manager.update(RebuildRow, { projection: name, version }, cancelled);
    }),
  );
  await tables.drop(projection, 'discarded', inTurn, signal);
}

/** @param expected where they stand; wherever they stand without it @throws Fenced if they do not */
async function moveEdition(
  runner: QueryRunner,
  tables: ProjectionTables,
  projection: Projection,
  from: Edition,
  to: Edition,
  expected?: CheckpointRow,
): Promise<void> {
  const { name, version } = projection;
  const key = { projection: name, version, edition: from };
  const at = expected === undefined ? {} : { position: expected.position };
  if (to === 'discarded') {
    for (const entity of [CheckpointRow, ParkedEventRow]) await runner.manager.delete(entity, key);
    if (!(await tables.exist(runner, projection, from))) return;
  } else {
    const { affected } = await runner.manager.update(CheckpointRow, { ...key, ...at }, { edition: to });
    if (expected !== undefined && affected !== 1) throw new Fenced('the tables were moved by another process');
    await runner.manager.update(ParkedEventRow, key, { edition: to });
  }
  await tables.rename(runner, projection, from, to);
}
