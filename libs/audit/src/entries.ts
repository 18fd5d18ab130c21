import type { StreamName } from '#domain/ids.js';
import type { DecodedEvent, EventCodec } from '#event-store/codec.js';
import type { EventStore, RecordedEvent } from '#event-store/event-store.js';
import { type Outcome, positionOf } from '#read-models/audit-trail/audit-rows.entity.js';
import type { TrailEntry } from '#read-models/audit-trail/audit-trail.queries.js';
import { shown } from '#event-store/disclosure.js';

/** What happened, as readers of the audit see it. All times are ISO 8601 UTC. */
export interface AuditEntry {
  readonly position: string;
  /** Of the event. */
  readonly id: string;
  readonly type: string;
  readonly outcome: Outcome;
  /** Whose history it belongs to; null where it is that of no account. */
  readonly userId: string | null;
  /** The session that it is about; otherwise the one that it was done in. */
  readonly sessionId: string | null;
  /** Who did it: an account, or a part of authlog. */
  readonly actor: { readonly id: string; readonly kind: string; readonly sessionId: string | null };
  readonly stream: string;
  readonly revision: number;
  /** The request that it belongs to, what led to it, and the command that it is of. */
  readonly correlationId: string;
  readonly causationId: string;
  readonly commandId: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  /** The facts; null once the event was removed for its age. */
  readonly data: unknown;
}

export const ENTRY_FIELDS = [
  'position',
  'id',
  'type',
  'outcome',
  'userId',
  'sessionId',
  'actor',
  'stream',
  'revision',
  'correlationId',
  'causationId',
  'commandId',
  'occurredAt',
  'recordedAt',
  'data',
] as const satisfies readonly (keyof AuditEntry)[];

/** Where events are, and how they are read. */
export interface EventSource {
  readonly store: EventStore;
  readonly codec: EventCodec;
}

/** The events of places in the trail, in the same order; undefined for one that is not there any more. */
export async function eventsOf(
  { store, codec }: EventSource,
  entries: readonly TrailEntry[],
): Promise<(DecodedEvent | undefined)[]> {
  const recorded = await Promise.all(
    entries.map(({ stream, revision }) => store.readEvent(stream as StreamName, revision)),
  );
  const there = recorded.filter((event): event is RecordedEvent => event !== undefined);
  const decoded = new Map((await codec.decode(there)).map((event) => [event.position, event]));
  return recorded.map((event) => event && decoded.get(event.position));
}

/** An entry of the trail with its event. */
export function asAuditEntry(row: TrailEntry, event: DecodedEvent | undefined): AuditEntry {
  const metadata = event?.metadata ?? {};
  return {
    position: positionOf(row.id),
    id: event?.id ?? '',
    type: row.type,
    outcome: row.outcome,
    userId: row.userId,
    sessionId: row.sessionId,
    actor: { id: row.actor, kind: metadata['actorKind'] ?? '', sessionId: metadata['sessionId'] ?? null },
    stream: row.stream,
    revision: row.revision,
    correlationId: row.correlationId,
    causationId: metadata['causationId'] ?? '',
    commandId: metadata['commandId'] ?? '',
    occurredAt: (event?.occurredAt ?? new Date(row.recordedAt)).toISOString(),
    recordedAt: new Date(row.recordedAt).toISOString(),
    data: event === undefined ? null : shown(event.event.data),
  };
}
