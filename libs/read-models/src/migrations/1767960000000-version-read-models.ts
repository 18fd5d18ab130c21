import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * From here on each version of a projection has tables of its own, which are made from its entities. What was there is filled
 * anew from the log.
 */
export class VersionReadModels1767960000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['session_epoch', 'session', 'user_account', 'checkpoint', 'parked_event'])
      await runner.query(`DROP TABLE ${table}`);
    await runner.query(`CREATE TABLE projection_checkpoint (
      projection   TEXT NOT NULL,
      version      INTEGER NOT NULL,
      edition      TEXT NOT NULL,
      position     TEXT NOT NULL,
      parking      INTEGER NOT NULL,
      events       BIGINT NOT NULL,
      "recordedAt" BIGINT NOT NULL,
      "movedAt"    BIGINT NOT NULL,
      tables       TEXT NOT NULL,
      PRIMARY KEY (projection, version, edition)
    )`);
    await runner.query(`CREATE TABLE parked_event (
      projection TEXT NOT NULL,
      version    INTEGER NOT NULL,
      edition    TEXT NOT NULL,
      "eventId"  TEXT NOT NULL,
      sequence   TEXT NOT NULL,
      stream     TEXT NOT NULL,
      revision   INTEGER NOT NULL,
      position   TEXT NOT NULL,
      type       TEXT NOT NULL,
      error      TEXT,
      attempts   INTEGER NOT NULL,
      "firstAt"  BIGINT NOT NULL,
      "lastAt"   BIGINT NOT NULL,
      PRIMARY KEY (projection, version, edition, "eventId")
    )`);
    await runner.query(`CREATE TABLE rebuild (
      projection  TEXT NOT NULL,
      version     INTEGER NOT NULL,
      "runId"     TEXT NOT NULL,
      state       TEXT NOT NULL,
      kind        TEXT NOT NULL,
      "isIndexed" INTEGER NOT NULL,
      target      TEXT NOT NULL,
      comparison  TEXT,
      error       TEXT,
      "startedAt" BIGINT NOT NULL,
      "changedAt" BIGINT NOT NULL,
      PRIMARY KEY (projection, version)
    )`);
    await runner.query(`CREATE TABLE projection_process (
      process    TEXT NOT NULL,
      projection TEXT NOT NULL,
      version    INTEGER NOT NULL,
      role       TEXT NOT NULL,
      rate       INTEGER NOT NULL,
      error      TEXT,
      "errorAt"  BIGINT NOT NULL,
      "seenAt"   BIGINT NOT NULL,
      PRIMARY KEY (process, projection, version)
    )`);
  }

  /** The versions before make their own tables again. */
  async down(): Promise<void> {
    throw new Error('Delete the read models instead: every version fills them from the log.');
  }
}
