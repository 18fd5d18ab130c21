import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { PostgresServer, Schema } from '../place.js';
import { type DoorAnswer, TEST_USER } from './postgres-server.js';

type Running = Exclude<DoorAnswer, { readonly why: string }>;

let running: Promise<Running> | undefined;

async function askForServer(): Promise<Running> {
  const answer = JSON.parse(await text(connect(inject('postgresDoor'), '127.0.0.1'))) as DoorAnswer;
  if ('why' in answer) throw new Error(answer.why);
  return answer;
}

async function run<Row>(server: PostgresServer, statement: string, schema = 'public'): Promise<Row[]> {
  const { host, port, user, password, database } = server;
  const options = `-c search_path=${schema}`;
  const client = new Client({ host, port, user, password: password ?? '', database, options });
  await client.connect();
  try {
    return (await client.query(statement)).rows as Row[];
  } finally {
    await client.end();
  }
}

/** As AUTHLOG_DATABASE has it. */
export const addressOf = ({ host, port, user, password, database }: PostgresServer) =>
  `postgres://${user}:${encodeURIComponent(password ?? '')}@${host}:${port}/${database}`;

/** A new PostgreSQL database for one test. */
export class TestDatabase {
  private constructor(
    private readonly superuser: PostgresServer,
    /** As its owner, who may do nothing outside of it. */
    readonly server: PostgresServer,
    /** That the server shows to those who ask for TLS; it has its address, and no name. */
    readonly certificate: string,
  ) {}

  static async create(): Promise<TestDatabase> {
    running ??= askForServer();
    const { superuser, certificate } = await running;
    const database = `test_${randomUUID().replaceAll('-', '')}`;
    await run(superuser, `CREATE DATABASE ${database} OWNER ${TEST_USER.user}`);
    return new TestDatabase(superuser, { ...superuser, ...TEST_USER, database }, certificate);
  }

  /** What a statement of its owner answers. */
  async query<Row = unknown>(statement: string, schema?: Schema): Promise<Row[]> {
    return run(this.server, statement, schema);
  }

  /** The same of who may do everything. */
  async queryAsSuperuser<Row = unknown>(statement: string): Promise<Row[]> {
    return run({ ...this.superuser, database: this.server.database }, statement);
  }

  /** Also while somebody uses it. */
  async remove(): Promise<void> {
    await run(this.superuser, `DROP DATABASE ${this.server.database} WITH (FORCE)`);
  }
}
