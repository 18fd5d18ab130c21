import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateVault1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE data_key (
      id         TEXT NOT NULL PRIMARY KEY,
      subject    TEXT NOT NULL UNIQUE,
      "masterKey" TEXT NOT NULL,
      wrapped    TEXT,
      "createdAt" TEXT NOT NULL
    )`);
    await runner.query(`CREATE TABLE credential (
      id         TEXT NOT NULL PRIMARY KEY,
      kind       TEXT NOT NULL,
      owner      TEXT NOT NULL,
      "masterKey" TEXT NOT NULL,
      wrapped    TEXT NOT NULL,
      "createdAt" TEXT NOT NULL
    )`);
    await runner.query('CREATE INDEX credential_of_owner ON credential (owner)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE credential');
    await runner.query('DROP TABLE data_key');
  }
}
