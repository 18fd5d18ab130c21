import type { DataSource } from 'typeorm';
import { Dialect } from '#database/dialect.js';
import type { AddressRange } from './address-range.js';
import { AuditEntryRow, type Outcome } from './audit-rows.entity.js';

/** Which entries are asked for; null for any. */
export interface TrailFilter {
  readonly userId: string | null;
  readonly actor: string | null;
  readonly sessionId: string | null;
  readonly correlationId: string | null;
  readonly type: string | null;
  readonly outcome: Outcome | null;
  readonly addresses: AddressRange | null;
}

/** Everything. */
export const NO_FILTER: TrailFilter = {
  userId: null,
  actor: null,
  sessionId: null,
  correlationId: null,
  type: null,
  outcome: null,
  addresses: null,
};

/** A part of the trail, by places: both ends belong to it; null where it has none. */
export interface TrailRange {
  readonly first: string | null;
  readonly last: string | null;
}

export const WHOLE_TRAIL: TrailRange = { first: null, last: null };

export type TrailOrder = 'newest' | 'oldest';

/** Where an event stands in the log and in the trail. */
export type TrailEntry = AuditEntryRow;

type WrittenEntry = Omit<AuditEntryRow, 'recordedAt'> & { readonly recordedAt: number | string };

/** Of an index that finds few entries before one that finds many. */
const MOST_TELLING = ['correlationId', 'sessionId', 'userId', 'actor', 'type', 'outcome'] as const;
/** Clocks are put back by moments: further before the first event after a time none stands that was recorded after it. */
const LOOKED_BACK = 5_000;

/** Asks the `audit-trail` read model which events something is true of. */
export class AuditTrailQueries {
  private readonly dialect: Dialect;
  private readonly table: string;

  constructor(database: DataSource) {
    this.dialect = new Dialect(database);
    this.table = this.dialect.name(database.getMetadata(AuditEntryRow).tableName);
  }

  /** At most so many entries. @param after a place that was seen; the next in order is the first */
  async page(
    filter: TrailFilter,
    { first, last }: TrailRange,
    { order, after, size }: { readonly order: TrailOrder; readonly after: string | null; readonly size: number },
  ): Promise<TrailEntry[]> {
    const { name, parameter } = this.dialect;
    const values: string[] = [];
    const value = (text: string) => parameter(values.push(text) - 1);
    const tests: string[] = [];
    const given = MOST_TELLING.filter((column) => filter[column] !== null);
    for (const [rank, column] of given.entries())
      tests.push(`${this.indexed(name(column), rank === 0)} = ${value(filter[column] ?? '')}`);
    if (filter.addresses !== null) tests.push(this.within(filter.addresses, given.length === 0, value));
    if (first !== null) tests.push(`id >= ${value(first)}`);
    if (last !== null) tests.push(`id <= ${value(last)}`);
    if (after !== null) tests.push(`id ${order === 'newest' ? '<' : '>'} ${value(after)}`);
    const where = tests.length === 0 ? '' : `WHERE ${tests.join(' AND ')}`;
    return this.select(`${where} ORDER BY id ${order === 'newest' ? 'DESC' : 'ASC'} LIMIT ${size}`, values);
  }

  /** The first event that was recorded after a time; null if there is none yet. */
  async firstAfter(time: Date): Promise<TrailEntry | null> {
    const { parameter } = this.dialect;
    const after = `${this.dialect.name('recordedAt')} > ${parameter(0)}`;
    const [found] = await this.select(`WHERE ${after} ORDER BY "recordedAt", id LIMIT 1`, [time.getTime()]);
    if (found === undefined) return null;
    const before = `SELECT * FROM ${this.table} WHERE id < ${parameter(0)} ORDER BY id DESC LIMIT ${LOOKED_BACK}`;
    const written = await this.dialect.select<WrittenEntry>(
      `SELECT * FROM (${before}) AS before WHERE "recordedAt" > ${parameter(1)} ORDER BY id LIMIT 1`,
      [found.id, time.getTime()],
    );
    return written.map(asEntry)[0] ?? found;
  }

  private async select(rest: string, values: readonly (string | number)[]): Promise<TrailEntry[]> {
    const written = await this.dialect.select<WrittenEntry>(`SELECT * FROM ${this.table} ${rest}`, values);
    return written.map(asEntry);
  }

  private within({ first, last }: AddressRange, isFound: boolean, value: (text: string) => string): string {
    const column = this.indexed(this.dialect.name('addressKey'), isFound);
    return first === last
      ? `${column} = ${value(first)}`
      : `${column} >= ${value(first)} AND ${column} <= ${value(last)}`;
  }

  /** SQLite knows nothing of how many rows an index finds, and takes any; a sign in front of a column keeps it from taking its. */
  private indexed = (column: string, isFound: boolean) => (isFound || !this.dialect.isEmbedded ? column : `+${column}`);
}

const asEntry = (row: WrittenEntry): TrailEntry => ({ ...row, recordedAt: Number(row.recordedAt) });
