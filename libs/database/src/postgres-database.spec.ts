import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatabaseUnusable, openDatabase } from './database.js';
import type { PostgresServer } from './place.js';
import { isPostgresLost } from './postgres-failure.js';
import { TestDatabase } from './testing/test-database.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await TestDatabase.create();
});
afterEach(() => database.remove());

const open = (server: Partial<PostgresServer> = {}, durability: 'full' | 'normal' = 'full') =>
  openDatabase({
    place: { server: { ...database.server, ...server }, schema: 'authlog_vault' },
    entities: [],
    migrations: [],
    durability,
    pool: { connections: 2, connectMs: 2_000, statementMs: 500 },
  });

/** What is said when it cannot be opened. */
async function refusal(server: Partial<PostgresServer> = {}): Promise<string> {
  try {
    await (await open(server)).destroy();
    return 'opened';
  } catch (error) {
    expect(error).toBeInstanceOf(DatabaseUnusable);
    const { message } = error as Error;
    expect(message).not.toMatch(new RegExp(`\n|${database.server.password ?? ''}|wrong secret`));
    return message;
  }
}

describe('a PostgreSQL database', () => {
  let opened: DataSource | undefined;
  afterEach(async () => {
    await opened?.destroy();
    opened = undefined;
  });

  it('is asked in a schema of its own, for a limited time, and commits as it was told to', async () => {
    const settings = async (source: DataSource) => {
      const rows: { name: string; setting: string }[] = await source.query(
        `SELECT name, setting FROM pg_settings WHERE name IN ('search_path', 'statement_timeout', 'lock_timeout',
           'idle_in_transaction_session_timeout', 'synchronous_commit', 'application_name')`,
      );
      return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    };
    await database.queryAsSuperuser(
      `ALTER ROLE ${database.server.user} IN DATABASE ${database.server.database} SET synchronous_commit = off`,
    );
    opened = await open();
    expect(await settings(opened)).toEqual({
      application_name: 'authlog',
      idle_in_transaction_session_timeout: '10000',
      lock_timeout: '5000',
      search_path: 'authlog_vault',
      statement_timeout: '500',
      synchronous_commit: 'on',
    });
    const normal = await open({}, 'normal');
    expect(await settings(normal)).toMatchObject({ synchronous_commit: 'off' });
    await normal.destroy();
  });

  it('outlives the loss of every connection, and says that it was lost', async () => {
    opened = await open();
    const lost = opened.query('SELECT pg_sleep(10)');
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()`;
    await Promise.all([expect(lost).rejects.toSatisfy(isPostgresLost), database.queryAsSuperuser(kill)]);
    // An idle connection may look alive until the end of it has arrived.
    const ask = () => opened?.query('SELECT 1 AS one').catch((error: unknown) => isPostgresLost(error));
    await vi.waitUntil(async () => (await ask()) !== true);
    expect(await ask()).toEqual([{ one: 1 }]);
  });

  it('is not waited for when it takes too long', async () => {
    opened = await open();
    await expect(opened.query('SELECT pg_sleep(10)')).rejects.toSatisfy(isPostgresLost);
    await expect(opened.query('SELECT nonsense')).rejects.not.toSatisfy(isPostgresLost);
  });

  it('says in one line why it cannot be opened', async () => {
    const { host, port, user, database: name } = database.server;
    const server = `the PostgreSQL server at ${host}:${port}`;
    expect(await refusal({ password: 'wrong secret' })).toBe(
      `${server} refuses the password of ${user}: correct AUTHLOG_DATABASE.`,
    );
    expect(await refusal({ database: 'nowhere' })).toBe(
      `${server} has no database nowhere: create it, or correct AUTHLOG_DATABASE.`,
    );
    expect(await refusal({ port: 1 })).toMatch(/at 127\.0\.0\.1:1 cannot be reached \(.*ECONNREFUSED.*\): start it/);
    expect(await refusal({ host: 'nowhere.invalid' })).toMatch(/at nowhere\.invalid:\d+ cannot be reached/);
    await database.queryAsSuperuser(`ALTER DATABASE ${name} OWNER TO postgres`);
    expect(await refusal()).toContain(`${user} may not do in the database ${name} what is needed (permission denied`);
  });

  it('is used over TLS where its certificate is known and names it, and else not at all (SEC-149)', async () => {
    const rejectUnauthorized = true;
    const ca = database.certificate;
    opened = await open({ tls: { rejectUnauthorized, ca } });
    const isSecure = 'SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    expect(await opened.query(isSecure)).toEqual([{ ssl: true, version: 'TLSv1.3' }]);
    expect(await refusal({ tls: { rejectUnauthorized } })).toMatch(
      /cannot be made secure \(self-signed certificate\): name the certificate of who signed that .* sslrootcert=FILE/,
    );
    expect(await refusal({ host: 'localhost', tls: { rejectUnauthorized, ca } })).toMatch(
      /cannot be made secure \(Hostname\/IP does not match certificate's altnames.*and the host as the certificate has it/,
    );
  });

  it('needs no right but to its schema where somebody else has made it', async () => {
    const { user, database: name } = database.server;
    await database.queryAsSuperuser(`ALTER DATABASE ${name} OWNER TO postgres`);
    await database.queryAsSuperuser(`CREATE SCHEMA authlog_vault AUTHORIZATION ${user}`);
    expect(await refusal()).toBe('opened');
  });

  it('is refused when a newer version wrote it', async () => {
    expect(await refusal()).toBe('opened');
    await database.query("INSERT INTO migrations (timestamp, name) VALUES (9, 'New9')", 'authlog_vault');
    expect(await refusal()).toBe(
      'the schema authlog_vault in AUTHLOG_DATABASE was written by a newer authlog (it has New9): upgrade authlog.',
    );
  });
});
