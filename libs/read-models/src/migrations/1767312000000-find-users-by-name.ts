import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The projection that fills these columns has a new version, and so begins anew. */
export class FindUsersByName1767312000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE user_account ADD COLUMN "usernameKey" TEXT');
    await runner.query('ALTER TABLE user_account ADD COLUMN "emailKey" TEXT');
    await runner.query('CREATE INDEX user_by_name ON user_account ("usernameKey")');
    await runner.query('CREATE INDEX user_by_email ON user_account ("emailKey")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX user_by_email');
    await runner.query('DROP INDEX user_by_name');
    await runner.query('ALTER TABLE user_account DROP COLUMN "emailKey"');
    await runner.query('ALTER TABLE user_account DROP COLUMN "usernameKey"');
  }
}
