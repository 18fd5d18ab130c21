import { accessSync, constants } from 'node:fs';
import Database from 'better-sqlite3';
import { explainSqliteFailure } from '#database/sqlite-failure.js';
import { RETENTION } from '#domain/retention.js';

/** The format of the file; a file of a later format is refused, never guessed at. */
const FORMAT = 2;
/** "auth" in ASCII: tells the log of authlog from any other SQLite file. */
const APPLICATION_ID = 0x61757468;
const BUSY_TIMEOUT_MS = 5_000;
/** Of each connection; see database.ts. */
const PAGE_CACHE_KIB = 4_096;

const SCHEMA = `
  CREATE TABLE event (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    stream      TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    category    TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    data        TEXT    NOT NULL,
    metadata    TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX event_of_stream ON event (stream, revision);
  CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT raise(ABORT, 'events are never changed'); END;
  -- INSERT OR REPLACE would remove the old row without asking the trigger above.
  CREATE TRIGGER event_is_never_replaced BEFORE INSERT ON event
    WHEN EXISTS (SELECT 1 FROM event WHERE position = NEW.position)
      OR EXISTS (SELECT 1 FROM event WHERE stream = NEW.stream AND revision = NEW.revision)
    BEGIN SELECT raise(ABORT, 'events are never replaced'); END;
`;

/** The file cannot be the log; the message says which file it is and what to do. */
export class LogFileUnusable extends Error {
  override readonly name = 'LogFileUnusable';
}

/**
 * Opens the log's file for writing, and makes it first if it is not there.
 * @throws LogFileUnusable
 */
export function openLogFile(file: string): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    db.pragma('journal_mode = WAL');
    // An acknowledged event survives a power cut.
    db.pragma('synchronous = FULL');
    db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    createSchema(db, file);
    // SQLite opens what it may only read, and fails at the first append.
    accessSync(file, constants.W_OK);
    return db;
  } catch (error) {
    db?.close();
    throw error instanceof LogFileUnusable
      ? error
      : new LogFileUnusable(explainSqliteFailure(file, error), { cause: error });
  }
}

/** A connection that only reads; sees every commit of any process at once. */
export function openLogReader(file: string): Database.Database {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  db.pragma('query_only = ON');
  db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
  return db;
}

function createSchema(db: Database.Database, file: string): void {
  // One process makes the tables; the others, started at the same moment, wait here and find them.
  db.transaction(() => {
    const format = db.pragma('user_version', { simple: true });
    const application = db.pragma('application_id', { simple: true });
    const isEmpty = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
    if (!isEmpty && application !== APPLICATION_ID)
      throw new LogFileUnusable(
        `${file} is not an event log of authlog: move it away, or set AUTHLOG_DATA to another folder.`,
      );
    if (Number(format) > FORMAT)
      throw new LogFileUnusable(
        `${file} was written by a newer authlog (format ${String(format)}, this one knows ${FORMAT}): upgrade authlog.`,
      );
    if (isEmpty) db.exec(SCHEMA);
    protect(db);
    if (format === FORMAT) return;
    db.pragma(`user_version = ${FORMAT}`);
    db.pragma(`application_id = ${APPLICATION_ID}`);
  }).immediate();
}

/** So many events that have aged are looked at together; appends have their turn in between. */
export const LOOKED_AT_TOGETHER = 500;

/** The categories of the events that do, as SQL. */
export const AGEING = RETENTION.map(({ category }) => `'${category}'`).join(', ');
const SECONDS_KEPT = RETENTION.map(({ category, days }) => `WHEN '${category}' THEN ${days * 86_400}`).join(' ');

/** The condition that an event, by the name of its row, is older than it is kept. */
export const isAged = (row: string) =>
  `${row}.category IN (${AGEING})
   AND ${row}.recorded_at < 1000 * (unixepoch() - CASE ${row}.category ${SECONDS_KEPT} END)`;

/** What finds events by their age, and what protects them. */
const OF_AGE = [
  {
    kind: 'INDEX',
    name: 'event_that_ages',
    definition: `CREATE INDEX event_that_ages ON event (category, recorded_at) WHERE category IN (${AGEING})`,
  },
  {
    kind: 'TRIGGER',
    name: 'event_is_never_removed',
    definition: `CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event WHEN NOT (${isAged('OLD')})
    BEGIN SELECT raise(ABORT, 'events are never removed'); END`,
  },
];

/** Lets what is older than it is kept be removed, and nothing else, whoever asks. */
function protect(db: Database.Database): void {
  const known = db.prepare<[string], string>('SELECT sql FROM sqlite_schema WHERE name = ?').pluck();
  for (const { kind, name, definition } of OF_AGE) {
    if (known.get(name) === definition) continue;
    db.exec(`DROP ${kind} IF EXISTS ${name}`);
    db.exec(definition);
  }
}
