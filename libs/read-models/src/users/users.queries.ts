import { type DataSource, In, MoreThan, type Repository } from 'typeorm';
import type { UserId } from '#domain/ids.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import { UserRow } from './user-row.entity.js';

/** SQLite takes so many values in one statement at least. */
const NAMES_AT_ONCE = 500;

/** Asks the `users` read model. */
export class UserQueries {
  private readonly rows: Repository<UserRow>;

  constructor(database: DataSource) {
    this.rows = database.getRepository(UserRow);
  }

  async byId(id: UserId): Promise<UserRow | null> {
    return this.rows.findOneBy({ id });
  }

  /** In whatever spelling: case and width do not count. */
  async byUsername(username: string): Promise<UserRow | null> {
    return this.rows.findOneBy({ usernameKey: normaliseIdentifier(username) });
  }

  async byEmail(email: string): Promise<UserRow | null> {
    return this.rows.findOneBy({ emailKey: normaliseIdentifier(email) });
  }

  /** The accounts with these names, by the name as it was asked for. */
  async byUsernames(usernames: readonly string[]): Promise<ReadonlyMap<string, UserRow>> {
    const keys = [...new Set(usernames.map(normaliseIdentifier))];
    const rows = new Map<string, UserRow>();
    for (let from = 0; from < keys.length; from += NAMES_AT_ONCE) {
      const found = await this.rows.findBy({ usernameKey: In(keys.slice(from, from + NAMES_AT_ONCE)) });
      for (const row of found) if (row.usernameKey !== null) rows.set(row.usernameKey, row);
    }
    return new Map(
      usernames.flatMap((username) => {
        const row = rows.get(normaliseIdentifier(username));
        return row === undefined ? [] : [[username, row] as const];
      }),
    );
  }

  /** The accounts after this one in the order of their ids, which is the order in which they were made. */
  async after(id: UserId | null, most: number): Promise<UserRow[]> {
    return this.rows.find({ where: id === null ? {} : { id: MoreThan(id) }, order: { id: 'ASC' }, take: most });
  }
}
