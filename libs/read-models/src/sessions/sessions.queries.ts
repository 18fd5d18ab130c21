import type { DataSource } from 'typeorm';
import type { UserId } from '#domain/ids.js';
import { Dialect } from '#database/dialect.js';
import type { SessionRow } from './session-row.entity.js';

/** A page of a list. */
export interface Page<Row> {
  readonly itemsInTotal: number;
  readonly items: readonly Row[];
}

/** Which page; the first is 0. */
export interface PageRequest {
  readonly number: number;
  readonly size: number;
}

type Integer = 'openedAt' | 'lastActiveAt' | 'expiresAt' | 'idleMs';
/** As the driver gives it: PostgreSQL's has 64-bit integers as text. */
type WrittenRow = Omit<SessionRow, Integer> & Record<Integer, number | string>;

/** Asks the `sessions` read model. */
export class SessionQueries {
  private readonly aliveOfUser: string;

  constructor(private readonly database: DataSource) {
    // By hand, because the query builder writes numbers into the text, and every text is planned anew.
    const { parameter } = new Dialect(database);
    this.aliveOfUser = `
      WITH RECURSIVE candidate AS (
        SELECT session.*
        FROM session
        LEFT JOIN session_epoch AS owner ON owner.id = session."userId"
        WHERE session."userId" = ${parameter(0)}
          AND session."expiresAt" > ${parameter(1)}
          AND session."lastActiveAt" + session."idleMs" > ${parameter(2)}
          AND (owner.id IS NULL OR session.epoch >= owner.epoch OR session.id = owner.spared)
      ), alive AS (
        SELECT * FROM candidate WHERE "parentId" IS NULL
        UNION ALL
        SELECT candidate.* FROM candidate JOIN alive ON candidate."parentId" = alive.id
      )`;
  }

  /** The sessions of a user that are alive at this time, newest first. */
  async ofUser(userId: UserId, now: Date, { number, size }: PageRequest): Promise<Page<SessionRow>> {
    const time = now.getTime();
    const parameters = [userId, time, time];
    const order = `ORDER BY "openedAt" DESC, id LIMIT ${size} OFFSET ${number * size}`;
    const rows: WrittenRow[] = await this.database.query(
      `${this.aliveOfUser} SELECT * FROM alive ${order}`,
      parameters,
    );
    const items = rows.map(asSessionRow);
    if (number === 0 && items.length < size) return { items, itemsInTotal: items.length };
    const count: [{ total: number | string }] = await this.database.query(
      `${this.aliveOfUser} SELECT count(*) AS total FROM alive`,
      parameters,
    );
    return { items, itemsInTotal: Number(count[0].total) };
  }
}

const asSessionRow = (row: WrittenRow): SessionRow => ({
  ...row,
  openedAt: Number(row.openedAt),
  lastActiveAt: Number(row.lastActiveAt),
  expiresAt: Number(row.expiresAt),
  idleMs: Number(row.idleMs),
});
