import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateReadModels1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE checkpoint (
      projection TEXT NOT NULL PRIMARY KEY,
      version    INTEGER NOT NULL,
      position   TEXT NOT NULL
    )`);
    await runner.query(`CREATE TABLE user_account (
      id               TEXT NOT NULL PRIMARY KEY,
      username         TEXT,
      kind             TEXT NOT NULL,
      role             TEXT NOT NULL,
      email            TEXT,
      "firstNames"     TEXT,
      "lastName"       TEXT,
      "organizationId" TEXT,
      "createdAt"      BIGINT NOT NULL
    )`);
    await runner.query(`CREATE TABLE session (
      id             TEXT NOT NULL PRIMARY KEY,
      "userId"       TEXT NOT NULL,
      epoch          INTEGER NOT NULL,
      origin         TEXT NOT NULL,
      service        TEXT,
      "createdBy"    TEXT,
      depth          INTEGER NOT NULL,
      lineage        TEXT NOT NULL,
      "extendedBy"   TEXT NOT NULL,
      scopes         TEXT NOT NULL,
      amr            TEXT NOT NULL,
      "ipAddress"    TEXT,
      "userAgent"    TEXT,
      "openedAt"     BIGINT NOT NULL,
      "lastActiveAt" BIGINT NOT NULL,
      "expiresAt"    BIGINT NOT NULL,
      "idleMs"       BIGINT NOT NULL
    )`);
    await runner.query(`CREATE TABLE session_epoch (
      id     TEXT NOT NULL PRIMARY KEY,
      epoch  INTEGER NOT NULL,
      spared TEXT
    )`);
    await runner.query('CREATE INDEX session_of_user ON session ("userId", "openedAt")');
    await runner.query('CREATE INDEX session_by_end ON session ("expiresAt")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE session_epoch');
    await runner.query('DROP TABLE session');
    await runner.query('DROP TABLE user_account');
    await runner.query('DROP TABLE checkpoint');
  }
}
