import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { MoreThan, type ObjectLiteral } from 'typeorm';
import type { Position } from '#event-store/event-store.js';
import type { Projection, Table } from '#read-models/projection.js';
import { Projector } from '#read-models/projector.js';
import { type ReadModelDatabase, openReadModels } from '#read-models/read-model-database.js';
import type { EventSource } from './entries.js';

/** So long a copy is of use to those who go on asking. */
const KEPT_MS = 3_600_000;
const ROWS = 500;

/** What was written before this is of no use any more. */
export const outdatedBefore = (now: Date): Date => new Date(now.getTime() - KEPT_MS);

/** Where copies are, beside the files of the service. */
export const scratchFolder = (data: string): string => join(data, 'scratch');

/** A read model as it was at a position: filled by the same projection, in a file that nobody else reads. */
export class ScratchCopy {
  private constructor(
    readonly file: string,
    private readonly database: ReadModelDatabase,
    private readonly projection: Projection,
  ) {}

  /**
   * Fills it, or goes on where it was broken off. Copies that are older than an hour are removed.
   * @param whose tells copies apart that show different things
   * @param progress told the position that it has come to
   */
  static async fill(
    { store, codec }: EventSource,
    projection: Projection,
    through: Position,
    { data, whose, now, progress }: ScratchOptions,
  ): Promise<ScratchCopy> {
    const folder = scratchFolder(data);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    removeScratchCopies(data, outdatedBefore(now));
    const file = join(folder, `${projection.name}-v${projection.version}-${through}-${whose}.db`);
    const database = await openReadModels({ file }, [projection]);
    try {
      await new Projector(
        {
          store,
          codec,
          database: database.writer,
          inTurn: pLimit(1),
          now: () => now,
          observer: {
            advanced: (_, slice) => progress(slice.through),
            failed: fail,
            parked: ({ error }) => fail([], error),
          },
          limits: { until: through },
        },
        [projection],
      ).run(new AbortController().signal);
      return new ScratchCopy(file, database, projection);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** The rows of all its tables, in the order of their ids. */
  async *rows(): AsyncIterable<{ readonly table: string; readonly row: ObjectLiteral }> {
    for (const table of this.projection.tables) yield* this.rowsOf(table);
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private async *rowsOf(table: Table): AsyncIterable<{ readonly table: string; readonly row: ObjectLiteral }> {
    const repository = this.database.reader.getRepository(table);
    const name = repository.metadata.tableName.replace(/_v\d+$/, '');
    for (let after = ''; ;) {
      const rows = await repository.find({ where: { id: MoreThan(after) }, order: { id: 'ASC' }, take: ROWS });
      for (const row of rows) yield { table: name, row };
      const last = rows.at(-1);
      if (last === undefined) return;
      after = String(last['id']);
    }
  }
}

interface ScratchOptions {
  /** The folder of the service. */
  readonly data: string;
  readonly whose: string;
  readonly now: Date;
  readonly progress: (position: Position) => void;
}

/** Removes copies that were last written before a time; all of them without one. */
export function removeScratchCopies(data: string, before?: Date): void {
  const folder = scratchFolder(data);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter(isDatabase)) {
    const file = join(folder, name);
    if (before !== undefined && statSync(file).mtime >= before) continue;
    for (const part of ['', '-wal', '-shm']) rmSync(`${file}${part}`, { force: true });
  }
}

const isDatabase = (name: string) => name.endsWith('.db');

function fail(_: readonly Projection[], error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}
