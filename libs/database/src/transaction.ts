import type { DataSource, QueryRunner } from 'typeorm';
import { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';

/** Does one piece of work after the other, whoever asks. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Does all of the work or nothing. On SQLite the connection must have no other transaction meanwhile. */
export async function inTransaction<Result>(
  database: DataSource,
  work: (runner: QueryRunner) => Promise<Result>,
): Promise<Result> {
  const runner = database.createQueryRunner();
  try {
    await runner.startTransaction();
    const result = await work(runner);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    // Where the connection is lost, the transaction is, too; the fault that was first says why.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    // SQLite itself takes a transaction back when its disk is full. TypeORM, which has one runner for each file, would go
    // on to count it as open, and never commit again.
    if (database.driver instanceof AbstractSqliteDriver) delete database.driver.queryRunner;
    throw error;
  } finally {
    await runner.release();
  }
}
