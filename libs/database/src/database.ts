import { accessSync, constants } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { DataSource, type DataSourceOptions, type Logger } from 'typeorm';
import { explainSqliteFailure } from './sqlite-failure.js';

/** A database cannot be used; the message says which one it is and what to do. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable';
}

/** What stands in a database, and where it is. */
export interface DatabaseSettings {
  /** The SQLite file. */
  readonly file: string;
  readonly entities: NonNullable<DataSourceOptions['entities']>;
  /** Oldest first; left out by connections that only read. */
  readonly migrations?: readonly NewableMigration[];
  /** `full`: what was committed survives a power cut. `normal`: the newest of it may be lost, never the rest. */
  readonly durability: 'full' | 'normal';
}

type NewableMigration = Extract<NonNullable<DataSourceOptions['migrations']>, readonly unknown[]>[number] & {
  readonly name: string;
};

const BUSY_TIMEOUT_MS = 5_000;
/** Of each connection, and there are several: a larger one was measured to save nothing that the system's cache does not. */
const PAGE_CACHE_KIB = 4_096;
/** What goes wrong is thrown; standard output is for what a person should read. */
const SILENT: Logger = {
  logQuery() {},
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration() {},
  log() {},
};
const MIGRATION_TRIES = 20;
const MIGRATION_PAUSE_MS = 100;

/**
 * Opens a database and brings its tables up to date.
 * @throws DatabaseUnusable
 */
export async function openDatabase({
  file,
  entities,
  migrations = [],
  durability,
}: DatabaseSettings): Promise<DataSource> {
  const database = new DataSource({
    type: 'better-sqlite3',
    database: file,
    entities,
    migrations: [...migrations],
    migrationsTransactionMode: 'all',
    timeout: BUSY_TIMEOUT_MS,
    enableWAL: true,
    logger: SILENT,
    prepareDatabase: (db: Database.Database) => {
      db.pragma(`synchronous = ${durability}`);
      db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    },
  });
  try {
    await database.initialize();
    if (migrations.length > 0) await migrate(database, file, migrations);
    // SQLite opens what it may only read, and fails at the first change.
    accessSync(file, constants.W_OK);
    return database;
  } catch (error) {
    if (database.isInitialized) await database.destroy();
    throw error instanceof DatabaseUnusable
      ? error
      : new DatabaseUnusable(explainSqliteFailure(file, error), { cause: error });
  }
}

async function migrate(database: DataSource, file: string, migrations: readonly NewableMigration[]): Promise<void> {
  // Processes that start at the same moment run into each other here; the slower one finds the work done.
  for (let tries = 1; ; tries += 1) {
    try {
      await database.runMigrations();
      break;
    } catch (error) {
      if (tries === MIGRATION_TRIES) throw error;
      await delay(MIGRATION_PAUSE_MS);
    }
  }
  const known = new Set(migrations.map(({ name }) => name));
  const applied: { name: string }[] = await database.query('SELECT name FROM migrations');
  const unknown = applied.find(({ name }) => !known.has(name));
  if (unknown !== undefined)
    throw new DatabaseUnusable(`${file} was written by a newer authlog (it has ${unknown.name}): upgrade authlog.`);
}
