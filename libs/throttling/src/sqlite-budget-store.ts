import { accessSync, constants } from 'node:fs';
import Database from 'better-sqlite3';
import { RateLimiterSQLite } from 'rate-limiter-flexible';
import { DatabaseUnusable } from '#database/database.js';
import { explainSqliteFailure } from '#database/sqlite-failure.js';
import type { BudgetStore, Spent } from './budget-store.js';

/** How long to wait for another process that is just making the file. */
const OPEN_TIMEOUT_MS = 5_000;
/** Waiting stops the whole process, and another one writes for some microseconds. */
const BUSY_TIMEOUT_MS = 250;
/** After so many more, what has expired is removed. */
const TIDY_EVERY = 1_000;

const TABLE = 'budget';

/**
 * Counts for all processes on one machine, in a SQLite file of its own. Survives a restart; what is lost with a power cut is
 * the newest of it, and losing the file gives every budget back. Windows follow the clock of the machine: the library asks
 * for no other.
 */
export class SqliteBudgetStore implements BudgetStore {
  private readonly limiter: RateLimiterSQLite;
  private readonly removeExpired: Database.Statement<[number]>;
  private adds = 0;

  private constructor(private readonly db: Database.Database) {
    // The window comes with each key, and whoever asks knows the limit.
    const options = { points: 0, duration: 0, keyPrefix: '', tableName: TABLE, tableCreated: true };
    this.limiter = new RateLimiterSQLite({ ...options, storeClient: preparingOnce(db), storeType: 'better-sqlite3' });
    this.removeExpired = db.prepare(`DELETE FROM ${TABLE} WHERE expire <= ?`);
    this.tidy();
  }

  /** @throws DatabaseUnusable */
  static open(file: string): SqliteBudgetStore {
    let db: Database.Database | undefined;
    try {
      db = new Database(file, { timeout: OPEN_TIMEOUT_MS });
      db.pragma('journal_mode = WAL');
      // Commits without waiting for the disk.
      db.pragma('synchronous = NORMAL');
      // As the library would make it, but before anybody asks.
      db.exec(`CREATE TABLE IF NOT EXISTS ${TABLE} (
        key TEXT PRIMARY KEY, points INTEGER NOT NULL DEFAULT 0, expire INTEGER
      ) STRICT, WITHOUT ROWID`);
      const store = new SqliteBudgetStore(db);
      // SQLite opens what it may only read, and fails at the first change.
      accessSync(file, constants.W_OK);
      db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
      return store;
    } catch (error) {
      db?.close();
      throw new DatabaseUnusable(explainSqliteFailure(file, error), { cause: error });
    }
  }

  async read(key: string): Promise<Spent | null> {
    const found = await this.limiter.get(key);
    return found && { points: found.consumedPoints, endsInMs: found.msBeforeNext };
  }

  async add(key: string, windowMs: number): Promise<Spent> {
    this.adds += 1;
    if (this.adds % TIDY_EVERY === 0) this.tidy();
    const customDuration = Math.ceil(windowMs / 1_000);
    const { consumedPoints, msBeforeNext } = await this.limiter.penalty(key, 1, { customDuration });
    return { points: consumedPoints, endsInMs: msBeforeNext };
  }

  async close(): Promise<void> {
    this.db.close();
  }

  // Not by the library's timer: it outlives the file, and stops for good at the first failure.
  private tidy(): void {
    this.removeExpired.run(Date.now());
  }
}

/** The library prepares its statements anew for each question, which takes ten times as long as the answer. */
function preparingOnce(db: Database.Database) {
  const prepared = new Map<string, Database.Statement>();
  return {
    prepare: (text: string) => {
      const statement = prepared.get(text) ?? db.prepare(text);
      prepared.set(text, statement);
      return statement;
    },
    transaction: (work: () => unknown) => db.transaction(work),
  };
}
