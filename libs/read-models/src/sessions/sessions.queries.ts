import type { DataSource } from 'typeorm';
import type { UserId } from '#domain/ids.js';
import { Dialect } from '#database/dialect.js';
import { SessionEpochRow, SessionRow } from './session-row.entity.js';

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

type Integer = 'authenticatedAt' | 'openedAt' | 'lastActiveAt' | 'expiresAt' | 'idleMs';
/** As the driver gives it: PostgreSQL's has 64-bit integers as text. */
type WrittenRow = Omit<SessionRow, Integer> & Record<Integer, number | string>;

type Descent = Pick<SessionRow, 'id' | 'parentId'>;

/** Asks the `sessions` read model. */
export class SessionQueries {
  private readonly dialect: Dialect;
  private readonly selectCandidates: string;
  private readonly selectCredentials: string;
  private readonly selectRows: string;

  constructor(database: DataSource) {
    // By hand, because the query builder writes numbers into the text, and every text is planned anew.
    this.dialect = new Dialect(database);
    const { name, parameter } = this.dialect;
    const [sessions, epochs] = [SessionRow, SessionEpochRow].map((row) => name(database.getMetadata(row).tableName));
    const alive = `
      FROM ${sessions} AS session
      LEFT JOIN ${epochs} AS owner ON owner.id = session."userId"
      WHERE session."userId" = ${parameter(0)}
        AND session."expiresAt" > ${parameter(1)}
        AND session."lastActiveAt" + session."idleMs" > ${parameter(2)}
        AND (owner.id IS NULL OR session.epoch >= owner.epoch OR session.id = owner.spared)`;
    const newestFirst = 'ORDER BY session."openedAt" DESC, session.id';
    this.selectCandidates = `SELECT session.id, session."parentId" ${alive} ${newestFirst}`;
    this.selectCredentials = `SELECT session.* ${alive} AND session.origin = 'provisioned' ${newestFirst}`;
    this.selectRows = `SELECT * FROM ${sessions} WHERE id IN`;
  }

  /** The sessions of a user that are alive at this time, newest first. */
  async ofUser(userId: UserId, now: Date, { number, size }: PageRequest): Promise<Page<SessionRow>> {
    const time = now.getTime();
    const candidates = await this.dialect.select<Descent>(this.selectCandidates, [userId, time, time]);
    const alive = withLivingAncestors(candidates);
    const ids = alive.slice(number * size, (number + 1) * size);
    return { itemsInTotal: alive.length, items: await this.rows(ids) };
  }

  /** The credentials of a service that are alive at this time, newest first; few, since their number is limited. */
  async credentialsOf(userId: UserId, now: Date): Promise<SessionRow[]> {
    const time = now.getTime();
    const written = await this.dialect.select<WrittenRow>(this.selectCredentials, [userId, time, time]);
    return written.map(asSessionRow);
  }

  private async rows(ids: readonly string[]): Promise<SessionRow[]> {
    if (ids.length === 0) return [];
    const select = `${this.selectRows} (${this.dialect.parameters(ids.length)})`;
    const written = await this.dialect.select<WrittenRow>(select, ids);
    const byId = new Map(written.map((row) => [row.id, asSessionRow(row)]));
    return ids.map((id) => byId.get(id)).filter((row) => row !== undefined);
  }
}

/** In the database this would compare every session with every other one. */
function withLivingAncestors(candidates: readonly Descent[]): string[] {
  const parents = new Map(candidates.map(({ id, parentId }) => [id, parentId]));
  const isAlive = (id: string): boolean => {
    const parent = parents.get(id);
    return parent !== undefined && (parent === null || isAlive(parent));
  };
  return candidates.filter(({ id }) => isAlive(id)).map(({ id }) => id);
}

const asSessionRow = (row: WrittenRow): SessionRow => ({
  ...row,
  authenticatedAt: Number(row.authenticatedAt),
  openedAt: Number(row.openedAt),
  lastActiveAt: Number(row.lastActiveAt),
  expiresAt: Number(row.expiresAt),
  idleMs: Number(row.idleMs),
});
