import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { type DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { openDatabase } from '#database/database.js';
import type { PoolLimits } from '#database/database-settings.js';
import type { PostgresServer } from '#database/place.js';
import type { BudgetStore, Spent } from './budget-store.js';

/** After so many more, what has expired is removed. */
const TIDY_EVERY = 1_000;
const TABLE = 'budget';
/** Short: whoever waits too long counts for itself, more strictly (SEC-28). */
const POOL: PoolLimits = { connections: 5, connectMs: 2_000, statementMs: 2_000 };

class CreateBudgets1767225600000 implements MigrationInterface {
  // As the library has it, which puts no name to the columns; but a key may be longer, and has no collation to look up.
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE ${TABLE} (key TEXT COLLATE "C" PRIMARY KEY, points INTEGER NOT NULL DEFAULT 0, expire BIGINT)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${TABLE}`);
  }
}

/**
 * Counts for all processes on all machines, in a PostgreSQL schema of its own: each count is one statement that locks its row,
 * so no two are the same. The newest of it may be lost when the server crashes. Windows follow the clocks of the processes,
 * as the library asks for no other: a clock that is wrong moves the end of a window by as much.
 */
export class PostgresBudgetStore implements BudgetStore {
  private readonly limiter: RateLimiterPostgres;
  private adds = 0;

  private constructor(private readonly database: DataSource) {
    // The window comes with each key, and whoever asks knows the limit.
    const options = { points: 0, duration: 0, keyPrefix: '', tableName: TABLE, tableCreated: true };
    // Its own timer would stop for good at the first failure.
    const storage = { storeClient: database, storeType: 'typeorm', clearExpiredByTimeout: false };
    this.limiter = new RateLimiterPostgres({ ...options, ...storage });
  }

  /** @throws DatabaseUnusable */
  static async open(server: PostgresServer): Promise<PostgresBudgetStore> {
    const database = await openDatabase({
      place: { server, schema: 'authlog_throttling' },
      entities: [],
      migrations: [CreateBudgets1767225600000],
      durability: 'normal',
      pool: POOL,
    });
    const store = new PostgresBudgetStore(database);
    await store.tidy();
    return store;
  }

  async read(key: string): Promise<Spent | null> {
    const found = await this.limiter.get(key);
    return found && { points: found.consumedPoints, endsInMs: found.msBeforeNext };
  }

  async add(key: string, windowMs: number): Promise<Spent> {
    this.adds += 1;
    if (this.adds % TIDY_EVERY === 0) await this.tidy();
    const customDuration = Math.ceil(windowMs / 1_000);
    const { consumedPoints, msBeforeNext } = await this.limiter.penalty(key, 1, { customDuration });
    return { points: consumedPoints, endsInMs: msBeforeNext };
  }

  async close(): Promise<void> {
    await this.database.destroy();
  }

  private async tidy(): Promise<void> {
    await this.database.query(`DELETE FROM ${TABLE} WHERE expire <= $1`, [Date.now()]);
  }
}
