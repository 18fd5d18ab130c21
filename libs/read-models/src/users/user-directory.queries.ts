import type { DataSource } from 'typeorm';
import { ACCOUNT_ROLES, type AccountRole } from '#domain/role.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import { Dialect } from '#database/dialect.js';
import { UserRow, type WrittenUserRow, asUserRow } from './user-row.entity.js';

/** What has become of an account. */
export const ACCOUNT_STATUSES = ['active', 'suspended', 'deleted', 'erased'] as const;
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number];

/** Which accounts a list is of. */
export interface UserFilter {
  /** How the user name, the e-mail address, the first or the last name begins, in whatever spelling; null for all. */
  readonly prefix: string | null;
  /** Null for any. */
  readonly role: AccountRole | null;
  /** Null for all but those that were deleted or erased. */
  readonly status: AccountStatus | null;
}

/** Where a list goes on: after the account with this id. */
export interface DirectoryPlace {
  /** The text that it was found by, as it is compared; empty in a list without a prefix. */
  readonly matched: string;
  readonly id: string;
}

/** A part of a list. */
export interface DirectoryPage {
  readonly rows: readonly UserRow[];
  /** Where it goes on; null at its end. */
  readonly next: DirectoryPlace | null;
}

/** What is searched. Each column has an index that begins with status and role, as has the list without a search. */
const SEARCHED = ['usernameKey', 'emailKey', 'assertedEmailKey', 'firstNamesKey', 'lastNameKey'] as const;
const NOT_DELETED: readonly AccountStatus[] = ['active', 'suspended'];
/** No name and no id has this character: it stands after all that begin with something. */
const LAST_CHARACTER = '\u{10ffff}';
/** Who is found in several ways comes up again each time; after so many looks a page stays short. */
const MOST_LOOKS = 8;

/**
 * The administrators' list of accounts, from the `users` read model: the newest first, or in the order of what begins with the
 * prefix. It goes on after a place, so it stays in order while accounts are added. A page is so many steps in each index, however
 * many accounts there are.
 */
export class UserDirectory {
  private readonly dialect: Dialect;
  private readonly table: string;

  constructor(database: DataSource) {
    this.dialect = new Dialect(database);
    this.table = this.dialect.name(database.getMetadata(UserRow).tableName);
  }

  /** At most so many accounts. Fewer do not mean that it is the end. */
  async page(filter: UserFilter, after: DirectoryPlace | null, size: number): Promise<DirectoryPage> {
    const prefix = normaliseIdentifier(filter.prefix ?? '');
    const ranges = rangesOf(filter);
    return prefix === '' ? this.newest(ranges, after, size) : this.found(ranges, prefix, after, size);
  }

  private async newest(ranges: readonly Range[], after: DirectoryPlace | null, size: number): Promise<DirectoryPage> {
    const parts = ranges.map((range) => ({
      text: (status: string, role: string, from: string) =>
        `SELECT id AS listed, '' AS matched FROM ${this.table}
         WHERE status = ${status} AND role = ${role} AND id < ${from}
         ORDER BY id DESC`,
      values: [range.status, range.role, after?.id ?? LAST_CHARACTER],
    }));
    const listed = await this.first(parts, 'listed DESC', size + 1);
    const rows = listed.slice(0, size).map(({ row }) => row);
    const last = rows.at(-1);
    return { rows, next: listed.length > size && last !== undefined ? { matched: '', id: last.id } : null };
  }

  private async found(
    ranges: readonly Range[],
    prefix: string,
    after: DirectoryPlace | null,
    size: number,
  ): Promise<DirectoryPage> {
    const rows: UserRow[] = [];
    let place = after ?? { matched: prefix, id: '' };
    for (let look = 0; look < MOST_LOOKS; look += 1) {
      const matches = await this.matches(ranges, prefix, place, size + 1);
      const seen = new Set<string>();
      for (const { row, matched } of matches) {
        if (rows.length === size) return { rows, next: place };
        if (matched === firstMatch(row, prefix) && !seen.has(row.id)) rows.push(row);
        seen.add(row.id);
        place = { matched, id: row.id };
      }
      if (matches.length <= size) return { rows, next: null };
    }
    return { rows, next: place };
  }

  /** What begins with the prefix in any column, in order; an account once for each column. */
  private async matches(ranges: readonly Range[], prefix: string, { matched, id }: DirectoryPlace, most: number) {
    const { name } = this.dialect;
    const searched = ranges.flatMap((range) => SEARCHED.map((column) => ({ range, key: name(column) })));
    const parts = searched.map(({ range, key }) => ({
      text: (status: string, role: string, text: string, last: string, end: string) =>
        `SELECT id AS listed, ${key} AS matched FROM ${this.table}
         WHERE status = ${status} AND role = ${role} AND (${key}, id) > (${text}, ${last}) AND ${key} < ${end}
         ORDER BY ${key}, id`,
      values: [range.status, range.role, matched, id, prefix + LAST_CHARACTER],
    }));
    return this.first(parts, 'matched, listed', most);
  }

  /** The first rows of all parts together; each part has an index in its own order. */
  private async first(parts: readonly Part[], order: string, most: number) {
    const { parameter } = this.dialect;
    const values: string[] = [];
    // The limit is part of the text: pages come in few sizes, and SQLite plans a statement anew whenever a limit is bound.
    const limited = parts.map((part, index) => {
      const from = values.push(...part.values) - part.values.length;
      const text = part.text(...part.values.map((_, value) => parameter(from + value)));
      return `SELECT * FROM (${text} LIMIT ${most}) AS part${index}`;
    });
    const written = await this.dialect.select<WrittenUserRow & { listed: string; matched: string }>(
      `SELECT account.*, listed, matched
       FROM (${limited.join(' UNION ALL ')} ORDER BY ${order} LIMIT ${most}) AS page
       JOIN ${this.table} AS account ON account.id = listed
       ORDER BY ${order}`,
      values,
    );
    return written.map(({ listed: _, matched, ...row }) => ({ matched, row: asUserRow(row) }));
  }
}

/** The beginning of a list of some accounts. */
interface Part {
  readonly text: (...parameters: string[]) => string;
  readonly values: readonly string[];
}

/** Accounts of one status and role stand together in each index. */
interface Range {
  readonly status: AccountStatus;
  readonly role: AccountRole;
}

function rangesOf({ role, status }: UserFilter): Range[] {
  const statuses = status === null ? NOT_DELETED : [status];
  const roles = role === null ? ACCOUNT_ROLES : [role];
  return statuses.flatMap((each) => roles.map((one) => ({ status: each, role: one })));
}

/** The text by which an account is found before its other ones. */
const firstMatch = (row: UserRow, prefix: string) =>
  SEARCHED.map((column) => row[column])
    .filter((key) => key !== null && key.startsWith(prefix))
    .sort(inOrderOfDatabase)[0];

/** By code point, as UTF-8 is compared by its bytes; JavaScript's own order is another one. */
const inOrderOfDatabase = (one: string | null, other: string | null) =>
  Buffer.compare(Buffer.from(one ?? ''), Buffer.from(other ?? ''));
