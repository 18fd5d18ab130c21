import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Dialect } from '#database/dialect.js';

export class CreateLeaves1768000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const bytes = new Dialect(runner.connection).isEmbedded ? 'BLOB' : 'BYTEA';
    // 256 leaves each, in the order of the log; the last one grows.
    await runner.query(`CREATE TABLE leaf_tile (
      tile           BIGINT NOT NULL PRIMARY KEY,
      "lastPosition" BIGINT NOT NULL,
      leaves         ${bytes} NOT NULL
    )`);
    await runner.query('CREATE INDEX leaf_tile_by_position ON leaf_tile ("lastPosition")');
    // Of level n: up to 256 hashes, each over 256^n leaves.
    await runner.query(`CREATE TABLE node_tile (
      level  INTEGER NOT NULL,
      tile   BIGINT NOT NULL,
      hashes ${bytes} NOT NULL,
      PRIMARY KEY (level, tile)
    )`);
    await runner.query(`CREATE TABLE leaf_end (
      id       INTEGER NOT NULL PRIMARY KEY,
      size     BIGINT NOT NULL,
      position TEXT NOT NULL
    )`);
    await runner.query(`INSERT INTO leaf_end (id, size, position) VALUES (1, 0, '0')`);
    // The last head that a place outside has taken.
    await runner.query(`CREATE TABLE head_delivery (
      sink   TEXT NOT NULL PRIMARY KEY,
      number BIGINT NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['leaf_tile', 'node_tile', 'leaf_end', 'head_delivery'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
