import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName } from '../ids.js';
import { RETENTION } from '../retention.js';

export const AGEING: StreamName = 'settings-ageing';

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export interface AgeingEvent {
  /** What lists events forgets those that were recorded earlier, before the store removes them. */
  readonly type: 'EventsAged';
  /** By the category of their streams; ISO 8601 UTC. */
  readonly data: { readonly recordedBefore: Readonly<Record<string, string>> };
}

export const ageingEvents: EventCatalogue<AgeingEvent> = { EventsAged: { schema: 1 } };

export interface AgeingCommand {
  readonly type: 'ForgetAgedEvents';
  readonly now: Date;
}

/** When events were forgotten last; null before the first time. */
export type Ageing = Date | null;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What is listed is gone a day before its event is, so this may be late by half a day. */
const LEAST_PAUSE_MS = 12 * HOUR_MS;

/**
 * Says in the log what is kept no longer (`retention.ts`). What is filled from the log afterwards lacks the same that this takes
 * out of what was filled before, whenever the store removes the events.
 */
export const ageing: Decider<Ageing, AgeingCommand, AgeingEvent> = {
  events: ageingEvents,
  initial: null,
  foldVersion: 1,

  evolve: (_state, _event, occurredAt) => occurredAt,

  decide(last, { now }) {
    if (last !== null && now.getTime() - last.getTime() < LEAST_PAUSE_MS) return [];
    const recordedBefore = RETENTION.map(({ category, days }): [string, string] => [
      category,
      new Date(now.getTime() - (days - 1) * DAY_MS).toISOString(),
    ]);
    return [{ type: 'EventsAged', data: { recordedBefore: Object.fromEntries(recordedBefore) } }];
  },
};
