import { type Hash, createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import { Dialect } from '#database/dialect.js';
import { findCheckpoint } from '../checkpoint.js';
import { type Edition, tableName } from '../edition.js';
import { parkedEvents } from '../parked-event.js';
import type { Projection } from '../projection.js';

/** What a table has, in the order of its ids. */
export interface TableSum {
  readonly rows: number;
  /** SHA-256 of all of it, in hexadecimal. */
  readonly checksum: string;
}

/** How a table that is read differs from the one that is to replace it. */
export interface TableComparison {
  readonly table: string;
  readonly live: TableSum;
  readonly next: TableSum;
  /** Rows that only one of them has. */
  readonly onlyLive: number;
  readonly onlyNext: number;
  /** Rows that both have, with something else in them. */
  readonly changed: number;
  /** The ids of some of all these. */
  readonly examples: readonly string[];
}

/** What is found when both have seen the same of the log. */
export interface Comparison {
  /** Where both stood; decimal. */
  readonly position: string;
  readonly tables: readonly TableComparison[];
  /** Events that are missing from one of them, and not from the other, by their ids. */
  readonly parked: readonly string[];
}

export const isSame = ({ tables, parked }: Comparison): boolean =>
  parked.length === 0 && tables.every(({ onlyLive, onlyNext, changed }) => onlyLive + onlyNext + changed === 0);

const ROWS_PER_PAGE = 500;
const MOST_EXAMPLES = 10;

/** One state of the database, as long as it is held. */
export class Snapshot {
  private constructor(
    private readonly database: DataSource,
    private readonly runner: QueryRunner,
    private readonly projection: Projection,
    private readonly position: string,
  ) {}

  /** Undefined where the two do not stand at the same place. @param database is destroyed with it */
  static async take(database: DataSource, projection: Projection): Promise<Snapshot | undefined> {
    const runner = database.createQueryRunner();
    try {
      await runner.startTransaction(new Dialect(database).isEmbedded ? undefined : 'REPEATABLE READ');
      const [live, next] = [
        await findCheckpoint(runner.manager, projection, 'live'),
        await findCheckpoint(runner.manager, projection, 'next'),
      ];
      if (live !== null && live.position === next?.position)
        return new Snapshot(database, runner, projection, live.position);
      await database.destroy();
      return undefined;
    } catch (error) {
      await database.destroy();
      throw error;
    }
  }

  async release(): Promise<void> {
    await this.runner.rollbackTransaction().catch(() => undefined);
    await this.database.destroy();
  }

  /** @throws the reason of the signal when it comes */
  async compare(signal: AbortSignal): Promise<Comparison> {
    const tables: TableComparison[] = [];
    for (const table of this.projection.tables)
      tables.push(await this.compareTable(this.database.getMetadata(table), signal));
    return { position: this.position, tables, parked: await this.compareParked() };
  }

  private async compareParked(): Promise<string[]> {
    const { manager } = this.runner;
    const live = (await parkedEvents(manager, this.projection)).map(({ eventId }) => eventId);
    const next = (await parkedEvents(manager, this.projection, { edition: 'next' })).map(({ eventId }) => eventId);
    return [...new Set([...live, ...next])].filter((id) => live.includes(id) !== next.includes(id));
  }

  private async compareTable(metadata: EntityMetadata, signal: AbortSignal): Promise<TableComparison> {
    const live = new TableWalk(this.runner, this.database, metadata, 'live', signal);
    const next = new TableWalk(this.runner, this.database, metadata, 'next', signal);
    const differences = { onlyLive: 0, onlyNext: 0, changed: 0 };
    const examples: string[] = [];
    const note = (kind: keyof typeof differences, id: string) => {
      differences[kind] += 1;
      if (examples.length < MOST_EXAMPLES) examples.push(id);
    };
    let [one, other] = [await live.next(), await next.next()];
    while (one !== undefined || other !== undefined)
      if (other === undefined || (one !== undefined && one.id < other.id)) {
        note('onlyLive', one?.id ?? '');
        one = await live.next();
      } else if (one === undefined || other.id < one.id) {
        note('onlyNext', other.id);
        other = await next.next();
      } else {
        if (one.text !== other.text) note('changed', one.id);
        one = live.loaded() ?? (await live.next());
        other = next.loaded() ?? (await next.next());
      }
    return { table: metadata.tableName, live: live.sum(), next: next.sum(), ...differences, examples };
  }
}

interface WalkedRow {
  readonly id: string;
  /** Everything in it. */
  readonly text: string;
}

/** Goes through a table in the order of its ids, a page at a time. */
class TableWalk {
  private readonly hash: Hash = createHash('sha256');
  private readonly select: string;
  private page: readonly WalkedRow[] = [];
  private index = 0;
  private last = '';
  private rows = 0;

  constructor(
    private readonly runner: QueryRunner,
    database: DataSource,
    metadata: EntityMetadata,
    edition: Edition,
    private readonly signal: AbortSignal,
  ) {
    const { name, parameter } = new Dialect(database);
    const others = metadata.columns.map(({ databaseName }) => databaseName).filter((column) => column !== 'id');
    this.select = `SELECT ${['id', ...others].map(name).join(', ')} FROM ${name(tableName(metadata, edition))}
                   WHERE id > ${parameter(0)} ORDER BY id LIMIT ${ROWS_PER_PAGE}`;
  }

  /** The next row if it needs no waiting. */
  loaded(): WalkedRow | undefined {
    const row = this.page[this.index];
    if (row === undefined) return undefined;
    this.index += 1;
    this.rows += 1;
    this.hash.update(row.text);
    return row;
  }

  async next(): Promise<WalkedRow | undefined> {
    const row = this.loaded();
    if (row !== undefined) return row;
    await nextTurn();
    this.signal.throwIfAborted();
    const rows = (await this.runner.query(this.select, [this.last])) as { readonly id: string }[];
    this.page = rows.map((each) => ({ id: each.id, text: JSON.stringify(Object.values(each)) }));
    this.index = 0;
    this.last = this.page.at(-1)?.id ?? this.last;
    return this.loaded();
  }

  sum(): TableSum {
    return { rows: this.rows, checksum: this.hash.copy().digest('hex') };
  }
}
