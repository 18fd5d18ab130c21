import type { DomainEvent, Fold } from '#domain/decider.js';
import { type StreamName, asSessionId, categoryOf, sessionStream } from '#domain/ids.js';
import { oneTimeToken } from '#domain/one-time-token/one-time-token.js';
import { secondFactor } from '#domain/second-factor/second-factor.js';
import type { SessionOpened } from '#domain/session/session-events.js';
import { session } from '#domain/session/session.js';
import { user } from '#domain/user/user.js';
import type { RecordedEvent } from '#event-store/event-store.js';
import {
  type AuditTrailQueries,
  NO_FILTER,
  type TrailEntry,
  WHOLE_TRAIL,
} from '#read-models/audit-trail/audit-trail.queries.js';
import { type FieldChange, differences } from './differences.js';
import { shown } from '#event-store/disclosure.js';
import { type AuditEntry, type EventSource, asAuditEntry, eventsOf } from './entries.js';
import { evolved } from './replay.js';

/** An event that led to another one. */
interface Cause {
  readonly id: string;
  readonly position: string;
  readonly type: string;
}

/** What happened, and what it changed. */
export interface TimelineEntry extends AuditEntry {
  /** Where the session was opened that it was done in; null if it was done in none. */
  readonly from: { readonly ipAddress: unknown; readonly userAgent: unknown } | null;
  /** What is another than before, of what the rules know of an account, a session, a second factor or a token. */
  readonly changes: readonly FieldChange[];
  /** What led to it beside its command: the event before it in the same chain; null for what somebody asked for. */
  readonly cause: Cause | null;
}

// The state of each is that of its own rules, which nobody else can tell.
const FOLDS: Readonly<Record<string, Fold<unknown, DomainEvent>>> = {
  factor: secondFactor,
  onetime: oneTimeToken,
  session: session,
  user: user,
};

/** Entries with what they changed; each stream among them is read once. */
export async function timelineOf(
  source: EventSource,
  trail: AuditTrailQueries,
  entries: readonly TrailEntry[],
): Promise<TimelineEntry[]> {
  const events = await eventsOf(source, entries);
  const changes = await changesIn(source, entries);
  const openings = await openingsOf(
    source,
    events.flatMap((event) => event?.metadata['sessionId'] ?? []),
  );
  const shownEntries = entries.map((row, index) => asAuditEntry(row, events[index]));
  const causes = await causesOf(source, trail, shownEntries);
  const inContext = (entry: AuditEntry): TimelineEntry => ({
    ...entry,
    from: openings.get(entry.actor.sessionId ?? '') ?? null,
    changes: changes.get(placeIn(entry.stream, entry.revision)) ?? [],
    cause: causes.get(entry.causationId) ?? null,
  });
  return shownEntries.map(inContext);
}

const placeIn = (stream: string, revision: number) => `${revision} ${stream}`;

async function changesIn(source: EventSource, entries: readonly TrailEntry[]): Promise<Map<string, FieldChange[]>> {
  const last = new Map<string, number>();
  for (const { stream, revision } of entries) last.set(stream, Math.max(last.get(stream) ?? 0, revision));
  const changes = new Map<string, FieldChange[]>();
  for (const [stream, revision] of last) {
    const fold = FOLDS[categoryOf(stream)];
    if (fold === undefined) continue;
    const wanted = new Set(entries.flatMap((entry) => (entry.stream === stream ? [entry.revision] : [])));
    for (const [place, change] of await changesOfStream(source, fold, stream as StreamName, { wanted, last: revision }))
      changes.set(placeIn(stream, place), change);
  }
  return changes;
}

async function changesOfStream(
  { store, codec }: EventSource,
  fold: Fold<unknown, DomainEvent>,
  stream: StreamName,
  { wanted, last }: { readonly wanted: ReadonlySet<number>; readonly last: number },
): Promise<Map<number, FieldChange[]>> {
  const recorded: RecordedEvent[] = [];
  for await (const event of store.readStream(stream, 0)) {
    if (event.revision > last) break;
    recorded.push(event);
  }
  const changes = new Map<number, FieldChange[]>();
  let state: unknown = fold.initial;
  for (const event of await codec.decode(recorded)) {
    const next = evolved(fold, state, event);
    if (wanted.has(event.revision)) changes.set(event.revision, differences(shown(state), shown(next)));
    state = next;
  }
  return changes;
}

/** What led to entries beside their commands, by their ids: events of the same request. */
async function causesOf(
  source: EventSource,
  trail: AuditTrailQueries,
  entries: readonly AuditEntry[],
): Promise<Map<string, Cause>> {
  const caused = entries.filter(({ causationId, commandId }) => causationId !== commandId);
  const requests = [...new Set(caused.map(({ correlationId }) => correlationId))];
  const chains = await Promise.all(
    requests.map((correlationId) => trail.page({ ...NO_FILTER, correlationId }, WHOLE_TRAIL, LONGEST_CHAIN)),
  );
  const rows = chains.flat();
  const events = await eventsOf(source, rows);
  return new Map(
    events.flatMap((event) =>
      event === undefined
        ? []
        : [[event.id, { id: event.id, position: event.position, type: event.event.type }] as const],
    ),
  );
}

/** Few requests lead to more. */
const LONGEST_CHAIN = { order: 'oldest', after: null, size: 100 } as const;

/** Where sessions were opened, by their ids. */
async function openingsOf({ store, codec }: EventSource, sessionIds: readonly string[]) {
  const recorded = await Promise.all(
    [...new Set(sessionIds)].map((id) => store.readEvent(sessionStream(asSessionId(id)), 0)),
  );
  const opened = await codec.decode(recorded.filter((event) => event?.type === 'SessionOpened') as RecordedEvent[]);
  return new Map(
    opened.map(({ stream, event }) => {
      const { ipAddress, userAgent } = event.data as SessionOpened;
      return [stream.slice('session-'.length), { ipAddress: shown(ipAddress), userAgent: shown(userAgent) }];
    }),
  );
}
