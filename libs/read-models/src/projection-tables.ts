import { randomBytes } from 'node:crypto';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import { Dialect } from '#database/dialect.js';
import { LOCK_CLASS } from '#database/postgres-database.js';
import { type InTurn, inTransaction } from '#database/transaction.js';
import { EDITIONS, type Edition, tableName } from './edition.js';
import type { Projection } from './projection.js';

/** SQLite frees what a table has before it is gone, and nobody else has a turn meanwhile. */
const ROWS_PER_TURN = 500;
const CREATION_TRIES = 20;
const CREATION_PAUSE_MS = 100;

/**
 * The tables of projections are made from their entities, not by migrations: another version has tables of its own beside them,
 * and a rebuild makes the same ones again.
 */
export class ProjectionTables {
  private readonly dialect: Dialect;

  constructor(private readonly database: DataSource) {
    this.dialect = new Dialect(database);
  }

  /** Makes the live tables that are missing. */
  async createMissing(projections: readonly Projection[]): Promise<void> {
    for (let tries = 1; ; tries += 1)
      try {
        return await this.tryToCreateMissing(projections);
      } catch (error) {
        // Processes that start at the same moment run into each other in a file; the slower one finds the work done.
        if (!this.dialect.isEmbedded || tries === CREATION_TRIES) throw error;
        await delay(CREATION_PAUSE_MS);
      }
  }

  private async tryToCreateMissing(projections: readonly Projection[]): Promise<void> {
    await inTransaction(this.database, async (runner) => {
      // On a server they wait for each other.
      if (!this.dialect.isEmbedded)
        await runner.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCK_CLASS, 'read model tables']);
      for (const projection of projections) {
        if (await this.exist(runner, projection, 'live')) continue;
        await this.create(runner, projection, 'live');
        await this.index(runner, projection, 'live');
      }
    });
  }

  async exist(runner: QueryRunner, projection: Projection, edition: Edition): Promise<boolean> {
    const [first] = this.metadataOf(projection);
    return first !== undefined && runner.hasTable(tableName(first, edition));
  }

  /** With no index but that of the key: rows are inserted faster without. */
  async create(runner: QueryRunner, projection: Projection, edition: Edition): Promise<void> {
    const { name, isEmbedded } = this.dialect;
    for (const metadata of this.metadataOf(projection)) {
      const columns = metadata.columns.map((column) => {
        const type = this.database.driver.normalizeType(column);
        // PostgreSQL would compare by the language of the database, in which places in lists would be others than our own
        // comparisons have, and an index could not find what begins with something.
        const collation = type === 'text' && !isEmbedded ? ' COLLATE "C"' : '';
        return `${name(column.databaseName)} ${type}${collation}${column.isNullable ? '' : ' NOT NULL'}`;
      });
      await runner.query(
        `CREATE TABLE ${name(tableName(metadata, edition))} (${columns.join(', ')}, PRIMARY KEY (${name('id')}))`,
      );
    }
  }

  async index(runner: QueryRunner, projection: Projection, edition: Edition): Promise<void> {
    const { name } = this.dialect;
    for (const metadata of this.metadataOf(projection))
      for (const index of metadata.indices) {
        // Those of all editions have different names, and keep them.
        const indexName = `${index.name}_${randomBytes(4).toString('hex')}`;
        const columns = index.columns.map(({ databaseName }) => name(databaseName));
        const rows = index.where === undefined ? '' : ` WHERE ${index.where}`;
        await runner.query(
          `CREATE INDEX ${name(indexName)} ON ${name(tableName(metadata, edition))} (${columns.join(', ')})${rows}`,
        );
      }
  }

  async empty(runner: QueryRunner, projection: Projection, edition: Edition): Promise<void> {
    for (const metadata of this.metadataOf(projection))
      await runner.query(`DELETE FROM ${this.dialect.name(tableName(metadata, edition))}`);
  }

  async rename(runner: QueryRunner, projection: Projection, from: Edition, to: Edition): Promise<void> {
    const { name } = this.dialect;
    for (const metadata of this.metadataOf(projection))
      await runner.query(`ALTER TABLE ${name(tableName(metadata, from))} RENAME TO ${name(tableName(metadata, to))}`);
  }

  /**
   * Waits until nobody reads them, for a moment only: who comes meanwhile has to wait, too.
   * @throws what says that the database is lost when somebody reads for longer
   */
  async lockLive(runner: QueryRunner, projection: Projection): Promise<void> {
    if (this.dialect.isEmbedded) return;
    const names = this.metadataOf(projection).map((metadata) => this.dialect.name(tableName(metadata, 'live')));
    await runner.query(`SET LOCAL lock_timeout = '200ms'`);
    await runner.query(`LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`);
  }

  /**
   * What is left when the signal comes is dropped another time.
   * @param inTurn does one step after the other; others have their turn between them
   */
  async drop(projection: Projection, edition: Edition, inTurn: InTurn, signal: AbortSignal): Promise<void> {
    for (const table of this.namesOf(projection, edition)) await this.dropTable(table, inTurn, signal);
  }

  /** Drops every edition of tables that no projection has any more, by their names. */
  async dropAll(names: readonly string[], inTurn: InTurn, signal: AbortSignal): Promise<void> {
    for (const name of names)
      for (const edition of EDITIONS) await this.dropTable(tableName({ tableName: name }, edition), inTurn, signal);
  }

  namesOf(projection: Projection, edition: Edition): string[] {
    return this.metadataOf(projection).map((metadata) => tableName(metadata, edition));
  }

  private async dropTable(table: string, inTurn: InTurn, signal: AbortSignal): Promise<void> {
    if (this.dialect.isEmbedded)
      while (!signal.aborted && (await inTurn(() => this.removeSome(table)))) await nextTurn();
    if (!signal.aborted) await inTurn(() => this.database.query(`DROP TABLE IF EXISTS ${this.dialect.name(table)}`));
  }

  /** Whether there was something to remove. */
  private async removeSome(table: string): Promise<boolean> {
    const { name, parameter } = this.dialect;
    const known = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ${parameter(0)}`;
    if ((await this.dialect.select(known, [table])).length === 0) return false;
    await this.database.query(
      `DELETE FROM ${name(table)} WHERE rowid IN (SELECT rowid FROM ${name(table)} LIMIT ${ROWS_PER_TURN})`,
    );
    return (await this.dialect.select(`SELECT 1 FROM ${name(table)} LIMIT 1`, [])).length > 0;
  }

  private metadataOf({ tables }: Projection): EntityMetadata[] {
    return tables.map((table) => this.database.getMetadata(table));
  }
}
