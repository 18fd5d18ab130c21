import type { EndingSession } from '#accounts/end-sessions.js';
import { type SessionId, asSessionId, asUserId, sessionStream } from '#domain/ids.js';
import type { SessionOpened } from '#domain/session/session-events.js';
import { type AuditSessionRow, positionOf } from '#read-models/audit-trail/audit-rows.entity.js';
import type { AuditSessionQueries, SessionFilter } from '#read-models/audit-trail/audit-sessions.queries.js';
import { shown } from '#event-store/disclosure.js';
import type { EventSource } from './entries.js';
import { Histories, type SessionState } from './histories.js';
import type { Moment } from './moments.js';

/** A session that was found, as it was at the moment that was asked for. */
export interface FoundSession extends SessionState {
  readonly id: SessionId;
  readonly row: AuditSessionRow;
}

/** So many candidates are looked at together. */
const LOOKED_AT = 50;

/**
 * Sessions by where and when they were opened, the newest first: the read model says which they may be, and the log what they were.
 * Those that can only have been alive are given if they were.
 * @param before the place of an opening, to go on after it
 */
export async function* foundSessions(
  source: EventSource,
  queries: AuditSessionQueries,
  filter: SessionFilter,
  { moment, before }: { readonly moment: Moment; readonly before: string | null },
): AsyncIterable<FoundSession> {
  const histories = new Histories(source);
  for (let place = before; ;) {
    const rows = await queries.page(filter, place, LOOKED_AT);
    const found = await Promise.all(
      rows.map(async (row): Promise<FoundSession> => {
        const id = asSessionId(row.id);
        const { state } = await histories.sessionAt(id, moment);
        return { id, row, ...state };
      }),
    );
    yield* filter.aliveAt === null ? found : found.filter(({ isAlive }) => isAlive);
    if (rows.length < LOOKED_AT) return;
    place = rows.at(-1)?.opened ?? null;
  }
}

/** Of those that were found the ones that can be ended now. @param spared the id of one that goes on */
export async function* endable(
  found: AsyncIterable<FoundSession>,
  spared: string | undefined,
): AsyncIterable<EndingSession> {
  for await (const { id, row, isAlive } of found)
    if (isAlive && id !== spared) yield { id, owner: asUserId(row.userId) };
}

/** A session as readers of the audit see it. All times are ISO 8601 UTC. */
export interface AuditedSession {
  readonly id: string;
  readonly userId: string;
  /** Of the event that opened it. */
  readonly position: string;
  readonly openedAt: string;
  /** The absolute end. */
  readonly expiresAt: string;
  /** The entity id of an identity provider, or the login service. */
  readonly provider: string | null;
  readonly service: string | null;
  readonly ipAddress: unknown;
  readonly userAgent: unknown;
  /** At the moment that was asked for. */
  readonly isAlive: boolean;
  readonly causeOfDeath: string | null;
}

export async function asAuditedSession(
  { store, codec }: EventSource,
  { id, row, isAlive, causeOfDeath }: FoundSession,
): Promise<AuditedSession> {
  const opening = await store.readEvent(sessionStream(id), 0);
  const [decoded] = opening === undefined ? [] : await codec.decode([opening]);
  const { ipAddress = null, userAgent = null } = (decoded?.event.data ?? {}) as Partial<SessionOpened>;
  return {
    id,
    userId: row.userId,
    position: positionOf(row.opened),
    openedAt: new Date(row.openedAt).toISOString(),
    expiresAt: new Date(row.expiresAt).toISOString(),
    provider: row.provider,
    service: row.service,
    ipAddress: shown(ipAddress),
    userAgent: shown(userAgent),
    isAlive,
    causeOfDeath,
  };
}
