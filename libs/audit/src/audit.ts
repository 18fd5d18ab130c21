import type { DataSource } from 'typeorm';
import { Refused } from '#domain/refused.js';
import { EventCodec, type SubjectKeys } from '#event-store/codec.js';
import { type EventStore, hasReached } from '#event-store/event-store.js';
import { placeOf } from '#read-models/audit-trail/audit-rows.entity.js';
import { AuditSessionQueries } from '#read-models/audit-trail/audit-sessions.queries.js';
import { AuditTrailQueries, type TrailRange } from '#read-models/audit-trail/audit-trail.queries.js';
import { withholding } from '#event-store/disclosure.js';
import type { EventSource } from './entries.js';
import { type Moment, Moments, type Point } from './moments.js';

/** What the audit is read from: the log, its trail, and the keys of what is personal. */
export class Audit {
  readonly trail: AuditTrailQueries;
  readonly sessions: AuditSessionQueries;
  readonly moments: Moments;
  private readonly personal: EventSource;
  private readonly pseudonymous: EventSource;

  constructor(
    private readonly store: EventStore,
    private readonly keys: SubjectKeys,
    database: DataSource,
  ) {
    this.trail = new AuditTrailQueries(database);
    this.sessions = new AuditSessionQueries(database);
    this.moments = new Moments(store, this.trail);
    this.personal = { store, codec: new EventCodec(keys) };
    this.pseudonymous = { store, codec: new EventCodec(withholding(keys)) };
  }

  /** The log, with what is personal in clear or withheld. */
  source(isPersonal: boolean): EventSource {
    return isPersonal ? this.personal : this.pseudonymous;
  }

  /** The log as one person may read it: with what is personal of them in clear, and nobody else's. @param key of their data */
  sourceOf(key: string): EventSource {
    return { store: this.store, codec: new EventCodec(withholding(this.keys, key)) };
  }

  /**
   * The part of the trail from one point to another, both included; null for no end.
   * @throws Refused `range-empty`, `position-beyond-log`, `time-beyond-log`, `time-before-log`
   */
  async range(from: Point, to: Point, now: Date): Promise<TrailRange> {
    const first = from === null ? null : await this.firstFrom(from, now);
    const last = to === null ? null : placeOf((await this.moments.of(to, now)).through);
    if (first !== null && last !== null && first > last)
      throw new Refused(
        'range-empty',
        'Nothing is in that range: it ends before it begins, or nothing was recorded in it.',
      );
    return { first, last };
  }

  /**
   * Two points, the earlier one first.
   * @param to null for now
   * @throws Refused `range-empty`, `position-beyond-log`, `time-beyond-log`, `time-before-log`
   */
  async between(from: Point, to: Point, now: Date): Promise<readonly [Moment, Moment]> {
    const [first, second] = [await this.moments.of(from, now), await this.moments.of(to, now)];
    if (hasReached(first.through, second.through))
      throw new Refused('range-empty', 'Nothing was recorded between these two points, or the later one is not later.');
    return [first, second];
  }

  private async firstFrom(from: Exclude<Point, null>, now: Date): Promise<string> {
    if (!(from instanceof Date)) return placeOf((await this.moments.of(from, now)).through);
    if (from > now) throw new Refused('time-beyond-log', `That time is yet to come: it is ${now.toISOString()} now.`);
    const next = await this.trail.firstAfter(new Date(from.getTime() - 1));
    return next?.id ?? AFTER_ALL;
  }
}

/** Stands after all places. */
const AFTER_ALL = ':';
