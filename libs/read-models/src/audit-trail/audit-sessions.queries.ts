import type { DataSource } from 'typeorm';
import { Dialect } from '#database/dialect.js';
import type { AddressRange } from './address-range.js';
import { AuditSessionRow } from './audit-rows.entity.js';

/** Which sessions are asked for; null for any. Times are those of the record. */
export interface SessionFilter {
  readonly userId: string | null;
  /** What let them in: an identity provider's entity id, or a login service. */
  readonly provider: string | null;
  /** The login service, whoever vouched for them. */
  readonly service: string | null;
  readonly addresses: AddressRange | null;
  /** Opened at this time or later, */
  readonly openedFrom: Date | null;
  /** and no later than this one. */
  readonly openedTo: Date | null;
  /** May have been alive then: whether it was, its stream and its owner's say. */
  readonly aliveAt: Date | null;
}

type WrittenSession = Omit<AuditSessionRow, 'openedAt' | 'expiresAt' | 'endedAt'> & {
  readonly openedAt: number | string;
  readonly expiresAt: number | string;
  readonly endedAt: number | string | null;
};

/** Asks the `audit-trail` read model for sessions, whatever became of them. */
export class AuditSessionQueries {
  private readonly dialect: Dialect;
  private readonly table: string;

  constructor(database: DataSource) {
    this.dialect = new Dialect(database);
    this.table = this.dialect.name(database.getMetadata(AuditSessionRow).tableName);
  }

  /**
   * The newest first, at most so many.
   * @param before the place of an opening; all of a page are of earlier ones
   */
  async page(filter: SessionFilter, before: string | null, size: number): Promise<AuditSessionRow[]> {
    const { where, values } = this.where(filter, before);
    const written = await this.dialect.select<WrittenSession>(
      `SELECT * FROM ${this.table} ${where} ORDER BY opened DESC LIMIT ${size}`,
      values,
    );
    return written.map(asRow);
  }

  async count(filter: SessionFilter): Promise<number> {
    const { where, values } = this.where(filter, null);
    const [counted] = await this.dialect.select<{ readonly sessions: number | string }>(
      `SELECT count(*) AS sessions FROM ${this.table} ${where}`,
      values,
    );
    return Number(counted?.sessions ?? 0);
  }

  private where({ aliveAt, addresses, ...filter }: SessionFilter, before: string | null) {
    const { name, parameter } = this.dialect;
    const values: (string | number)[] = [];
    const tests: string[] = [];
    const value = (given: string | number) => parameter(values.push(given) - 1);
    const test = (column: keyof AuditSessionRow, is: string, given: string | number | undefined | null) => {
      if (given !== null && given !== undefined) tests.push(`${name(column)} ${is} ${value(given)}`);
    };
    test('userId', '=', filter.userId);
    test('provider', '=', filter.provider);
    test('service', '=', filter.service);
    test('addressKey', '>=', addresses?.first);
    test('addressKey', '<=', addresses?.last);
    test('openedAt', '>=', filter.openedFrom?.getTime());
    test('openedAt', '<=', filter.openedTo?.getTime());
    test('opened', '<', before);
    if (aliveAt !== null) {
      const time = aliveAt.getTime();
      test('openedAt', '<=', time);
      test('expiresAt', '>', time);
      tests.push(`(${name('endedAt')} IS NULL OR ${name('endedAt')} > ${value(time)})`);
    }
    return { where: tests.length === 0 ? '' : `WHERE ${tests.join(' AND ')}`, values };
  }
}

const asRow = (row: WrittenSession): AuditSessionRow => ({
  ...row,
  openedAt: Number(row.openedAt),
  expiresAt: Number(row.expiresAt),
  endedAt: row.endedAt === null ? null : Number(row.endedAt),
});
