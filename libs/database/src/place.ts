import type { ConnectionOptions } from 'node:tls';

/** A PostgreSQL server, a database on it, and who connects. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Null where the server asks for none. */
  readonly password: string | null;
  readonly database: string;
  /** Null: the connection is not encrypted. */
  readonly tls: Pick<ConnectionOptions, 'ca' | 'rejectUnauthorized'> | null;
}

/** What keeps to itself within one PostgreSQL database; the names are written in back-ups and never change. */
export type Schema = 'authlog_vault' | 'authlog_read_models' | 'authlog_throttling' | 'authlog_leaves';

/** Where a database is: in a SQLite file, or in a schema of a PostgreSQL database. */
export type Place = { readonly file: string } | { readonly server: PostgresServer; readonly schema: Schema };
