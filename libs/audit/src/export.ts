import { LOG_START, type Position, hasReached } from '#event-store/event-store.js';
import { positionOf } from '#read-models/audit-trail/audit-rows.entity.js';
import { type TrailEvent, auditTrail, entryOf } from '#read-models/audit-trail/audit-trail.projection.js';
import {
  type AuditTrailQueries,
  NO_FILTER,
  type TrailFilter,
  type TrailRange,
  WHOLE_TRAIL,
} from '#read-models/audit-trail/audit-trail.queries.js';
import type { ProjectedEvent } from '#read-models/projection.js';
import { type AuditEntry, type EventSource, asAuditEntry, eventsOf } from './entries.js';

/** So many entries are in memory at a time. */
const BATCH = 500;

/**
 * All entries of a part of the trail, oldest first, a batch at a time as they are taken: the next is read when the one before was
 * fetched. What everything is asked of is read from the log in one go, which is quicker than looking each event up.
 * @param last the place at which it ends, whatever arrives meanwhile
 */
export function exported(
  source: EventSource,
  trail: AuditTrailQueries,
  filter: TrailFilter,
  { first, last }: TrailRange & { readonly last: string },
): AsyncIterable<AuditEntry[]> {
  const isEverything = Object.values({ ...NO_FILTER, ...filter }).every((value) => value === null);
  return isEverything ? fromLog(source, trail, { first, last }) : fromTrail(source, trail, filter, { first, last });
}

async function* fromTrail(
  source: EventSource,
  trail: AuditTrailQueries,
  filter: TrailFilter,
  range: TrailRange,
): AsyncIterable<AuditEntry[]> {
  for (let after: string | null = null; ;) {
    const rows = await trail.page(filter, range, { order: 'oldest', after, size: BATCH });
    if (rows.length > 0) {
      const events = await eventsOf(source, rows);
      yield rows.map((row, index) => asAuditEntry(row, events[index]));
    }
    if (rows.length < BATCH) return;
    after = rows.at(-1)?.id ?? null;
  }
}

async function* fromLog(
  { store, codec }: EventSource,
  trail: AuditTrailQueries,
  { first, last: lastPlace }: TrailRange & { readonly last: string },
): AsyncIterable<AuditEntry[]> {
  const stop = new AbortController();
  const last = positionOf(lastPlace);
  const after = first === null ? LOG_START : await positionBefore(trail, first);
  try {
    for await (const { events, through } of store.subscribeAll({ after, signal: stop.signal })) {
      const wanted = events.filter(({ type, position }) => TYPES.has(type) && hasReached(last, position));
      const decoded = (await codec.decode(wanted)) as ProjectedEvent<TrailEvent>[];
      if (decoded.length > 0) yield decoded.map((event) => asAuditEntry(entryOf(event), event));
      if (hasReached(through, last)) return;
    }
  } finally {
    stop.abort();
  }
}

const TYPES: ReadonlySet<string> = new Set(auditTrail.types);

/** Stores begin where an event is, not anywhere. */
async function positionBefore(trail: AuditTrailQueries, place: string): Promise<Position> {
  const before = { order: 'newest', after: place, size: 1 } as const;
  const [entry] = await trail.page(NO_FILTER, WHOLE_TRAIL, before);
  return entry === undefined ? LOG_START : positionOf(entry.id);
}
