import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The projection that fills this column has a new version, and so begins anew. */
export class ShowSecondFactors1767398400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE user_account ADD COLUMN "secondFactor" INTEGER NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE user_account DROP COLUMN "secondFactor"');
  }
}
