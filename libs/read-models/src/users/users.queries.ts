import type { DataSource, Repository } from 'typeorm';
import type { UserId } from '#domain/ids.js';
import { UserRow } from './user-row.entity.js';

/** Asks the `users` read model. */
export class UserQueries {
  private readonly rows: Repository<UserRow>;

  constructor(database: DataSource) {
    this.rows = database.getRepository(UserRow);
  }

  async byId(id: UserId): Promise<UserRow | null> {
    return this.rows.findOneBy({ id });
  }
}
