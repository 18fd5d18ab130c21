import type { DataSource, SelectQueryBuilder } from 'typeorm';
import type { UserId } from '#domain/ids.js';
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

/** Asks the `sessions` read model. */
export class SessionQueries {
  constructor(private readonly database: DataSource) {}

  /** The sessions of a user that are alive at this time, newest first. */
  async ofUser(userId: UserId, now: Date, { number, size }: PageRequest): Promise<Page<SessionRow>> {
    const alive = this.aliveOfUser(userId, now);
    const items = await alive
      .clone()
      .orderBy('session.openedAt', 'DESC')
      .addOrderBy('session.id', 'ASC')
      .limit(size)
      .offset(number * size)
      .getMany();
    const isWhole = number === 0 && items.length < size;
    return { items, itemsInTotal: isWhole ? items.length : await alive.getCount() };
  }

  private aliveOfUser(userId: UserId, now: Date): SelectQueryBuilder<SessionRow> {
    const unexpired = (row: string) => `${row}.expiresAt > :now AND ${row}.lastActiveAt + ${row}.idleMs > :now`;
    const sessions = this.database.getRepository(SessionRow).createQueryBuilder('session');
    const livingAncestors = sessions
      .subQuery()
      .select('count(*)')
      .from(SessionRow, 'above')
      .where(`above.userId = session.userId AND session.lineage LIKE '%/' || above.id || '/%'`)
      .andWhere(unexpired('above'));
    return sessions
      .leftJoin(SessionEpochRow, 'owner', 'owner.id = session.userId')
      .where('session.userId = :userId', { userId })
      .andWhere(unexpired('session'), { now: now.getTime() })
      .andWhere('(owner.id IS NULL OR session.epoch >= owner.epoch OR session.id = owner.spared)')
      .andWhere(`(session.depth = 0 OR session.depth = ${livingAncestors.getQuery()})`);
  }
}
