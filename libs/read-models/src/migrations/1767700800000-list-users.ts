import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the list of accounts is searched by. */
const SEARCHED = ['usernameKey', 'emailKey', 'firstNamesKey', 'lastNameKey'];

/** The projection that fills these columns has a new version, and so begins anew. */
export class ListUsers1767700800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE user_account ADD COLUMN status TEXT NOT NULL DEFAULT 'active'`);
    await runner.query('ALTER TABLE user_account ADD COLUMN "mustChangePassword" INTEGER NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE user_account ADD COLUMN "firstNamesKey" TEXT');
    await runner.query('ALTER TABLE user_account ADD COLUMN "lastNameKey" TEXT');
    await runner.query('CREATE INDEX user_list ON user_account (status, role, id)');
    for (const key of SEARCHED)
      await runner.query(`CREATE INDEX "user_list_by_${key}" ON user_account (status, role, "${key}", id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const key of SEARCHED) await runner.query(`DROP INDEX "user_list_by_${key}"`);
    await runner.query('DROP INDEX user_list');
    for (const column of ['lastNameKey', 'firstNamesKey', 'mustChangePassword', 'status'])
      await runner.query(`ALTER TABLE user_account DROP COLUMN "${column}"`);
  }
}
