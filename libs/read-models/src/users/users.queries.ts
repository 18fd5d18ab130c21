import type { DataSource } from 'typeorm';
import type { UserId } from '#domain/ids.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import { Dialect } from '#database/dialect.js';
import { UserRow } from './user-row.entity.js';

const COLUMNS = [
  'id',
  'username',
  'kind',
  'role',
  'email',
  'assertedEmail',
  'firstNames',
  'lastName',
  'organizationId',
  'subject',
  'secondFactor',
  'acceptedAgreement',
] as const satisfies readonly (keyof UserRow)[];

const THERE = `status NOT IN ('deleted', 'erased')`;

/** What others see of an account. */
export type FoundUser = Pick<UserRow, (typeof COLUMNS)[number]>;

/** The address that mails to its owner go to. */
export const shownEmail = ({ email, assertedEmail }: Pick<UserRow, 'email' | 'assertedEmail'>): string | null =>
  email ?? assertedEmail;

/** Who has a name. */
export type NamedUser = Pick<UserRow, 'id' | 'username' | 'role'>;

/** As many names as one statement asks for; it is filled up, so that its text is one of these. */
const NAMES_AT_ONCE = [10, 100, 1_000];
const MOST_NAMES = 1_000;

/** Asks the `users` read model for accounts that were neither deleted nor erased. */
export class UserQueries {
  private readonly dialect: Dialect;
  private readonly table: string;
  private readonly select: string;

  constructor(database: DataSource) {
    // By hand, because the query builder writes numbers into the text, and every text is planned anew; hydrating a row takes
    // longer than reading it.
    this.dialect = new Dialect(database);
    const columns = COLUMNS.map((column) => this.dialect.name(column));
    this.table = this.dialect.name(database.getMetadata(UserRow).tableName);
    this.select = `SELECT ${columns.join(', ')} FROM ${this.table} WHERE ${THERE}`;
  }

  async byId(id: UserId): Promise<FoundUser | null> {
    return this.one('id', id);
  }

  /** In whatever spelling: case and width do not count. */
  async byUsername(username: string): Promise<FoundUser | null> {
    return this.one('usernameKey', normaliseIdentifier(username));
  }

  /** By an address that somebody has alone: what an identity provider says of somebody finds nobody. */
  async byEmail(email: string): Promise<FoundUser | null> {
    return this.one('emailKey', normaliseIdentifier(email));
  }

  /** The accounts with these names, by the name as it was asked for. */
  async byUsernames(usernames: readonly string[]): Promise<ReadonlyMap<string, NamedUser>> {
    const keys = new Map(usernames.map((username) => [username, normaliseIdentifier(username)]));
    const rows = await this.byKeys([...new Set(keys.values())]);
    const found = new Map<string, NamedUser>();
    for (const [username, key] of keys) {
      const row = rows.get(key);
      if (row !== undefined) found.set(username, row);
    }
    return found;
  }

  /** The accounts after this one in the order of their ids, which is about the order in which they were made. */
  async after(id: UserId | null, most: number): Promise<FoundUser[]> {
    const statement = `${this.select} AND id > ${this.dialect.parameter(0)} ORDER BY id LIMIT ${most}`;
    return this.dialect.select(statement, [id ?? '']);
  }

  private async one(column: 'id' | 'usernameKey' | 'emailKey', value: string): Promise<FoundUser | null> {
    const { name, parameter } = this.dialect;
    const statement = `${this.select} AND ${name(column)} = ${parameter(0)}`;
    const [row] = await this.dialect.select<FoundUser>(statement, [value]);
    return row ?? null;
  }

  private async byKeys(keys: readonly string[]): Promise<ReadonlyMap<string, NamedUser>> {
    const rows = new Map<string, NamedUser>();
    for (let from = 0; from < keys.length; from += MOST_NAMES) {
      const asked = filledUp(keys.slice(from, from + MOST_NAMES));
      const found = await this.dialect.select<NamedUser & { key: string }>(
        `SELECT id, username, role, "usernameKey" AS key FROM ${this.table}
         WHERE ${THERE} AND "usernameKey" IN (${this.dialect.parameters(asked.length)})`,
        asked,
      );
      for (const { key, ...row } of found) rows.set(key, row);
    }
    return rows;
  }
}

function filledUp(keys: readonly string[]): string[] {
  const size = NAMES_AT_ONCE.find((count) => count >= keys.length) ?? MOST_NAMES;
  const last = keys.at(-1) ?? '';
  return [...keys, ...Array.from({ length: size - keys.length }, () => last)];
}
