import { accessSync, constants } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { type DatabaseSettings, SILENT } from './database-settings.js';

const BUSY_TIMEOUT_MS = 5_000;
/** Of each connection, and there are several: a larger one was measured to save nothing that the system's cache does not. */
const PAGE_CACHE_KIB = 4_096;
const MIGRATION_TRIES = 20;
const MIGRATION_PAUSE_MS = 100;

/** Opens a SQLite file and brings its tables up to date. */
export async function openSqlite(
  file: string,
  { entities, migrations = [], durability }: DatabaseSettings,
): Promise<DataSource> {
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
      // What is deleted is overwritten, not only forgotten: names that were erased, keys that were destroyed.
      db.pragma('secure_delete = ON');
      db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    },
  });
  try {
    await database.initialize();
    if (migrations.length > 0) await migrate(database);
    // SQLite opens what it may only read, and fails at the first change.
    accessSync(file, constants.W_OK);
    return database;
  } catch (error) {
    if (database.isInitialized) await database.destroy();
    throw error;
  }
}

async function migrate(database: DataSource): Promise<void> {
  // Processes that start at the same moment run into each other here; the slower one finds the work done.
  for (let tries = 1; ; tries += 1) {
    try {
      await database.runMigrations();
      return;
    } catch (error) {
      if (tries === MIGRATION_TRIES) throw error;
      await delay(MIGRATION_PAUSE_MS);
    }
  }
}
