import type { ReadModelProgress } from '#read-models/progress.js';
import type { Clock } from './clock.js';
import { projectionLags } from './projection-host.js';
import type { Stores } from './stores.js';

/** A read model so far behind makes lists that are old enough to mislead. */
const MAX_LAG_EVENTS = 10_000;

/** So long after a failed append nobody should be sent here; then the next one may try. */
const UNWRITABLE_MS = 10_000;

/** Knows what keeps the process from serving. */
export class Readiness {
  constructor(
    private readonly stores: Stores,
    private readonly progress: ReadModelProgress,
    private readonly clock: Clock,
  ) {}

  /** In words for the person on call; empty when nothing is missing. */
  async missing(): Promise<string[]> {
    const lags = await projectionLags(this.stores, this.progress).catch(() => null);
    if (lags === null) return ['the event log cannot be read'];
    const { appendsFailedAt } = this.stores;
    if (appendsFailedAt !== null && this.clock.now().getTime() - appendsFailedAt.getTime() < UNWRITABLE_MS)
      return ['the event log cannot be written'];
    return lags
      .filter(({ events }) => events > MAX_LAG_EVENTS)
      .map(({ projection, position, head }) => `the read model ${projection} is at ${position} of ${head}`);
  }
}
