import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DataSource, QueryRunner } from 'typeorm';
import { Dialect } from '#database/dialect.js';
import { LOG_START, type Position, asPosition, hasReached } from '#event-store/event-store.js';
import { ParkedEventRow } from './parked-event.js';
import type { Projection } from './projection.js';

/** How far a projection has come. It moves in the transaction that writes the rows. */
@Entity('checkpoint')
export class CheckpointRow {
  @PrimaryColumn('text')
  projection: string;

  /** The projection's version that filled its tables. */
  @Column('integer')
  version: number;

  /** The position of the last event that was considered; decimal. */
  @Column('text')
  position: string;
}

/** Another process has moved a checkpoint; nothing of this one's slice was written. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/**
 * Where a projection goes on. Tables that another version filled, or that know more than the log does, are emptied first.
 * @param head the end of the log
 */
export async function resume(runner: QueryRunner, projection: Projection, head: Position): Promise<Position> {
  const { name, version, tables } = projection;
  const known = await runner.manager.findOneBy(CheckpointRow, { projection: name });
  const position = known === null ? LOG_START : asPosition(known.position);
  if (known?.version === version && hasReached(head, position)) return position;
  for (const table of tables) await runner.manager.createQueryBuilder().delete().from(table).execute();
  await runner.manager.delete(ParkedEventRow, { projection: name });
  await runner.manager.upsert(CheckpointRow, { projection: name, version, position: LOG_START }, ['projection']);
  return LOG_START;
}

/** Moves the checkpoints of projections that stand at the same place. @throws Fenced if one of them stands elsewhere */
export async function moveCheckpoints(
  database: DataSource,
  runner: QueryRunner,
  projections: readonly Projection[],
  from: Position,
  to: Position,
): Promise<void> {
  const { parameter } = new Dialect(database);
  const each = projections.map(
    (_, n) => `(projection = ${parameter(2 * n + 2)} AND version = ${parameter(2 * n + 3)})`,
  );
  const moved = await runner.query(
    `UPDATE checkpoint SET position = ${parameter(0)} WHERE position = ${parameter(1)} AND (${each.join(' OR ')})`,
    [to, from, ...projections.flatMap(({ name, version }) => [name, version])],
    true,
  );
  if (moved.affected !== projections.length) throw new Fenced('the read models are being kept by another process');
}
