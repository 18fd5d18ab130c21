import { setTimeout as delay } from 'node:timers/promises';
import { type DataSource, LessThan } from 'typeorm';
import { isDatabaseLost } from '#database/database-lost.js';
import { Dialect } from '#database/dialect.js';
import type { UserId } from '#domain/ids.js';
import { CheckpointRow } from '../checkpoint.js';
import { EDITIONS, tableName } from '../edition.js';
import type { PersonalColumns, Projection } from '../projection.js';

const TRIES = 100;
const PAUSE_MS = 50;

/**
 * Removes what all tables have of a person, also those that nobody follows the log for: the ones that a rebuild has replaced, those
 * of earlier versions, and those in which an event is parked. What is read keeps its row, without what was personal in it.
 * @param database a connection of its own: the projector's has a transaction open at any time
 * @returns the tables that were looked at
 */
export async function clearSubject(
  database: DataSource,
  projections: readonly Projection[],
  userId: UserId,
): Promise<string[]> {
  const clearing = new Clearing(database, userId);
  const looked: string[] = [];
  for (const projection of projections) {
    for (const personal of projection.personal ?? [])
      for (const edition of EDITIONS)
        looked.push(...(await clearing.blank(tableName(database.getMetadata(personal.table), edition), personal)));
    for (const table of await tablesOfEarlier(database, projection))
      for (const edition of EDITIONS) looked.push(...(await clearing.remove(tableName({ tableName: table }, edition))));
  }
  return looked;
}

async function tablesOfEarlier(database: DataSource, { name: projection, version }: Projection): Promise<string[]> {
  const rows = await database.manager.findBy(CheckpointRow, {
    projection,
    version: LessThan(version),
    edition: 'live',
  });
  return rows.flatMap(({ tables }) => tables.split(' '));
}

class Clearing {
  private readonly dialect: Dialect;

  constructor(
    private readonly database: DataSource,
    private readonly userId: UserId,
  ) {
    this.dialect = new Dialect(database);
  }

  async blank(table: string, { subject, columns }: PersonalColumns): Promise<string[]> {
    if ((await this.columnsOf(table)).length === 0) return [];
    const { name, parameter } = this.dialect;
    const sets = columns.map((column) => `${name(column)} = NULL`).join(', ');
    const isThere = columns.map((column) => `${name(column)} IS NOT NULL`).join(' OR ');
    await this.write(`UPDATE ${name(table)} SET ${sets} WHERE ${name(subject)} = ${parameter(0)} AND (${isThere})`);
    return [table];
  }

  /** Which columns were personal then, this version does not know. */
  async remove(table: string): Promise<string[]> {
    const columns = await this.columnsOf(table);
    if (columns.length === 0) return [];
    const { name, parameter } = this.dialect;
    const subject = columns.includes('userId') ? 'userId' : 'id';
    await this.write(`DELETE FROM ${name(table)} WHERE ${name(subject)} = ${parameter(0)}`);
    return [table];
  }

  /** None for a table that is not there. */
  private async columnsOf(table: string): Promise<string[]> {
    const { isEmbedded, parameter } = this.dialect;
    const columns = await this.dialect.select<{ name: string }>(
      isEmbedded
        ? `SELECT name FROM pragma_table_info(${parameter(0)})`
        : `SELECT column_name AS name FROM information_schema.columns
           WHERE table_schema = current_schema() AND table_name = ${parameter(0)}`,
      [table],
    );
    return columns.map(({ name }) => name);
  }

  /** SQLite takes one writer at a time, and waiting inside of it would keep this process from being the one that ends. */
  private async write(statement: string): Promise<void> {
    if (this.dialect.isEmbedded) await this.database.query('PRAGMA busy_timeout = 0');
    for (let tries = 1; ; tries += 1)
      try {
        await this.database.query(statement, [this.userId]);
        return;
      } catch (error) {
        if (!isDatabaseLost(error) || tries === TRIES) throw error;
        await delay(PAUSE_MS);
      }
  }
}
