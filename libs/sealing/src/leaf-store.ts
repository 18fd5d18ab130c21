import type { DataSource, QueryRunner } from 'typeorm';
import { openDatabase } from '#database/database.js';
import type { PoolLimits } from '#database/database-settings.js';
import { Dialect } from '#database/dialect.js';
import type { Place } from '#database/place.js';
import { inTransaction } from '#database/transaction.js';
import { type Position, asPosition } from '#event-store/event-store.js';
import { LEAF_BYTES, countOf, firstLeaves, leafAt, positionIn } from './leaf.js';
import { HASH_BYTES, type Hash, type Subtrees, leafHash, nodeHash } from './merkle-tree.js';
import { CreateLeaves1768000000000 } from './migrations/1768000000000-create-leaves.js';

/** How many leaves, or hashes over as many each, a row has: those of a proof in a tree of ten million are in a few rows. */
export const TILE = 256;
const TILE_LEVELS = Math.log2(TILE);

/** One who follows the log, and one who asks for a proof. */
const POOL: PoolLimits = { connections: 2, connectMs: 5_000, statementMs: 30_000 };

/** How far the log has been made into leaves. */
export interface LeafEnd {
  readonly size: number;
  /** Of the last leaf's event; before the first, the start of the log. */
  readonly position: Position;
}

/** Another process has added leaves; nothing of what this one was about to add was added. */
export class LeavesAddedElsewhere extends Error {
  override readonly name = 'LeavesAddedElsewhere';
}

/**
 * The leaves of the log, which outlive the events that are kept no longer, and hashes over many of them. A database of its own;
 * lost, it is made again from the log as far as the log still has the events.
 */
export class LeafStore {
  private readonly dialect: Dialect;

  private constructor(private readonly database: DataSource) {
    this.dialect = new Dialect(database);
  }

  /** @throws DatabaseUnusable */
  static async open(place: Place): Promise<LeafStore> {
    const migrations = [CreateLeaves1768000000000];
    return new LeafStore(await openDatabase({ place, entities: [], migrations, durability: 'normal', pool: POOL }));
  }

  async close(): Promise<void> {
    await this.database.destroy();
  }

  async end(): Promise<LeafEnd> {
    const [row] = await this.select<{ size: string | number; position: string }>('SELECT size, position FROM leaf_end');
    return { size: Number(row?.size ?? 0), position: asPosition(row?.position ?? '0') };
  }

  /**
   * Adds leaves behind the last one.
   * @throws LeavesAddedElsewhere if that one is not where the caller thinks
   */
  async append(from: LeafEnd, leaves: Buffer): Promise<LeafEnd> {
    const last = leafAt(leaves, countOf(leaves) - 1);
    const to = { size: from.size + countOf(leaves), position: asPosition(String(positionIn(last))) };
    await inTransaction(this.database, async (runner) => {
      await this.moveEnd(runner, from, to);
      const first = Math.floor(from.size / TILE);
      const known = from.size % TILE === 0 ? Buffer.alloc(0) : await this.leavesOfTile(first, runner);
      const all = Buffer.concat([known, leaves]);
      for (let n = 0; n * TILE < countOf(all); n += 1) {
        const tile = all.subarray(n * TILE * LEAF_BYTES, (n + 1) * TILE * LEAF_BYTES);
        await this.writeLeaves(runner, first + n, tile);
        if (countOf(tile) === TILE) await this.addHash(runner, 1, first + n, combined(hashesOf(tile)));
      }
    });
    return to;
  }

  /** The leaves of one row; none behind the last one. */
  async leavesOfTile(tile: number, runner?: QueryRunner): Promise<Buffer> {
    const statement = `SELECT leaves FROM leaf_tile WHERE tile = ${this.dialect.parameter(0)}`;
    const [row] = await this.select<{ leaves: Buffer }>(statement, [tile], runner);
    return row?.leaves ?? Buffer.alloc(0);
  }

  /** Those of the rows from one to before another. */
  async leavesOfTiles(from: number, to: number): Promise<Buffer> {
    const [a, b] = [0, 1].map((n) => this.dialect.parameter(n));
    const statement = `SELECT leaves FROM leaf_tile WHERE tile >= ${a} AND tile < ${b} ORDER BY tile`;
    const rows = await this.select<{ leaves: Buffer }>(statement, [from, to]);
    // What somebody has cut off within a leaf is none.
    return Buffer.concat(rows.map(({ leaves }) => firstLeaves(leaves, Math.floor(countOf(leaves)))));
  }

  /** Where in the tree the event at a position is; null if no leaf is of it. */
  async indexOf(position: Position): Promise<number | null> {
    const index = await this.countBefore(position);
    if (index >= (await this.end()).size) return null;
    return positionIn(await this.leaf(index)) === BigInt(position) ? index : null;
  }

  /** How many leaves are of events before a position. */
  async countBefore(position: Position): Promise<number> {
    const statement = `SELECT tile, leaves FROM leaf_tile WHERE "lastPosition" >= ${this.dialect.parameter(0)} ORDER BY "lastPosition" LIMIT 1`;
    const [row] = await this.select<{ tile: string | number; leaves: Buffer }>(statement, [position]);
    if (row === undefined) return (await this.end()).size;
    let before = 0;
    while (positionIn(leafAt(row.leaves, before)) < BigInt(position)) before += 1;
    return Number(row.tile) * TILE + before;
  }

  /** Where an event with this hash was when it was sealed; null if it never was. Looks at all leaves. */
  async positionOf(eventHash: Buffer): Promise<string | null> {
    for (let tile = 0; ; tile += 1) {
      const leaves = await this.leavesOfTile(tile);
      if (leaves.length === 0) return null;
      const at = leaves.indexOf(eventHash);
      if (at >= 0 && at % LEAF_BYTES === 0) return String(positionIn(leaves.subarray(at)));
    }
  }

  /** One leaf. @throws RangeError if there are not so many */
  async leaf(index: number): Promise<Buffer> {
    const leaves = await this.leavesOfTile(Math.floor(index / TILE));
    if (index % TILE >= countOf(leaves)) throw new RangeError(`There is no leaf ${index}.`);
    return leafAt(leaves, index % TILE);
  }

  /** The hashes of the tree, each row read once. */
  subtrees(): Subtrees {
    const rows = new Map<string, Promise<Hash[]>>();
    const rowOf = (level: number, tile: number) => {
      const key = `${level}/${tile}`;
      const row = rows.get(key) ?? this.hashesOfTile(level, tile);
      rows.set(key, row);
      return row;
    };
    return async (level, index) => {
      const tileLevel = Math.floor(level / TILE_LEVELS);
      const count = 2 ** (level - tileLevel * TILE_LEVELS);
      const first = index * count;
      const row = await rowOf(tileLevel, Math.floor(first / TILE));
      const hashes = row.slice(first % TILE, (first % TILE) + count);
      if (hashes.length < count) throw new RangeError('The tree is not so large.');
      return combined(hashes);
    };
  }

  /** The number of the last head that a sink has taken; 0 before the first. */
  async deliveredTo(sink: string): Promise<number> {
    const statement = `SELECT number FROM head_delivery WHERE sink = ${this.dialect.parameter(0)}`;
    const [row] = await this.select<{ number: string | number }>(statement, [sink]);
    return Number(row?.number ?? 0);
  }

  async markDelivered(sink: string, number: number): Promise<void> {
    await this.select(
      `INSERT INTO head_delivery (sink, number) VALUES (${this.dialect.parameters(2)})
       ON CONFLICT (sink) DO UPDATE SET number = excluded.number`,
      [sink, number],
    );
  }

  private async hashesOfTile(level: number, tile: number): Promise<Hash[]> {
    if (level === 0) return hashesOf(await this.leavesOfTile(tile));
    const hashes = await this.nodesOfTile(level, tile);
    return Array.from({ length: hashes.length / HASH_BYTES }, (_, n) =>
      hashes.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES),
    );
  }

  private async nodesOfTile(level: number, tile: number, runner?: QueryRunner): Promise<Buffer> {
    const statement = `SELECT hashes FROM node_tile WHERE level = ${this.dialect.parameter(0)} AND tile = ${this.dialect.parameter(1)}`;
    const [row] = await this.select<{ hashes: Buffer }>(statement, [level, tile], runner);
    return row?.hashes ?? Buffer.alloc(0);
  }

  /** First of all: whoever else adds leaves waits here, and then learns of it. */
  private async moveEnd(runner: QueryRunner, from: LeafEnd, to: LeafEnd): Promise<void> {
    const [a, b, c, d] = [0, 1, 2, 3].map((n) => this.dialect.parameter(n));
    const moved = await runner.query(
      `UPDATE leaf_end SET size = ${a}, position = ${b} WHERE size = ${c} AND position = ${d}`,
      [to.size, to.position, from.size, from.position],
      true,
    );
    if (moved.affected !== 1) throw new LeavesAddedElsewhere('another process has added leaves');
  }

  private async writeLeaves(runner: QueryRunner, tile: number, leaves: Buffer): Promise<void> {
    const last = String(positionIn(leafAt(leaves, countOf(leaves) - 1)));
    await runner.query(
      `INSERT INTO leaf_tile (tile, "lastPosition", leaves) VALUES (${this.dialect.parameters(3)})
       ON CONFLICT (tile) DO UPDATE SET "lastPosition" = excluded."lastPosition", leaves = excluded.leaves`,
      [tile, last, leaves],
    );
  }

  /** @param index among the hashes of its level */
  private async addHash(runner: QueryRunner, level: number, index: number, hash: Hash): Promise<void> {
    const tile = Math.floor(index / TILE);
    const hashes = Buffer.concat([await this.nodesOfTile(level, tile, runner), hash]);
    await runner.query(
      `INSERT INTO node_tile (level, tile, hashes) VALUES (${this.dialect.parameters(3)})
       ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes`,
      [level, tile, hashes],
    );
    if (hashes.length < TILE * HASH_BYTES) return;
    const all = Array.from({ length: TILE }, (_, n) => hashes.subarray(n * HASH_BYTES, (n + 1) * HASH_BYTES));
    await this.addHash(runner, level + 1, tile, combined(all));
  }

  private select<Row>(statement: string, values: readonly unknown[] = [], runner?: QueryRunner): Promise<Row[]> {
    return (runner ?? this.database).query(statement, [...values]) as Promise<Row[]>;
  }
}

const hashesOf = (leaves: Buffer): Hash[] =>
  Array.from({ length: countOf(leaves) }, (_, n) => leafHash(leafAt(leaves, n)));

/** The hash over a power of two of neighbours. */
function combined(hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1)
    row = row.flatMap((left, n) => {
      const right = row[n + 1];
      return n % 2 === 0 && right !== undefined ? [nodeHash(left, right)] : [];
    });
  const [hash] = row;
  if (hash === undefined) throw new RangeError('There is nothing to hash.');
  return hash;
}
