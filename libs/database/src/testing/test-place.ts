import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Place, Schema } from '../place.js';
import { TestDatabase } from './test-database.js';

/** What a suite about something that is kept runs on, one after the other. */
export const DATABASES = ['SQLite', 'PostgreSQL'] as const;
export type DatabaseKind = (typeof DATABASES)[number];

/** A new place for a database, and what can be done there past the program. */
export interface TestPlace {
  readonly place: Place;
  query<Row = unknown>(statement: string): Promise<Row[]>;
  /** Everything that is kept there, as it is kept. */
  contents(): Promise<Buffer>;
  remove(): Promise<void>;
}

export const newPlace = (kind: DatabaseKind, schema: Schema): Promise<TestPlace> =>
  kind === 'SQLite' ? newFile() : newSchema(schema);

async function newFile(): Promise<TestPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'authlog-'));
  const file = join(folder, 'test.db');
  return {
    place: { file },
    query: <Row>(statement: string) => queryFile<Row>(file, statement),
    contents: async () => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))),
    remove: async () => rmSync(folder, { recursive: true }),
  };
}

/** Runs a statement on a SQLite file, as another program would. */
export async function queryFile<Row>(file: string, text: string): Promise<Row[]> {
  const db = new Database(file);
  try {
    const statement = db.prepare<[], Row>(text);
    if (statement.reader) return statement.all();
    statement.run();
    return [];
  } finally {
    db.close();
  }
}

async function newSchema(schema: Schema): Promise<TestPlace> {
  const database = await TestDatabase.create();
  const query = <Row>(text: string) => database.query<Row>(text, schema);
  return {
    place: { server: database.server, schema },
    query,
    async contents() {
      const tables = await query<{ name: string }>(
        'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()',
      );
      const rows = await Promise.all(tables.map(({ name }) => query(`SELECT * FROM ${name}`)));
      return Buffer.from(JSON.stringify(rows));
    },
    remove: () => database.remove(),
  };
}
