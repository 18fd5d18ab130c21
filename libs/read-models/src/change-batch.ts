import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource, EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm';
import { Dialect } from '#database/dialect.js';
import { type Edition, tableName } from './edition.js';
import type { Change, Condition, Table } from './projection.js';

/** What is to become of one row. */
interface RowChange {
  readonly kind: 'put' | 'patch' | 'remove';
  readonly fields: ObjectLiteral;
}

interface Patch {
  readonly id: string;
  readonly fields: ObjectLiteral;
}

const ROWS_PER_STATEMENT = 128;
/** Where statements are kept, so many rows or fewer at a time, so that few different ones have to be prepared. */
const SIZES_OF_KEPT = [ROWS_PER_STATEMENT, 32, 8, 1];
/** Writing is synchronous: after so many rows everyone else has a turn. */
const ROWS_PER_TURN = 128;

/**
 * The changes of many events, brought together before they are written: a row that is inserted and then changed ten times
 * is written once, and rows are inserted many at a time.
 */
export class ChangeBatch {
  private readonly tables = new Map<Table, Map<string, RowChange>>();
  private readonly dialect: Dialect;
  private rowsOfTurn = 0;

  constructor(
    private readonly database: DataSource,
    private readonly runner: QueryRunner,
    private readonly edition: Edition,
  ) {
    this.dialect = new Dialect(database);
  }

  async add(change: Change): Promise<void> {
    switch (change.kind) {
      case 'put':
        this.rowsOf(change.table).set(String(change.row['id']), { kind: 'put', fields: change.row });
        return;
      case 'patch':
        this.patch(change.table, change.id, change.fields);
        return;
      case 'remove':
        this.rowsOf(change.table).set(change.id, { kind: 'remove', fields: {} });
        return;
      case 'patch-where':
        // Which rows it meets depends on what came before.
        await this.flush();
        await this.updateWhere(this.database.getMetadata(change.table), change.fields, change.conditions);
        return;
      case 'remove-where':
        await this.flush();
        await this.deleteWhere(this.database.getMetadata(change.table), change.conditions);
    }
  }

  async flush(): Promise<void> {
    for (const [table, rows] of this.tables) {
      const metadata = this.database.getMetadata(table);
      const puts: ObjectLiteral[] = [];
      const removed: string[] = [];
      const patches = new Map<string, Patch[]>();
      for (const [id, { kind, fields }] of rows) {
        if (kind === 'put') puts.push(fields);
        else if (kind === 'remove') removed.push(id);
        else {
          const names = Object.keys(fields).toSorted().join();
          const alike = patches.get(names) ?? [];
          alike.push({ id, fields });
          patches.set(names, alike);
        }
      }
      for (const alike of patches.values()) await this.update(metadata, alike);
      await this.upsert(metadata, puts);
      await this.delete(metadata, removed);
    }
    this.tables.clear();
  }

  private patch(table: Table, id: string, fields: ObjectLiteral): void {
    const rows = this.rowsOf(table);
    const before = rows.get(id);
    if (before?.kind === 'remove') return;
    rows.set(id, { kind: before?.kind ?? 'patch', fields: { ...before?.fields, ...fields } });
  }

  private rowsOf(table: Table): Map<string, RowChange> {
    const rows = this.tables.get(table) ?? new Map<string, RowChange>();
    this.tables.set(table, rows);
    return rows;
  }

  private async upsert(metadata: EntityMetadata, rows: readonly ObjectLiteral[]): Promise<void> {
    const { name, parameters } = this.dialect;
    const { columns } = metadata;
    const names = columns.map(({ databaseName }) => name(databaseName));
    const replaced = names.filter((column) => column !== name('id')).map((column) => `${column} = excluded.${column}`);
    for (const chunk of this.chunked(rows)) {
      const tuples = chunk.map((_, row) => `(${parameters(names.length, row * names.length)})`);
      await this.write(
        chunk.length,
        `INSERT INTO ${this.nameOf(metadata)} (${names.join(', ')}) VALUES ${tuples.join(', ')}
         ON CONFLICT (${name('id')}) DO UPDATE SET ${replaced.join(', ')}`,
        chunk.flatMap((row) => columns.map(({ propertyName }): unknown => row[propertyName])),
      );
    }
  }

  /** Changes the same fields of many rows. */
  private async update(metadata: EntityMetadata, alike: readonly Patch[]): Promise<void> {
    const { name, parameters } = this.dialect;
    const table = this.nameOf(metadata);
    const changed = metadata.columns.filter(
      ({ propertyName }) => alike[0] !== undefined && propertyName in alike[0].fields,
    );
    const width = changed.length + 1;
    // Both databases call what stands in VALUES column1 and so on; PostgreSQL takes all of it for text.
    const sets = changed.map(
      (column, index) =>
        `${name(column.databaseName)} = CAST(patch.column${index + 2} AS ${this.database.driver.normalizeType(column)})`,
    );
    const valuesOf = ({ id, fields }: Patch): unknown[] => [
      id,
      ...changed.map(({ propertyName }): unknown => fields[propertyName]),
    ];
    for (const chunk of this.chunked(alike)) {
      const tuples = chunk.map((_, row) => `(${parameters(width, row * width)})`);
      await this.write(
        chunk.length,
        `UPDATE ${table} SET ${sets.join(', ')} FROM (VALUES ${tuples.join(', ')}) AS patch
         WHERE ${table}.${name('id')} = patch.column1`,
        chunk.flatMap(valuesOf),
      );
    }
  }

  private async updateWhere(
    metadata: EntityMetadata,
    fields: ObjectLiteral,
    conditions: readonly Condition[],
  ): Promise<void> {
    const { name, parameter } = this.dialect;
    const changed = metadata.columns.filter(({ propertyName }) => propertyName in fields);
    const sets = changed.map(({ databaseName }, index) => `${name(databaseName)} = ${parameter(index)}`);
    const where = this.where(metadata, conditions, changed.length);
    await this.write(1, `UPDATE ${this.nameOf(metadata)} SET ${sets.join(', ')} WHERE ${where}`, [
      ...changed.map(({ propertyName }): unknown => fields[propertyName]),
      ...conditions.map(({ value }) => value),
    ]);
  }

  private async delete(metadata: EntityMetadata, ids: readonly string[]): Promise<void> {
    const { name, parameters } = this.dialect;
    for (const chunk of this.chunked(ids))
      await this.write(
        chunk.length,
        `DELETE FROM ${this.nameOf(metadata)} WHERE ${name('id')} IN (${parameters(chunk.length)})`,
        chunk,
      );
  }

  private async write(rows: number, statement: string, values: unknown[]): Promise<void> {
    this.rowsOfTurn += rows;
    if (this.rowsOfTurn > ROWS_PER_TURN) {
      this.rowsOfTurn = rows;
      await nextTurn();
    }
    await this.runner.query(statement, values);
  }

  private async deleteWhere(metadata: EntityMetadata, conditions: readonly Condition[]): Promise<void> {
    await this.runner.query(
      `DELETE FROM ${this.nameOf(metadata)} WHERE ${this.where(metadata, conditions)}`,
      conditions.map(({ value }) => value),
    );
  }

  /** @param from the index of the first parameter */
  private where({ columns }: EntityMetadata, conditions: readonly Condition[], from = 0): string {
    const { name, parameter } = this.dialect;
    const tests = conditions.map(({ column, is }, index) => {
      const databaseName = columns.find(({ propertyName }) => propertyName === column)?.databaseName ?? column;
      return `${name(databaseName)} ${is} ${parameter(from + index)}`;
    });
    return tests.join(' AND ');
  }

  private nameOf(metadata: EntityMetadata): string {
    return this.dialect.name(tableName(metadata, this.edition));
  }

  private chunked<Item>(items: readonly Item[]): Item[][] {
    const chunks: Item[][] = [];
    for (let from = 0; from < items.length;) {
      const rest = Math.min(ROWS_PER_STATEMENT, items.length - from);
      const size = this.dialect.isEmbedded ? (SIZES_OF_KEPT.find((rows) => rows <= rest) ?? rest) : rest;
      chunks.push(items.slice(from, from + size));
      from += size;
    }
    return chunks;
  }
}
