import { Audit } from '#audit/audit.js';
import { differences } from '#audit/differences.js';
import { shown } from '#event-store/disclosure.js';
import { asAuditEntry, eventsOf } from '#audit/entries.js';
import { exported } from '#audit/export.js';
import { Histories, type Subject, ownerOf } from '#audit/histories.js';
import { type Point, pointOf } from '#audit/moments.js';
import type { Cut, StateAt } from '#audit/replay.js';
import { ScratchCopy } from '#audit/scratch.js';
import { asAuditedSession, foundSessions } from '#audit/session-search.js';
import { Subjects } from '#audit/subjects.js';
import { timelineOf } from '#audit/timeline.js';
import {
  type AuditInquiry,
  type AuditQuestion,
  auditReading,
  auditReadingStream,
} from '#domain/audit/audit-reading.js';
import { asUserId } from '#domain/ids.js';
import { reservation, reservationStream } from '#domain/reservation/reservation.js';
import { systemContext } from '#event-store/envelope.js';
import type { Stores } from '#host/stores.js';
import { addressRange } from '#read-models/audit-trail/address-range.js';
import { placeOf } from '#read-models/audit-trail/audit-rows.entity.js';
import { auditTrail } from '#read-models/audit-trail/audit-trail.projection.js';
import { NO_FILTER, type TrailFilter } from '#read-models/audit-trail/audit-trail.queries.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { CannotBeDone } from './cannot-be-done.js';
import { ProgressLine, progressBar, say, sayJson, table } from './output.js';
import { ACTOR, demandProjection } from './projection-control.js';
import { withStores } from './with-stores.js';

/** What every question of the audit takes. */
export interface Asking {
  /** Names, addresses and the like are shown, too. */
  readonly personal?: boolean;
  /** Why, for the record. */
  readonly reason?: string;
  readonly json?: boolean;
}

export interface EventsOptions extends Asking {
  readonly user?: string;
  readonly actor?: string;
  readonly session?: string;
  readonly address?: string;
  readonly type?: string;
  readonly outcome?: 'done' | 'refused';
  readonly correlation?: string;
  readonly from?: string;
  readonly to?: string;
  readonly oldest?: boolean;
  readonly limit: number;
  readonly all?: boolean;
}

/** `authlog audit events` */
export const events = (options: EventsOptions): Promise<void> =>
  asking('events', options, options, async ({ audit, subjects, head, record }) => {
    const userId = options.user === undefined ? null : await subjects.userId(options.user);
    const filter: TrailFilter = {
      userId,
      actor: options.actor === undefined ? null : await subjects.actor(options.actor),
      sessionId: options.session ?? null,
      correlationId: options.correlation ?? null,
      type: options.type ?? null,
      outcome: options.outcome ?? null,
      addresses: options.address === undefined ? null : demandRange(options.address),
    };
    const range = await audit.range(pointIn(options.from), pointIn(options.to), new Date());
    const source = audit.source(options.personal === true);
    if (options.all === true) {
      await record(userId, null);
      const whole = { ...range, last: range.last ?? placeOf(head) };
      for await (const batch of exported(source, audit.trail, filter, whole))
        say(batch.map((entry) => JSON.stringify(entry)).join('\n'));
      return;
    }
    const order = options.oldest === true ? 'oldest' : 'newest';
    const rows = await audit.trail.page(filter, range, { order, after: null, size: options.limit });
    const found = await eventsOf(source, rows);
    const entries = rows.map((row, index) => asAuditEntry(row, found[index]));
    await record(userId, entries.length);
    if (options.json === true) return sayJson(entries);
    const lines = entries.map(({ position, recordedAt, type, outcome, userId: whose, actor }) => ({
      position,
      recordedAt,
      type,
      outcome,
      user: whose ?? '–',
      actor: actor.id,
    }));
    say(lines.length === 0 ? 'Nothing of that kind is in the trail.' : table(Object.keys(lines[0] ?? {}), lines));
  });

/** `authlog audit timeline` */
export const timeline = (nameOrId: string, { limit, ...options }: Asking & { readonly limit: number }): Promise<void> =>
  asking('timeline', options, { user: nameOrId }, async ({ audit, subjects, record }) => {
    const userId = await subjects.userId(nameOrId);
    const newest = { order: 'newest', after: null, size: limit } as const;
    const rows = await audit.trail.page({ ...NO_FILTER, userId }, { first: null, last: null }, newest);
    const entries = await timelineOf(audit.source(options.personal === true), audit.trail, rows.toReversed());
    await record(userId, entries.length);
    if (options.json === true) return sayJson(entries);
    for (const { recordedAt, type, actor, from, changes, cause } of entries) {
      const where = typeof from?.ipAddress === 'string' ? ` from ${from.ipAddress}` : '';
      const why = cause === null ? '' : `, because of ${cause.type} at ${cause.position}`;
      say(`${recordedAt}  ${type} by ${actor.kind} ${actor.id}${where}${why}`);
      for (const { field, from: old, to } of changes)
        say(`    ${field}: ${JSON.stringify(old)} → ${JSON.stringify(to)}`);
    }
  });

export interface StateOptions extends Asking {
  readonly at?: string;
  readonly revision?: number;
}

/** `authlog audit state` @throws CannotBeDone */
export const state = (kind: Subject['kind'], nameOrId: string, options: StateOptions): Promise<void> =>
  asking('state', options, { ...options, [kind]: nameOrId }, async ({ audit, subjects, record }) => {
    const subject = await subjects.find(kind, nameOrId);
    const { revision } = options;
    if (revision !== undefined && options.at !== undefined)
      throw new CannotBeDone('--at and --revision are both given: leave one of them out.');
    const cut: Cut = revision === undefined ? await audit.moments.of(pointIn(options.at), new Date()) : { revision };
    const found = await new Histories(audit.source(options.personal === true)).at(subject, cut);
    await record(ownerOf(subject, found.state), (found.since?.revision ?? -1) + 1);
    sayJson({ ...('through' in cut ? { position: cut.through } : {}), ...inJson(found) });
  });

/** `authlog audit diff` */
export const diff = (
  kind: Subject['kind'],
  nameOrId: string,
  options: Asking & { readonly from: string; readonly to?: string },
): Promise<void> =>
  asking('diff', options, { ...options, [kind]: nameOrId }, async ({ audit, subjects, record }) => {
    const subject = await subjects.find(kind, nameOrId);
    const source = audit.source(options.personal === true);
    const histories = new Histories(source);
    const [from, to] = await audit.between(pointIn(options.from), pointIn(options.to), new Date());
    const [before, then] = [await histories.at(subject, from), await histories.at(subject, to)];
    const entries = await timelineOf(source, audit.trail, await histories.between(subject, from, to));
    await record(ownerOf(subject, then.state), entries.length);
    const changes = differences(shown(before.state), shown(then.state));
    sayJson({ from: from.through, to: to.through, changes, events: entries });
  });

export interface SessionsOptions extends Asking {
  readonly user?: string;
  readonly address?: string;
  readonly provider?: string;
  readonly openedFrom?: string;
  readonly openedTo?: string;
  readonly aliveAt?: string;
  readonly limit: number;
}

/** `authlog audit sessions` */
export const sessions = (options: SessionsOptions): Promise<void> =>
  asking('sessions', options, options, async ({ audit, subjects, record }) => {
    const userId = options.user === undefined ? null : await subjects.userId(options.user);
    const filter = {
      userId,
      provider: options.provider ?? null,
      addresses: options.address === undefined ? null : demandRange(options.address),
      openedFrom: timeIn(options.openedFrom),
      openedTo: timeIn(options.openedTo),
      aliveAt: timeIn(options.aliveAt),
    };
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

/** `authlog audit view` @throws CannotBeDone */
export const view = (name: string, options: Asking & { readonly at?: string }): Promise<void> =>
  asking('view', options, { ...options, projection: name }, async ({ audit, data, record }) => {
    const projection = demandProjection(name);
    const { through } = await audit.moments.of(pointIn(options.at), new Date());
    const isPersonal = options.personal === true;
    const line = new ProgressLine();
    const whose = isPersonal ? 'personal' : 'pseudonymous';
    const progress = (position: string) => {
      line.show(`${progressBar(Number(position), Number(through))}  position ${position} of ${through}`);
    };
    const copy = await ScratchCopy.fill(audit.source(isPersonal), projection, through, {
      data,
      whose,
      now: new Date(),
      progress,
    });
    line.end();
    try {
      await record(null, null);
      for await (const { table: of, row } of copy.rows()) say(JSON.stringify({ table: of, ...(shown(row) as object) }));
    } finally {
      await copy.close();
    }
    process.stderr.write(`As of position ${through}; kept for an hour in ${copy.file}.\n`);
  });

/** What a question works with. */
interface Desk {
  readonly audit: Audit;
  readonly subjects: Subjects;
  /** The folder of the service. */
  readonly data: string;
  /** Where the log ended when it was asked. */
  readonly head: string;
  /** Before anything is shown. */
  readonly record: (userId: string | null, events: number | null) => Promise<void>;
}

/** @param criteria what is asked for, by names; all of it is recorded */
async function asking(
  question: AuditQuestion,
  { personal, reason }: Asking,
  criteria: object,
  answer: (desk: Desk) => Promise<void>,
): Promise<void> {
  await withStores(async (stores) => {
    const { eventStore, vault, readModels, repository } = stores;
    const head = await eventStore.head();
    await new ReadModelProgress(readModels.reader).waitFor(auditTrail, head);
    const record = async (userId: string | null, seen: number | null) => {
      const inquiry: AuditInquiry = {
        question,
        userId: userId === null ? null : asUserId(userId),
        criteria: asTexts(criteria),
        isPersonal: personal === true,
        reason: reason ?? null,
      };
      const reading = { type: 'RecordReading', reader: ACTOR, inquiry, events: seen } as const;
      await repository.execute(auditReading, auditReadingStream(ACTOR), reading, systemContext(new Date(), ACTOR));
    };
    const audit = new Audit(eventStore, vault, readModels.reader);
    await answer({
      audit,
      data: stores.settings.data,
      subjects: new Subjects(eventStore, holderOf(stores)),
      head,
      record,
    });
  });
}

const asTexts = (criteria: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(criteria).flatMap(([name, value]) =>
      ['personal', 'reason', 'json'].includes(name) ? [] : [[name, String(value)]],
    ),
  );

const holderOf =
  ({ repository, vault }: Stores) =>
  async (username: string) => {
    const digest = new IdentifierDigest(vault.derivedKey('identifier-digest')).of('name', username);
    const { state: held } = await repository.load(reservation, reservationStream('name', digest));
    return held.status === 'free' ? null : held.holder;
  };

/** Null when left out. @throws CannotBeDone */
function pointIn(text: string | undefined): Point {
  const point = text === undefined ? null : pointOf(text);
  if (point !== undefined) return point;
  throw new CannotBeDone(
    `${JSON.stringify(text)} is neither a time such as 2026-01-31T14:05:00Z nor a position of the log.`,
  );
}

/** Null when left out. @throws CannotBeDone */
function timeIn(text: string | undefined): Date | null {
  const point = pointIn(text);
  if (point === null || point instanceof Date) return point;
  throw new CannotBeDone(`${JSON.stringify(text)} is no time such as 2026-01-31T14:05:00Z.`);
}

/** @throws CannotBeDone */
function demandRange(text: string) {
  const range = addressRange(text);
  if (range !== null) return range;
  throw new CannotBeDone(
    `${JSON.stringify(text)} is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24.`,
  );
}

const inJson = ({ state: found, since, until }: StateAt<unknown>) => ({
  state: shown(found),
  since: shown(since),
  until: shown(until),
});
