import type { DataSourceOptions, Logger } from 'typeorm';
import type { Place } from './place.js';

/** What stands in a database, where it is, and how it is used. */
export interface DatabaseSettings {
  readonly place: Place;
  readonly entities: NonNullable<DataSourceOptions['entities']>;
  /** Oldest first; left out by connections that only read. */
  readonly migrations?: readonly NewableMigration[];
  /** `full`: what was committed survives a power cut. `normal`: the newest of it may be lost, never the rest. */
  readonly durability: 'full' | 'normal';
  /** Of PostgreSQL; a SQLite file has one connection, which waits for nobody for long. */
  readonly pool?: PoolLimits;
}

/** What is asked of a PostgreSQL server at most. */
export interface PoolLimits {
  /** At the same time. */
  readonly connections: number;
  /** Until there is a connection, new or free again. */
  readonly connectMs: number;
  /** For one statement. */
  readonly statementMs: number;
}

/** A person waits for the answer. */
export const FOR_QUERIES: PoolLimits = { connections: 10, connectMs: 5_000, statementMs: 10_000 };

export type NewableMigration = Extract<NonNullable<DataSourceOptions['migrations']>, readonly unknown[]>[number] & {
  readonly name: string;
};

/** What goes wrong is thrown; standard output is for what a person should read. */
export const SILENT: Logger = {
  logQuery() {},
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration() {},
  log() {},
};
