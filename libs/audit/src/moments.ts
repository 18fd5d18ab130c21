import { Refused } from '#domain/refused.js';
import { type EventStore, POSITION, type Position, asPosition, hasReached } from '#event-store/event-store.js';
import { placeOf, positionOf } from '#read-models/audit-trail/audit-rows.entity.js';
import { type AuditTrailQueries, NO_FILTER, WHOLE_TRAIL } from '#read-models/audit-trail/audit-trail.queries.js';

/** A point of the log: everything up to a position, and the time up to which that was recorded. */
export interface Moment {
  readonly through: Position;
  readonly time: Date;
}

/** A point as somebody names it; null for now. */
export type Point = Date | Position | null;

// RFC 3339 §5.6: with seconds, and a zone.
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const DAY_LENGTH = 10;

/** The point that a text names: a time (RFC 3339), or a position in decimal; undefined for anything else. */
export function pointOf(text: string): Exclude<Point, null> | undefined {
  if (POSITION.test(text)) return asPosition(text);
  const time = new Date(text);
  const isTime = TIME.test(text) && !Number.isNaN(time.getTime()) && isDay(text.slice(0, DAY_LENGTH));
  return isTime ? time : undefined;
}

/** February has no 30th, though dates are made of it. */
const isDay = (text: string) => new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);

/** Finds points of the log. */
export class Moments {
  constructor(
    private readonly store: Pick<EventStore, 'head'>,
    private readonly trail: AuditTrailQueries,
  ) {}

  /** @throws Refused `position-beyond-log`, `time-beyond-log`, `time-before-log` */
  async of(point: Point, now: Date): Promise<Moment> {
    const head = await this.store.head();
    if (point === null) return { through: head, time: now };
    if (point instanceof Date) return this.at(point, head, now);
    if (!hasReached(head, point)) throw new Refused('position-beyond-log', `The log ends at position ${head}.`);
    return { through: point, time: (await this.recordedAt(point)) ?? now };
  }

  private async at(time: Date, head: Position, now: Date): Promise<Moment> {
    if (time > now) throw new Refused('time-beyond-log', `That time is yet to come: it is ${now.toISOString()} now.`);
    const next = await this.trail.firstAfter(time);
    if (next === null) return { through: head, time };
    const [before] = await this.trail.page(NO_FILTER, WHOLE_TRAIL, { ...NEWEST, after: next.id });
    if (before !== undefined) return { through: positionOf(before.id), time };
    throw new Refused('time-before-log', `The log begins at ${new Date(next.recordedAt).toISOString()}.`);
  }

  /** When the last event up to a position was recorded. */
  private async recordedAt(position: Position): Promise<Date | null> {
    const [last] = await this.trail.page(NO_FILTER, { first: null, last: placeOf(position) }, NEWEST);
    return last === undefined ? null : new Date(last.recordedAt);
  }
}

const NEWEST = { order: 'newest', after: null, size: 1 } as const;
