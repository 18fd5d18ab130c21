import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is sorted or compared for its place. */
const COMPARED: readonly (readonly [table: string, ...columns: string[]])[] = [
  ['user_account', 'id', 'usernameKey', 'emailKey', 'firstNamesKey', 'lastNameKey'],
  ['session', 'id'],
];

const statementsFor = (collation: string) =>
  COMPARED.flatMap(([table, ...columns]) =>
    columns.map((column) => `ALTER TABLE ${table} ALTER COLUMN "${column}" TYPE TEXT COLLATE ${collation}`),
  );

/**
 * For PostgreSQL only: SQLite compares text by code point, PostgreSQL by the language of the database, in which places in lists
 * would be others than our own comparisons have, and an index could not find what begins with something.
 */
export class CompareByCodePoint1767787200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statementsFor('"C"')) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of statementsFor('"default"')) await runner.query(statement);
  }
}
