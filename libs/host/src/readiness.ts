import { isDatabaseLost } from '#database/database-lost.js';
import { LOG_START, type Position, hasReached } from '#event-store/event-store.js';
import type { ReadModelProgress } from '#read-models/progress.js';
import type { Clock } from './clock.js';
import { projectionControlOf, projectionLags } from './projection-host.js';
import type { Stores } from './stores.js';

/** A read model that has not seen what is so old makes lists that mislead. */
const MAX_LAG_MS = 10_000;
/** More often than this the end of the log need not be remembered. */
const REMEMBER_EVERY_MS = 500;

/** So long after a failed append nobody should be sent here; then the next one may try. */
const UNWRITABLE_MS = 10_000;

/** Knows what keeps the process from serving. */
export class Readiness {
  /** Where the log ended at the times that were asked, oldest first. */
  private readonly ends: { readonly at: number; readonly head: Position }[] = [];

  private constructor(
    private readonly stores: Stores,
    private readonly progress: ReadModelProgress,
    private readonly clock: Clock,
  ) {}

  /** What is in the log at the start has to be seen before the first list. */
  static async atStart(stores: Stores, progress: ReadModelProgress, clock: Clock): Promise<Readiness> {
    const readiness = new Readiness(stores, progress, clock);
    readiness.endBefore(await stores.eventStore.head());
    return readiness;
  }

  /** In words for the person on call; empty when nothing is missing. */
  async missing(): Promise<string[]> {
    const lags = await projectionLags(this.stores, this.progress).catch((error: unknown) =>
      isDatabaseLost(error) ? 'the database cannot be used' : 'the event log cannot be read',
    );
    if (typeof lags === 'string') return [lags];
    const { appendsFailedAt } = this.stores;
    // A clock that was put back shows a failure that is yet to come, and would for an hour.
    if (appendsFailedAt !== null && Math.abs(this.clock.now().getTime() - appendsFailedAt.getTime()) < UNWRITABLE_MS)
      return ['the event log cannot be written'];
    const [{ head } = { head: LOG_START }] = lags;
    const due = this.endBefore(head);
    const behind = lags.filter(
      ({ projection, position }) => projection.isInBackground !== true && !hasReached(position, due),
    );
    // Whoever lets one stand still knows that its lists are old.
    const controls = await Promise.all(
      behind.map(({ projection }) => projectionControlOf(this.stores, projection.name)),
    );
    return behind
      .filter((_, index) => controls[index]?.isPaused === false)
      .map(({ projection, position }) => `the read model ${projection.name} is at ${position} of ${head}`);
  }

  /** Where the log ended ten seconds ago, or at the start: positions alone do not say how far behind something is. */
  private endBefore(head: Position): Position {
    const now = this.clock.now().getTime();
    const last = this.ends.at(-1);
    // The clock was put back: what was to be seen by now still is, and the rest is remembered anew.
    if (last !== undefined && now < last.at)
      this.ends.splice(0, Infinity, { at: now, head: this.ends[0]?.head ?? head });
    if (last === undefined || now - last.at >= REMEMBER_EVERY_MS) this.ends.push({ at: now, head });
    const old = this.ends.findLastIndex(({ at }) => now - at >= MAX_LAG_MS);
    if (old > 0) this.ends.splice(0, old);
    return this.ends[0]?.head ?? head;
  }
}
