import { endSessions } from '#accounts/end-sessions.js';
import { asAuditedSession, endable, foundSessions } from '#audit/session-search.js';
import { auditReading, auditReadingStream } from '#domain/audit/audit-reading.js';
import { systemContext } from '#event-store/envelope.js';
import { afterPosition } from '#read-models/audit-trail/audit-rows.entity.js';
import type { SessionFilter } from '#read-models/audit-trail/audit-sessions.queries.js';
import { type Asking, asTexts, asking, demandRange, timeIn } from './audit-desk.js';
import { CannotBeDone } from './cannot-be-done.js';
import { say, sayJson, table } from './output.js';
import { ACTOR } from './projection-control.js';

export interface SessionsOptions extends Asking {
  readonly user?: string;
  readonly address?: string;
  readonly provider?: string;
  readonly service?: string;
  readonly openedFrom?: string;
  readonly openedTo?: string;
  readonly aliveAt?: string;
  readonly limit: number;
}

/** `authlog audit sessions` */
export const sessions = (options: SessionsOptions): Promise<void> =>
  asking('sessions', options, options, async ({ audit, subjects, record }) => {
    const userId = options.user === undefined ? null : await subjects.userId(options.user);
    const filter = sessionFilterIn(options, userId);
    const source = audit.source(options.personal === true);
    const moment = await audit.moments.of(filter.aliveAt, new Date());
    const found = [];
    for await (const each of foundSessions(source, audit.sessions, filter, { moment, before: null })) {
      found.push(await asAuditedSession(source, each));
      if (found.length === options.limit) break;
    }
    await record(userId, found.length);
    if (options.json === true) return sayJson(found);
    const lines = found.map(({ id, userId: user, openedAt, provider, ipAddress, isAlive }) => {
      const address = typeof ipAddress === 'string' ? ipAddress : '–';
      return { id, user, openedAt, provider: provider ?? '–', address, alive: isAlive ? 'yes' : 'no' };
    });
    say(lines.length === 0 ? 'There is no such session.' : table(Object.keys(lines[0] ?? {}), lines));
  });

/** `authlog audit end-sessions` @throws CannotBeDone unless they are to be ended, after how many there are was said */
export const endFound = (
  options: SessionsOptions & { readonly reason: string; readonly yes?: boolean },
): Promise<void> =>
  asking('sessions', options, options, async ({ audit, subjects, repository, record }) => {
    const userId = options.user === undefined ? null : await subjects.userId(options.user);
    const filter = sessionFilterIn(options, userId);
    const moment = await audit.moments.of(null, new Date());
    const place = { moment, before: afterPosition(moment.through) };
    const find = () => endable(foundSessions(audit.source(false), audit.sessions, filter, place), undefined);
    let alive = 0;
    for await (const _ of find()) alive += 1;
    await record(userId, alive);
    if (options.yes !== true)
      throw new CannotBeDone(`${alive} of them are alive. See \`authlog audit sessions\`; end them with --yes.`);
    const context = systemContext(new Date(), ACTOR);
    const order = {
      type: 'OrderEndOfSessions',
      reader: ACTOR,
      criteria: asTexts(options),
      reason: options.reason,
    } as const;
    await repository.execute(auditReading, auditReadingStream(ACTOR), order, context);
    say(`${await endSessions(repository, find(), context)} were ended.`);
  });

/** @throws CannotBeDone */
const sessionFilterIn = (options: SessionsOptions, userId: string | null): SessionFilter => ({
  userId,
  provider: options.provider ?? null,
  service: options.service ?? null,
  addresses: options.address === undefined ? null : demandRange(options.address),
  openedFrom: timeIn(options.openedFrom),
  openedTo: timeIn(options.openedTo),
  aliveAt: timeIn(options.aliveAt),
});
