import { differences } from '#audit/differences.js';
import { asAuditEntry, eventsOf } from '#audit/entries.js';
import { exported } from '#audit/export.js';
import { Histories, type Subject, ownerOf } from '#audit/histories.js';
import type { Cut, StateAt } from '#audit/replay.js';
import { ScratchCopy } from '#audit/scratch.js';
import { timelineOf } from '#audit/timeline.js';
import { shown } from '#event-store/disclosure.js';
import { placeOf } from '#read-models/audit-trail/audit-rows.entity.js';
import { NO_FILTER, type TrailFilter, WHOLE_TRAIL } from '#read-models/audit-trail/audit-trail.queries.js';
import { type Asking, asking, demandRange, pointIn } from './audit-desk.js';
import { CannotBeDone } from './cannot-be-done.js';
import { ProgressLine, progressBar, say, sayJson, table } from './output.js';
import { demandProjection } from './projection-control.js';

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
    const rows = await audit.trail.page({ ...NO_FILTER, userId }, WHOLE_TRAIL, newest);
    const entries = await timelineOf(audit.source(options.personal === true), audit.trail, rows.toReversed());
    await record(userId, entries.length);
    if (options.json === true) return sayJson(entries);
    for (const { recordedAt, type, actor, from, changes, cause } of entries) {
      const where = typeof from?.ipAddress === 'string' ? ` from ${from.ipAddress}` : '';
      const why = cause === null ? '' : `, because of ${cause.type} at ${cause.position}`;
      say(`${recordedAt}  ${type} by ${actor.kind} ${actor.id}${where}${why}`);
      for (const { field, from: old, to } of changes) say(`    ${field}: ${inWords(old)} → ${inWords(to)}`);
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

const inJson = ({ state: found, since, until }: StateAt<unknown>) => ({
  state: shown(found),
  since: shown(since),
  until: shown(until),
});

/** What is not there is left out of a change. */
const inWords = (value: unknown) => (value === undefined ? '–' : JSON.stringify(value));
