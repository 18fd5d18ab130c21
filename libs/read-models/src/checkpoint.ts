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

  /** Changes whenever a sequence of events begins or ceases to be parked. */
  @Column('integer')
  parking: number;
}

/** Another process has moved a checkpoint, or parked something; nothing of what this one was about to write was written. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** How far a projection has come, and what of its parking that is true with. */
export interface Checkpoint {
  readonly position: Position;
  readonly parking: number;
}

/**
 * Where a projection goes on. Tables that another version filled, or that know more than the log does, are emptied first.
 * @param head the end of the log
 */
export async function resume(runner: QueryRunner, projection: Projection, head: Position): Promise<Checkpoint> {
  const { name, version, tables } = projection;
  const known = await runner.manager.findOneBy(CheckpointRow, { projection: name });
  const position = known === null ? LOG_START : asPosition(known.position);
  const parking = known?.parking ?? 0;
  if (known?.version === version && hasReached(head, position)) return { position, parking };
  for (const table of tables) await runner.manager.createQueryBuilder().delete().from(table).execute();
  await runner.manager.delete(ParkedEventRow, { projection: name });
  const emptied = { projection: name, version, position: LOG_START, parking: parking + 1 };
  await runner.manager.upsert(CheckpointRow, emptied, ['projection']);
  return { position: LOG_START, parking: emptied.parking };
}

/**
 * Moves the checkpoints of projections that stand at the same place.
 * @param parkingOf what this process knows to be parked
 * @throws Fenced if one of them stands elsewhere, or something else is parked of it
 */
export async function moveCheckpoints(
  database: DataSource,
  runner: QueryRunner,
  projections: readonly Projection[],
  { from, to }: { readonly from: Position; readonly to: Position },
  parkingOf: (projection: Projection) => number,
): Promise<void> {
  const { parameter } = new Dialect(database);
  const each = projections.map((_, index) => {
    const [name, version, parking] = [2, 3, 4].map((n) => parameter(3 * index + n));
    return `(projection = ${name} AND version = ${version} AND parking = ${parking})`;
  });
  const moved = await runner.query(
    `UPDATE checkpoint SET position = ${parameter(0)} WHERE position = ${parameter(1)} AND (${each.join(' OR ')})`,
    [to, from, ...projections.flatMap((projection) => [projection.name, projection.version, parkingOf(projection)])],
    true,
  );
  if (moved.affected !== projections.length) throw fenced();
}

/** Says that what is parked of a projection changes. @throws Fenced if something else is parked than is known */
export async function changeParking(
  runner: QueryRunner,
  { name: projection, version }: Projection,
  parking: number,
): Promise<void> {
  const changed = await runner.manager.update(
    CheckpointRow,
    { projection, version, parking },
    { parking: parking + 1 },
  );
  if (changed.affected !== 1) throw fenced();
}

const fenced = () => new Fenced('the read models are being kept by another process');
