import { Socket } from 'node:net';
import type { ClientConfig, PoolConfig } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { type DatabaseSettings, FOR_QUERIES, type PoolLimits, SILENT } from './database-settings.js';
import type { PostgresServer, Schema } from './place.js';

interface PostgresPlace {
  readonly server: PostgresServer;
  readonly schema: Schema;
}

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** Of advisory locks: what else locks in this database has other numbers. */
export const LOCK_CLASS = 0x61_75_74_68;
const APPLICATION = 'authlog';
/** A transaction of ours waits for nothing but the database. */
const IDLE_IN_TRANSACTION_MS = 10_000;
const LOCK_MS = 5_000;
const IDLE_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;
/** What the network takes on top of a statement; after that nobody is there any more. */
const SILENCE_MS = 5_000;
/** One process brings the tables up to date, and the others wait for it. */
const MIGRATION: PoolLimits = { connections: 1, connectMs: 10_000, statementMs: 0 };
const MIGRATION_LOCK_MS = 120_000;

/** Opens a schema of a PostgreSQL database, makes it if it is missing, and brings its tables up to date. */
export async function openPostgres(place: PostgresPlace, settings: DatabaseSettings): Promise<DataSource> {
  if (settings.migrations !== undefined) await migrate(place, settings);
  const { entities, pool = FOR_QUERIES } = settings;
  return new DataSource({
    ...connectionOptions(place, pool, {
      // Said, because the server may have another default.
      synchronous_commit: settings.durability === 'full' ? 'on' : 'off',
      lock_timeout: String(LOCK_MS),
    }),
    entities,
  }).initialize();
}

/** @param session what the server is told of each connection */
function connectionOptions(
  { server, schema }: PostgresPlace,
  limits: PoolLimits,
  session: Readonly<Record<string, string>>,
): PostgresOptions {
  const { host, port, user, password, database, tls } = server;
  return {
    type: 'postgres',
    host,
    port,
    username: user,
    password: password ?? '',
    database,
    ssl: tls ?? false,
    schema,
    poolSize: limits.connections,
    connectTimeoutMS: limits.connectMs,
    applicationName: APPLICATION,
    // An idle connection was lost: the next statement makes another one, or says that it cannot.
    poolErrorHandler() {},
    installExtensions: false,
    migrationsTransactionMode: 'all',
    logger: SILENT,
    extra: {
      idleTimeoutMillis: IDLE_MS,
      ...sessionConfig(schema, limits.statementMs, session),
    } satisfies PoolConfig,
  };
}

/** A connection that is in no pool. */
export const clientConfig = (
  { server, schema }: PostgresPlace,
  { connectMs, statementMs }: Omit<PoolLimits, 'connections'>,
  session: Readonly<Record<string, string>>,
): ClientConfig => ({
  host: server.host,
  port: server.port,
  user: server.user,
  password: server.password ?? '',
  database: server.database,
  ssl: server.tls ?? false,
  application_name: APPLICATION,
  connectionTimeoutMillis: connectMs,
  ...sessionConfig(schema, statementMs, session),
});

/** @param statementMs 0 for no limit */
const sessionConfig = (
  schema: Schema,
  statementMs: number,
  session: Readonly<Record<string, string>>,
): ClientConfig => ({
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  stream: () => socketThatGivesUp(statementMs),
  options: Object.entries({
    search_path: schema,
    statement_timeout: String(statementMs),
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_MS),
    ...session,
  })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' '),
});

/** Where the network swallows what is sent, the system would wait for a quarter of an hour. */
function socketThatGivesUp(statementMs: number): Socket {
  const socket = new Socket();
  if (statementMs > 0)
    socket.setTimeout(statementMs + SILENCE_MS, () =>
      socket.destroy(Object.assign(new Error('the database does not answer'), { code: 'ETIMEDOUT' })),
    );
  return socket;
}

async function migrate(place: PostgresPlace, { entities, migrations = [] }: DatabaseSettings): Promise<void> {
  const session = { lock_timeout: String(MIGRATION_LOCK_MS), synchronous_commit: 'on' };
  const database = new DataSource({
    ...connectionOptions(place, MIGRATION, session),
    entities,
    migrations: [...migrations],
  });
  await database.initialize();
  try {
    // Held until the one connection of this pool ends.
    await database.query('SELECT pg_advisory_lock($1, hashtext($2))', [LOCK_CLASS, `migrate ${place.schema}`]);
    const known: unknown[] = await database.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [place.schema]);
    if (known.length === 0) await database.query(`CREATE SCHEMA ${place.schema}`);
    await database.runMigrations();
  } finally {
    await database.destroy();
  }
}
