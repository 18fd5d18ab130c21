import Database from 'better-sqlite3';
import type { Snapshot, Snapshots } from '../snapshots.js';

/** Snapshots in a SQLite file of their own. Losing it costs a longer first read, nothing else. */
export class SqliteSnapshots implements Snapshots {
  private readonly db: Database.Database;
  private readonly select: Database.Statement<[string], { revision: number; fold_version: string; state: Buffer }>;
  private readonly upsert: Database.Statement<[string, number, string, Uint8Array]>;

  constructor(file: string) {
    this.db = new Database(file);
    this.db.pragma('journal_mode = WAL');
    // Commits without waiting for the disk: a lost snapshot is only a slower read.
    this.db.pragma('synchronous = NORMAL');
    this.db.exec(`CREATE TABLE IF NOT EXISTS snapshot (
      stream TEXT PRIMARY KEY, revision INTEGER NOT NULL, fold_version TEXT NOT NULL, state BLOB NOT NULL
    ) STRICT, WITHOUT ROWID`);
    this.select = this.db.prepare('SELECT revision, fold_version, state FROM snapshot WHERE stream = ?');
    this.upsert = this.db.prepare(
      `INSERT INTO snapshot (stream, revision, fold_version, state) VALUES (?, ?, ?, ?)
       ON CONFLICT (stream) DO UPDATE SET
         revision = excluded.revision, fold_version = excluded.fold_version, state = excluded.state`,
    );
  }

  read(stream: string): Snapshot | undefined {
    const row = this.select.get(stream);
    return row && { revision: row.revision, foldVersion: row.fold_version, state: row.state };
  }

  write(stream: string, { revision, foldVersion, state }: Snapshot): void {
    this.upsert.run(stream, revision, foldVersion, state);
  }

  close(): void {
    this.db.close();
  }
}
