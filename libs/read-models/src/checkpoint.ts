import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { Dialect } from '#database/dialect.js';
import { LOG_START, type Position, asPosition, hasReached } from '#event-store/event-store.js';
import type { Edition } from './edition.js';
import { epochMs } from './epoch-ms.js';
import { ParkedEventRow } from './parked-event.js';
import type { Projection, ProjectionVersion } from './projection.js';
import type { ProjectionTables } from './projection-tables.js';

/** How far some tables of a projection have come. It moves in the transaction that writes the rows. */
@Entity('projection_checkpoint')
export class CheckpointRow {
  @PrimaryColumn('text')
  projection: string;

  @PrimaryColumn('integer')
  version: number;

  @PrimaryColumn('text')
  edition: Edition;

  /** The position of the last event that was considered; decimal. */
  @Column('text')
  position: string;

  /** Changes whenever a sequence of events begins or ceases to be parked. */
  @Column('integer')
  parking: number;

  /** How many events of its categories it has considered. */
  @Column('bigint', { transformer: epochMs })
  events: number;

  /** When the last of them was recorded; epoch milliseconds, 0 before the first. */
  @Column('bigint', { transformer: epochMs })
  recordedAt: number;

  /** When it moved last; epoch milliseconds. */
  @Column('bigint', { transformer: epochMs })
  movedAt: number;

  /** The names of the live tables, joined by spaces. */
  @Column('text')
  tables: string;
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

/** A way through the log, and what was on it. */
export interface Move {
  readonly from: Position;
  readonly to: Position;
  readonly events: number;
  /** When the last of the events was recorded; null where there was none. */
  readonly recordedAt: Date | null;
}

export const findCheckpoint = (
  manager: EntityManager,
  { name: projection, version }: ProjectionVersion,
  edition: Edition,
): Promise<CheckpointRow | null> => manager.findOneBy(CheckpointRow, { projection, version, edition });

/**
 * Where a projection goes on. Tables that know more than the log does are emptied first.
 * @param head the end of the log
 */
export async function resume(
  runner: QueryRunner,
  tables: ProjectionTables,
  projection: Projection,
  edition: Edition,
  { head, now }: { readonly head: Position; readonly now: Date },
): Promise<Checkpoint> {
  const { name, version } = projection;
  const known = await findCheckpoint(runner.manager, projection, edition);
  if (known !== null && hasReached(head, asPosition(known.position)))
    return { position: asPosition(known.position), parking: known.parking };
  await tables.empty(runner, projection, edition);
  await runner.manager.delete(ParkedEventRow, { projection: name, version, edition });
  const parking = (known?.parking ?? 0) + 1;
  const place = {
    position: LOG_START,
    parking,
    events: 0,
    recordedAt: 0,
    movedAt: now.getTime(),
    tables: tables.namesOf(projection, 'live').join(' '),
  };
  await runner.manager.upsert(CheckpointRow, { projection: name, version, edition, ...place }, [
    'projection',
    'version',
    'edition',
  ]);
  return { position: LOG_START, parking };
}

/**
 * Moves the checkpoints of projections that stand at the same place.
 * @param parkingOf what this process knows to be parked
 * @throws Fenced if one of them stands elsewhere, or something else is parked of it
 */
export async function moveCheckpoints(
  database: DataSource,
  runner: QueryRunner,
  { projections, edition, now }: { projections: readonly Projection[]; edition: Edition; now: Date },
  { from, to, events, recordedAt }: Move,
  parkingOf: (projection: Projection) => number,
): Promise<void> {
  const { parameter } = new Dialect(database);
  const values: unknown[] = [];
  const value = (one: unknown) => parameter(values.push(one) - 1);
  const sets = `position = ${value(to)}, events = events + ${value(events)}, "movedAt" = ${value(now.getTime())}`;
  const recorded = recordedAt === null ? '' : `, "recordedAt" = ${value(recordedAt.getTime())}`;
  const place = `position = ${value(from)} AND edition = ${value(edition)}`;
  const each = projections.map(
    (projection) =>
      `(projection = ${value(projection.name)} AND version = ${value(projection.version)}
        AND parking = ${value(parkingOf(projection))})`,
  );
  const moved = await runner.query(
    `UPDATE projection_checkpoint SET ${sets}${recorded} WHERE ${place} AND (${each.join(' OR ')})`,
    values,
    true,
  );
  if (moved.affected !== projections.length) throw fenced();
}

/** Says that what is parked of a projection changes. @throws Fenced if something else is parked than is known */
export async function changeParking(
  runner: QueryRunner,
  { name: projection, version }: ProjectionVersion,
  edition: Edition,
  parking: number,
): Promise<void> {
  const changed = await runner.manager.update(
    CheckpointRow,
    { projection, version, edition, parking },
    { parking: parking + 1 },
  );
  if (changed.affected !== 1) throw fenced();
}

const fenced = () => new Fenced('the read models are being kept by another process');
