import { join } from 'node:path';
import { RETENTION } from '#domain/retention.js';
import type { EventStore } from '#event-store/event-store.js';
import type { EventStoreDbObserver } from '#event-store/eventstoredb/eventstoredb-event-store.js';
import { SqliteEventStore } from '#event-store/sqlite/sqlite-event-store.js';
import type { StoreSettings } from './stores.js';

const DAY_S = 86_400;

const MAX_AGE: ReadonlyMap<string, number> = new Map(
  RETENTION.map(({ category, days }) => [category, days * DAY_S] as const),
);

/** What decides where the log is. */
export type LogSettings = Pick<StoreSettings, 'data' | 'eventStore'>;

/** The log, what people call its place, and whether asking it takes a journey. @throws LogFileUnusable */
export async function openLog(
  { eventStore: connection, data }: LogSettings,
  observer?: EventStoreDbObserver,
): Promise<{ readonly eventStore: EventStore; readonly logPlace: string; readonly isRemote: boolean }> {
  if (connection === null) {
    const logPlace = join(data, 'events.db');
    return { eventStore: new SqliteEventStore(logPlace), logPlace, isRemote: false };
  }
  // Only who has such a log loads what it takes.
  const { EventStoreDbEventStore } = await import('#event-store/eventstoredb/eventstoredb-event-store.js');
  const options = { maxAge: MAX_AGE, ...(observer === undefined ? {} : { observer }) };
  const eventStore = new EventStoreDbEventStore(connection, options);
  return { eventStore, logPlace: 'the log in AUTHLOG_EVENT_STORE', isRemote: true };
}
