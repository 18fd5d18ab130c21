import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { isDatabaseLost } from '#database/database-lost.js';
import { type InTurn, inTransaction } from '#database/transaction.js';
import { categoryOf } from '#domain/ids.js';
import type { EventCodec } from '#event-store/codec.js';
import {
  type EventStore,
  type LogSlice,
  type Position,
  type RecordedEvent,
  StoreUnavailable,
  hasReached,
} from '#event-store/event-store.js';
import { ChangeBatch } from './change-batch.js';
import { Fenced, type Move, changeParking, moveCheckpoints, resume } from './checkpoint.js';
import type { Edition } from './edition.js';
import { ParkedEventRow, parkedEvents, parkedRow, reasonOf, recordedEventOf } from './parked-event.js';
import { ParkedSequences } from './parked-sequences.js';
import { type Change, type ProjectedEvent, type Projection } from './projection.js';
import { ProjectionTables } from './projection-tables.js';

/** Told how projections get on: for metrics, logs, and those who wait for them. */
export interface ProjectorObserver {
  advanced(projection: Projection, slice: LogSlice): void;
  failed(projections: readonly Projection[], error: unknown): void;
  /** An event failed for good: it and what has to come after it wait, and all else goes on. */
  parked(event: ParkedEventRow): void;
}

/** What a projector works with. */
export interface ProjectorParts {
  readonly store: EventStore;
  readonly codec: EventCodec;
  /** The connection that only projections write on. */
  readonly database: DataSource;
  /**
   * Shared by all who write on it: a connection has one transaction at a time, and what another one did meanwhile would be
   * part of it.
   */
  readonly inTurn: InTurn;
  readonly now: () => Date;
  readonly observer: ProjectorObserver;
  /** The tables that it writes; the live ones when left out. */
  readonly edition?: Edition;
  readonly tracer?: BatchTracer | null;
  readonly limits?: Partial<ProjectorLimits>;
  /** Whether somebody waits for what a projection has yet to see. */
  readonly isAwaited?: (projection: Projection) => boolean;
  /** Whether others are to go on first. */
  readonly isToWait?: () => boolean;
}

export interface ProjectorLimits {
  /** Between a fault and the next try, at first; then longer and longer. */
  readonly firstPauseMs: number;
  /** So many sequences of events may be parked; with more, something else is wrong than an event, and the projection stops. */
  readonly mostParked: number;
  /** Far behind, so many events share a transaction: the pages of the database that they meet are written once. */
  readonly eventsTogether: number;
  /** Events that come this close together are applied together. */
  readonly gatherMs: number;
  /** It stops here; null for a projector that goes on as long as the log does. */
  readonly until: Position | null;
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

const LIMITS: ProjectorLimits = {
  firstPauseMs: 100,
  mostParked: 100,
  eventsTogether: 5_000,
  gatherMs: 20,
  until: null,
};
/** Whoever writes for the others has a turn soon. */
const IN_BACKGROUND: Partial<ProjectorLimits> = { eventsTogether: 500, gatherMs: 100 };
/** Looks that often whether somebody waits. */
const GATHER_STEP_MS = 5;
/** Looks that often whether the others are up to date, */
const LOOK_MS = 25;
/** and goes on after so long although they are not; later before it begins to read the log, too. */
const MOST_WAITING_MS = 1_000;
const MOST_WAITING_AT_START_MS = 600_000;
/** Once the database is back, so are the read models within five seconds. */
const LONGEST_PAUSE_MS = 3_000;
/** Far behind, at most so many slices of the log share a transaction, also where few of their events are followed. */
const SLICES_TOGETHER = 100;
/** So often an event is tried by itself before it is parked. */
const TRIES = 3;

/** Slices of the log in a row. */
interface Gathered {
  readonly slices: readonly LogSlice[];
  readonly through: Position;
  readonly caughtUp: boolean;
}

/** What an event means to one projection. */
interface Step {
  readonly projection: Projection;
  readonly event: RecordedEvent;
  readonly changes: readonly Change[];
}

interface Failure {
  readonly projection: Projection;
  readonly error: Error;
}

/**
 * Keeps read models up to date: follows the log, and writes the rows and the new checkpoints in one transaction, so that
 * after any crash every event has been applied exactly once. Read models that stand at the same place share the reading
 * and the transaction; the others go on side by side until the next start. An event that cannot be applied is parked
 * with what has to come after it, and keeps nothing else from going on.
 */
export class Projector {
  private readonly limits: ProjectorLimits;
  private readonly edition: Edition;
  private readonly tables: ProjectionTables;
  private readonly categories: readonly string[];
  private readonly parked: ParkedSequences;
  /** Whether it has seen the end of the log, as far as it knows. */
  private isCaughtUp = false;
  /** Those that follow the log from different places. */
  private apart: readonly Projector[] = [];
  private readonly failures = new Map<string, number>();
  /** After a fault that is not the database's, events are applied one by one until it is found. */
  private isCareful = false;
  /** Whether anything was written since the last fault. */
  private hasGoneOn = false;

  constructor(
    private readonly parts: ProjectorParts,
    private readonly projections: readonly Projection[],
    /** The ids of the events that each projection leaves out, by its name. */
    private readonly skipped = new Map<string, Set<string>>(),
  ) {
    this.limits = { ...LIMITS, ...parts.limits };
    this.edition = parts.edition ?? 'live';
    this.tables = new ProjectionTables(parts.database);
    this.parked = new ParkedSequences(this.edition, this.limits.mostParked);
    this.categories = [...new Set(projections.flatMap(({ categories }) => categories))];
  }

  /**
   * Follows the log until the signal ends it, or to where it is to stop. A fault is reported, and everything from the
   * checkpoint on tried again.
   */
  async run(signal: AbortSignal): Promise<void> {
    if (this.projections.length === 0) return;
    const inBackground = this.projections.filter((projection) => projection.isInBackground === true);
    if (inBackground.length > 0 && inBackground.length < this.projections.length)
      return this.runBehindOthers(inBackground, signal);
    const { store, observer } = this.parts;
    const { firstPauseMs, until } = this.limits;
    let pause = 0;
    let isFirst = true;
    while (!signal.aborted) {
      try {
        const places = await this.resume();
        if (places.size > 1) return await this.runApart(places, signal);
        const [after] = places.keys();
        if (after === undefined || (until !== null && hasReached(after, until))) return;
        // Whoever starts anew may have what was missing.
        if (isFirst) for (const { name } of this.projections) await this.retryParked(name);
        isFirst = false;
        await this.letOthersGoFirst(signal, MOST_WAITING_AT_START_MS);
        let checkpoint = after;
        const log = store.subscribeAll({ after, categories: this.categories, signal });
        for await (const gathered of this.gathered(until === null ? log : upTo(until, log))) {
          const { slices, through, caughtUp } = gathered;
          this.isCaughtUp = false;
          await this.letOthersGoFirst(signal);
          await this.applyTraced(slices, () => this.apply(gathered, checkpoint));
          for (const slice of slices) for (const each of this.projections) observer.advanced(each, slice);
          checkpoint = through;
          this.isCareful = false;
          this.isCaughtUp = caughtUp;
          if (caughtUp) await this.gather(signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.isCareful = !isPassing(error);
        if (!(error instanceof Fenced)) observer.failed(this.projections, error);
        pause = this.hasGoneOn ? firstPauseMs : Math.min(Math.max(pause * 2, firstPauseMs), LONGEST_PAUSE_MS);
        this.hasGoneOn = false;
        await delay(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Where the projections go on, and what is parked. */
  private async resume(): Promise<Map<Position, Projection[]>> {
    const head = await this.parts.store.head();
    return this.inTransaction(async (runner) => {
      const places = new Map<Position, Projection[]>();
      for (const projection of this.projections) {
        const at = { head, now: this.parts.now() };
        const { position, parking } = await resume(runner, this.tables, projection, this.edition, at);
        places.set(position, [...(places.get(position) ?? []), projection]);
        await this.parked.load(runner.manager, projection, parking);
      }
      return places;
    });
  }

  /** Whether all that it keeps is up to date, as far as it knows. */
  private get isCurrent(): boolean {
    return this.apart.length === 0 ? this.isCaughtUp : this.apart.every((projector) => projector.isCurrent);
  }

  private async runBehindOthers(inBackground: readonly Projection[], signal: AbortSignal): Promise<void> {
    const others = new Projector(
      this.parts,
      this.projections.filter((projection) => !inBackground.includes(projection)),
      this.skipped,
    );
    const parts = {
      ...this.parts,
      limits: { ...this.parts.limits, ...IN_BACKGROUND },
      isToWait: () => !others.isCurrent,
    };
    this.apart = [others, new Projector(parts, inBackground, this.skipped)];
    await Promise.all(this.apart.map((projector) => projector.run(signal)));
  }

  /** Lets some events come together; in the background for long, unless somebody waits for them. */
  private async gather(signal: AbortSignal): Promise<void> {
    const { isToWait, isAwaited = () => false } = this.parts;
    if (isToWait === undefined) return delay(this.limits.gatherMs, undefined, { signal });
    const since = performance.now();
    do await delay(GATHER_STEP_MS, undefined, { signal });
    while (performance.now() - since < this.limits.gatherMs && !this.projections.some(isAwaited));
  }

  private async letOthersGoFirst(signal: AbortSignal, forMs = MOST_WAITING_MS): Promise<void> {
    const since = performance.now();
    while (this.parts.isToWait?.() === true && performance.now() - since < forMs)
      await delay(LOOK_MS, undefined, { signal });
  }

  private async runApart(places: ReadonlyMap<Position, readonly Projection[]>, signal: AbortSignal): Promise<void> {
    this.apart = [...places.values()].map((group) => new Projector(this.parts, group, this.skipped));
    await Promise.all(this.apart.map((projector) => projector.run(signal)));
  }

  /** Slices of the log, some of them together while there are more. */
  private async *gathered(log: AsyncIterable<LogSlice>): AsyncIterable<Gathered> {
    let slices: LogSlice[] = [];
    let events = 0;
    for await (const slice of log) {
      slices.push(slice);
      events += slice.events.length;
      const isMore = !slice.caughtUp && slices.length < SLICES_TOGETHER && events < this.limits.eventsTogether;
      if (isMore && !this.isCareful) continue;
      yield { slices, through: slice.through, caughtUp: slice.caughtUp };
      [slices, events] = [[], 0];
    }
  }

  private async applyTraced(slices: readonly LogSlice[], apply: () => Promise<void>): Promise<void> {
    const traced = this.parts.tracer?.begin(this.projections, slices);
    try {
      await apply();
      traced?.succeeded();
    } catch (error) {
      traced?.failed(error);
      throw error;
    }
  }

  private async apply({ slices, through }: Gathered, checkpoint: Position): Promise<void> {
    if (this.isCareful) return this.applyOneByOne(slices, checkpoint);
    const steps: Step[] = [];
    for (const { events } of slices) steps.push(...(await this.stepsOf(events)));
    if (through === checkpoint) return;
    const events = slices.reduce((count, slice) => count + slice.events.length, 0);
    const recordedAt = slices.findLast((slice) => slice.events.length > 0)?.events.at(-1)?.recordedAt ?? null;
    await this.applyTogether(steps, { from: checkpoint, to: through, events, recordedAt });
  }

  private async stepsOf(events: readonly RecordedEvent[]): Promise<Step[]> {
    const followed = events.filter((event) => this.projections.some((projection) => this.follows(projection, event)));
    const decoded = (await this.parts.codec.decode(followed)) as ProjectedEvent[];
    return this.projections.flatMap((projection) =>
      followed.flatMap((event, index) => {
        const projected = decoded[index];
        if (projected === undefined || !this.follows(projection, event)) return [];
        return { projection, event, changes: projection.project(projected) };
      }),
    );
  }

  /** What a newer version has written may be meant for it, too. */
  private follows({ name, categories, types }: Projection, { id, type, stream }: RecordedEvent): boolean {
    if (this.skipped.get(name)?.has(id)) return false;
    return types.includes(type as never) || (!this.parts.codec.knows(type) && categories.includes(categoryOf(stream)));
  }

  private skippedBy(projectionName: string): Set<string> {
    const ids = this.skipped.get(projectionName) ?? new Set<string>();
    this.skipped.set(projectionName, ids);
    return ids;
  }

  private async applyTogether(steps: readonly Step[], move: Move): Promise<void> {
    const { database } = this.parts;
    await this.inTransaction(async (runner) => {
      await this.moveCheckpoints(runner, move);
      const batch = new ChangeBatch(database, runner, this.edition);
      for (const { projection, event, changes } of steps) {
        if (this.parked.hold(projection, event.stream)) await this.keepWaiting(runner, projection, event);
        else for (const change of changes) await batch.add(change);
      }
      await batch.flush();
    });
    this.hasGoneOn = true;
  }

  private async applyOneByOne(slices: readonly LogSlice[], checkpoint: Position): Promise<void> {
    let place = checkpoint;
    for (const { events, through } of slices) {
      for (const event of events) {
        const following = this.projections.filter((projection) => this.follows(projection, event));
        if (following.length === 0) continue;
        await this.applyOne(following, event, place);
        place = event.position;
      }
      if (place !== through) await this.applyTogether([], { from: place, to: through, events: 0, recordedAt: null });
      place = through;
    }
  }

  /** For each projection apart: what one cannot apply is no fault of another. */
  private async applyOne(
    projections: readonly Projection[],
    event: RecordedEvent,
    checkpoint: Position,
  ): Promise<void> {
    const parked = await this.inTransaction(async (runner) => {
      const { position: to, recordedAt } = event;
      await this.moveCheckpoints(runner, { from: checkpoint, to, events: 1, recordedAt });
      const failed: Failure[] = [];
      for (const projection of projections) {
        if (this.parked.hold(projection, event.stream)) await this.keepWaiting(runner, projection, event);
        else {
          const error = await this.tryOne(runner, projection, event);
          if (error !== null) failed.push({ projection, error });
        }
      }
      this.demandEnoughTries(event, failed);
      return this.park(runner, event, failed);
    });
    this.hasGoneOn = true;
    for (const { projection, row } of parked) {
      this.parked.add(projection, row.sequence);
      this.failures.delete(failureKey(projection, event));
      this.parts.observer.parked(row);
    }
  }

  /** What it failed with, if that was its own fault; nothing of it is written then. @throws a fault that passes */
  private async tryOne(runner: QueryRunner, projection: Projection, event: RecordedEvent): Promise<Error | null> {
    try {
      await runner.startTransaction();
      const [decoded] = (await this.parts.codec.decode([event])) as ProjectedEvent[];
      const batch = new ChangeBatch(this.parts.database, runner, this.edition);
      for (const change of decoded === undefined ? [] : projection.project(decoded)) await batch.add(change);
      await batch.flush();
      await runner.commitTransaction();
      return null;
    } catch (error) {
      // Where all of the transaction is gone, so is this part of it; the fault that was first says why.
      await runner.rollbackTransaction().catch(() => undefined);
      if (isPassing(error)) throw error;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** @throws what it failed with, while it may be tried again or too much is parked */
  private demandEnoughTries(event: RecordedEvent, failed: readonly Failure[]): void {
    for (const { projection } of failed) {
      const key = failureKey(projection, event);
      this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
    }
    for (const { projection, error } of failed) {
      const attempts = this.failures.get(failureKey(projection, event)) ?? 0;
      if (attempts < TRIES || this.parked.isFull(projection)) throw error;
    }
  }

  private async park(runner: QueryRunner, event: RecordedEvent, failed: readonly Failure[]) {
    const parked: { readonly projection: Projection; readonly row: ParkedEventRow }[] = [];
    for (const { projection, error } of failed) {
      const row = parkedRow(projection, this.edition, event, { error, attempts: TRIES }, this.parts.now());
      await changeParking(runner, projection, this.edition, this.parked.parkingOf(projection));
      await runner.manager.insert(ParkedEventRow, row);
      parked.push({ projection, row });
    }
    return parked;
  }

  private async keepWaiting(runner: QueryRunner, projection: Projection, event: RecordedEvent): Promise<void> {
    await runner.manager.insert(ParkedEventRow, parkedRow(projection, this.edition, event, null, this.parts.now()));
  }

  /**
   * Applies what is parked, in order, up to the first event of each sequence that fails again.
   * @param sequence all of them when left out
   */
  async retryParked(projectionName: string, sequence?: string): Promise<void> {
    for (const projector of this.apart) await projector.retryParked(projectionName, sequence);
    const projection = this.projections.find(({ name }) => name === projectionName);
    if (projection === undefined || this.apart.length > 0) return;
    for (const each of sequence === undefined ? this.parked.sequencesOf(projection) : [sequence])
      await this.retry(projection, each);
  }

  /** Lets the projection go on as if the event had not been. */
  async skipParked(projectionName: string, eventId: string): Promise<void> {
    this.skippedBy(projectionName).add(eventId);
    const projection = this.projections.find(({ name }) => name === projectionName);
    if (projection === undefined) return;
    const where = { projection: projectionName, version: projection.version, edition: this.edition, eventId };
    const row = await this.parts.database.getRepository(ParkedEventRow).findOneBy(where);
    if (row !== null) await this.retryParked(projectionName, row.sequence);
  }

  private async retry(projection: Projection, sequence: string): Promise<void> {
    await this.inTransaction(async (runner) => {
      const parking = this.parked.parkingOf(projection);
      await changeParking(runner, projection, this.edition, parking);
      for (const row of await parkedEvents(runner.manager, projection, { edition: this.edition, sequence })) {
        const error = await this.retryOne(runner, projection, row);
        if (error !== null) {
          const again = { error: reasonOf(error), attempts: row.attempts + 1, lastAt: this.parts.now().getTime() };
          await runner.manager.update(ParkedEventRow, keyOf(row), again);
          break;
        }
        await runner.manager.delete(ParkedEventRow, keyOf(row));
      }
      await this.parked.load(runner.manager, projection, parking + 1);
    });
  }

  private async retryOne(runner: QueryRunner, projection: Projection, row: ParkedEventRow): Promise<Error | null> {
    if (this.skippedBy(projection.name).has(row.eventId)) return null;
    const event = await recordedEventOf(this.parts.store, row);
    return event === undefined ? null : this.tryOne(runner, projection, event);
  }

  private moveCheckpoints(runner: QueryRunner, move: Move): Promise<void> {
    const { projections, edition } = this;
    const { database, now } = this.parts;
    return moveCheckpoints(database, runner, { projections, edition, now: now() }, move, this.parked.parkingOf);
  }

  private inTransaction = <Result>(work: (runner: QueryRunner) => Promise<Result>): Promise<Result> =>
    this.parts.inTurn(() => inTransaction(this.parts.database, work));
}

/** A part of the log that ends at a position. */
async function* upTo(until: Position, log: AsyncIterable<LogSlice>): AsyncIterable<LogSlice> {
  for await (const slice of log) {
    if (hasReached(slice.through, until)) {
      const events = slice.events.filter(({ position }) => hasReached(until, position));
      yield { events, through: until, caughtUp: true };
      return;
    }
    yield slice;
  }
}

const failureKey = ({ name }: Projection, { id }: RecordedEvent) => `${name}/${id}`;

const keyOf = ({ projection, version, edition, eventId }: ParkedEventRow) => ({
  projection,
  version,
  edition,
  eventId,
});

/** Whether the same may succeed later, without anything being changed. */
export const isPassing = (error: unknown): boolean =>
  error instanceof Fenced || error instanceof StoreUnavailable || isDatabaseLost(error);
