import { type SessionId, asSessionId } from '#domain/ids.js';
import type { AuditSessionRow } from '#read-models/audit-trail/audit-rows.entity.js';
import type { AuditSessionQueries, SessionFilter } from '#read-models/audit-trail/audit-sessions.queries.js';
import type { Histories, SessionState } from './histories.js';
import type { Moment } from './moments.js';

/** A session that was found, as it was at the moment that was asked for. */
export interface FoundSession {
  readonly id: SessionId;
  readonly row: AuditSessionRow;
  readonly state: SessionState;
}

/** So many candidates are looked at together. */
const LOOKED_AT = 50;

/**
 * Sessions by where and when they were opened, the newest first: the read model says which they may be, and the log which they are.
 * @param before the place of an opening, to go on after it
 * @param isWanted by what each was at the moment
 */
export async function* foundSessions(
  queries: AuditSessionQueries,
  histories: Histories,
  filter: SessionFilter,
  {
    moment,
    before,
    isWanted,
  }: { readonly moment: Moment; readonly before: string | null; readonly isWanted: (state: SessionState) => boolean },
): AsyncIterable<FoundSession> {
  for (let place = before; ;) {
    const rows = await queries.page(filter, place, LOOKED_AT);
    const found = await Promise.all(
      rows.map(async (row) => {
        const id = asSessionId(row.id);
        return { id, row, state: (await histories.sessionAt(id, moment)).state };
      }),
    );
    for (const each of found) if (isWanted(each.state)) yield each;
    if (rows.length < LOOKED_AT) return;
    place = rows.at(-1)?.opened ?? null;
  }
}
