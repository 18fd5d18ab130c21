import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ParkEvents1767873600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE parked_event (
      id         TEXT NOT NULL PRIMARY KEY,
      projection TEXT NOT NULL,
      version    INTEGER NOT NULL,
      sequence   TEXT NOT NULL,
      stream     TEXT NOT NULL,
      revision   INTEGER NOT NULL,
      position   TEXT NOT NULL,
      "eventId"  TEXT NOT NULL,
      type       TEXT NOT NULL,
      error      TEXT,
      attempts   INTEGER NOT NULL,
      "firstAt"  BIGINT NOT NULL,
      "lastAt"   BIGINT NOT NULL
    )`);
    await runner.query('ALTER TABLE checkpoint ADD COLUMN parking INTEGER NOT NULL DEFAULT 0');
    await runner.query('CREATE INDEX parked_event_in_sequence ON parked_event (projection, sequence)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE checkpoint DROP COLUMN parking');
    await runner.query('DROP TABLE parked_event');
  }
}
