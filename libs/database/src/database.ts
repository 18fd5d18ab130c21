import type { DataSource } from 'typeorm';
import type { DatabaseSettings, NewableMigration } from './database-settings.js';
import type { Place } from './place.js';
import { openPostgres } from './postgres-database.js';
import { explainPostgresFailure } from './postgres-failure.js';
import { openSqlite } from './sqlite-database.js';
import { explainSqliteFailure } from './sqlite-failure.js';

/** A database cannot be used; the message says which one it is and what to do. */
export class DatabaseUnusable extends Error {
  override readonly name = 'DatabaseUnusable';
}

/**
 * Opens a database and brings its tables up to date.
 * @throws DatabaseUnusable
 */
export async function openDatabase(settings: DatabaseSettings): Promise<DataSource> {
  const { place, migrations } = settings;
  let database: DataSource | undefined;
  try {
    database = 'file' in place ? await openSqlite(place.file, settings) : await openPostgres(place, settings);
    if (migrations !== undefined) await refuseNewer(database, place, migrations);
    return database;
  } catch (error) {
    await database?.destroy();
    throw error instanceof DatabaseUnusable ? error : new DatabaseUnusable(explain(place, error), { cause: error });
  }
}

async function refuseNewer(database: DataSource, place: Place, migrations: readonly NewableMigration[]): Promise<void> {
  const known = new Set(migrations.map(({ name }) => name));
  const applied: { name: string }[] = await database.query('SELECT name FROM migrations');
  const unknown = applied.find(({ name }) => !known.has(name));
  if (unknown !== undefined)
    throw new DatabaseUnusable(
      `${nameOf(place)} was written by a newer authlog (it has ${unknown.name}): upgrade authlog.`,
    );
}

/** What people call it. */
export const nameOf = (place: Place) =>
  'file' in place ? place.file : `the schema ${place.schema} in AUTHLOG_DATABASE`;

const explain = (place: Place, error: unknown) =>
  'file' in place ? explainSqliteFailure(place.file, error) : explainPostgresFailure(place.server, place.schema, error);
