import { rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Snapshot, Snapshots } from '../snapshots.js';

interface SnapshotRow {
  revision: number;
  event_id: string;
  fold_version: string;
  state: Buffer;
}

/** How long to wait for another process that is just making the file; later nobody waits for a cache. */
const BUSY_TIMEOUT_MS = 5_000;

function open(file: string): Database.Database {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    // Commits without waiting for the disk: a lost snapshot is only a slower read.
    db.pragma('synchronous = NORMAL');
    db.exec(`CREATE TABLE IF NOT EXISTS snapshot_2 (
      stream TEXT PRIMARY KEY, revision INTEGER NOT NULL, event_id TEXT NOT NULL, fold_version TEXT NOT NULL,
      state BLOB NOT NULL
    ) STRICT, WITHOUT ROWID`);
    db.pragma('busy_timeout = 0');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A file that is damaged is given up; one that another process is just making is shared. */
function openAnew(file: string): Database.Database {
  try {
    return open(file);
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    if (error.code === 'SQLITE_NOTADB' || error.code.startsWith('SQLITE_CORRUPT'))
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    return open(file);
  }
}

/** Snapshots in a SQLite file of their own. Losing it costs a longer first read, nothing else. */
export class SqliteSnapshots implements Snapshots {
  private readonly db: Database.Database;
  private readonly select: Database.Statement<[string], SnapshotRow>;
  private readonly upsert: Database.Statement<[string, number, string, string, Uint8Array]>;

  constructor(file: string) {
    this.db = openAnew(file);
    this.select = this.db.prepare('SELECT revision, event_id, fold_version, state FROM snapshot_2 WHERE stream = ?');
    this.upsert = this.db.prepare(
      `INSERT INTO snapshot_2 (stream, revision, event_id, fold_version, state) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (stream) DO UPDATE SET
         revision = excluded.revision, event_id = excluded.event_id,
         fold_version = excluded.fold_version, state = excluded.state`,
    );
  }

  read(stream: string): Snapshot | undefined {
    const row = this.select.get(stream);
    return row && { revision: row.revision, eventId: row.event_id, foldVersion: row.fold_version, state: row.state };
  }

  write(stream: string, { revision, eventId, foldVersion, state }: Snapshot): void {
    this.upsert.run(stream, revision, eventId, foldVersion, state);
  }

  close(): void {
    this.db.close();
  }
}
