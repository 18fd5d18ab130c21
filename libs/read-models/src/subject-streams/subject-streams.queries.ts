import type { DataSource } from 'typeorm';
import { Dialect } from '#database/dialect.js';
import type { StreamName, UserId } from '#domain/ids.js';
import { SubjectStreamRow } from './subject-stream-row.entity.js';

/** Asks the `subject-streams` read model: the streams in which something is about the account, in the order of their names. */
export async function streamsAbout(database: DataSource, userId: UserId): Promise<StreamName[]> {
  const dialect = new Dialect(database);
  const table = dialect.name(database.getMetadata(SubjectStreamRow).tableName);
  const found = await dialect.select<{ stream: StreamName }>(
    `SELECT stream FROM ${table} WHERE "userId" = ${dialect.parameter(0)} ORDER BY stream`,
    [userId],
  );
  return found.map(({ stream }) => stream);
}
