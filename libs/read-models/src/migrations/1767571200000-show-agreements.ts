import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The projection that fills this column has a new version, and so begins anew. */
export class ShowAgreements1767571200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE user_account ADD COLUMN "acceptedAgreement" INTEGER NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE user_account DROP COLUMN "acceptedAgreement"');
  }
}
