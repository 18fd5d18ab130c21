import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A session's ancestors are found step by step. The projection has a new version, and so begins anew. */
export class KnowParentsOfSessions1767484800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM session');
    await runner.query('ALTER TABLE session DROP COLUMN depth');
    await runner.query('ALTER TABLE session DROP COLUMN lineage');
    await runner.query('ALTER TABLE session ADD COLUMN "parentId" TEXT');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM session');
    await runner.query('ALTER TABLE session DROP COLUMN "parentId"');
    await runner.query('ALTER TABLE session ADD COLUMN lineage TEXT NOT NULL');
    await runner.query('ALTER TABLE session ADD COLUMN depth INTEGER NOT NULL');
  }
}
