import { Injectable } from '@nestjs/common';
import { isDatabaseLost } from '#database/postgres-failure.js';
import { projectionLags } from '#host/projection-host.js';
import { Clock } from '#host/clock.js';
import { Stores } from '#host/stores.js';
import { ReadModelProgress } from '#read-models/progress.js';

/** A read model so far behind makes lists that are old enough to mislead. */
const MAX_LAG_EVENTS = 10_000;

/** So long after a failed append nobody should be sent here; then the next one may try. */
const UNWRITABLE_MS = 10_000;

/** Knows what keeps the process from serving. */
@Injectable()
export class Readiness {
  constructor(
    private readonly stores: Stores,
    private readonly progress: ReadModelProgress,
    private readonly clock: Clock,
  ) {}

  /** In words for the person on call; empty when nothing is missing. */
  async missing(): Promise<string[]> {
    const lags = await projectionLags(this.stores, this.progress).catch((error: unknown) =>
      isDatabaseLost(error) ? 'the database cannot be reached' : 'the event log cannot be read',
    );
    if (typeof lags === 'string') return [lags];
    const { appendsFailedAt } = this.stores;
    if (appendsFailedAt !== null && this.clock.now().getTime() - appendsFailedAt.getTime() < UNWRITABLE_MS)
      return ['the event log cannot be written'];
    return lags
      .filter(({ events }) => events > MAX_LAG_EVENTS)
      .map(({ projection, position, head }) => `the read model ${projection} is at ${position} of ${head}`);
  }
}
