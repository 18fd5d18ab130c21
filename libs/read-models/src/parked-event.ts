import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { StreamName } from '#domain/ids.js';
import type { EventStore, Position, RecordedEvent } from '#event-store/event-store.js';
import type { Edition } from './edition.js';
import { epochMs } from './epoch-ms.js';
import { type Projection, type ProjectionVersion, sequenceOf } from './projection.js';

/** An event that a projection could not apply, or that waits behind one: nothing of it is in the projection's tables. */
@Entity('parked_event')
export class ParkedEventRow {
  @PrimaryColumn('text')
  projection: string;

  /** The projection's version that could not apply it. */
  @PrimaryColumn('integer')
  version: number;

  /** The tables that it is missing from. */
  @PrimaryColumn('text')
  edition: Edition;

  @PrimaryColumn('text')
  eventId: string;

  /** What must be applied in order: its first event failed, and the others wait. */
  @Column('text')
  sequence: string;

  @Column('text')
  stream: string;

  @Column('integer')
  revision: number;

  /** Decimal. */
  @Column('text')
  position: string;

  @Column('text')
  type: string;

  /** Why it failed; null for one that waits. */
  @Column('text', { nullable: true })
  error: string | null;

  /** How often it was tried. */
  @Column('integer')
  attempts: number;

  /** Epoch milliseconds, as the next one. */
  @Column('bigint', { transformer: epochMs })
  firstAt: number;

  @Column('bigint', { transformer: epochMs })
  lastAt: number;
}

/** In the order of the log. @param sequence all of them when left out */
export async function parkedEvents(
  manager: EntityManager,
  { name: projection, version }: ProjectionVersion,
  { edition = 'live', sequence }: { readonly edition?: Edition; readonly sequence?: string } = {},
): Promise<ParkedEventRow[]> {
  const ofSequence = sequence === undefined ? {} : { sequence };
  const rows = await manager.findBy(ParkedEventRow, { projection, version, edition, ...ofSequence });
  return rows.toSorted((one, other) => (BigInt(one.position) < BigInt(other.position) ? -1 : 1));
}

/** As the log has it; undefined if it does not any more. */
export async function recordedEventOf(
  store: EventStore,
  { stream, revision, eventId }: ParkedEventRow,
): Promise<RecordedEvent | undefined> {
  const event = await store.readEvent(stream as StreamName, revision);
  return event?.id === eventId ? event : undefined;
}

/** How many are missing from the live tables. */
export const countParkedEvents = (
  manager: EntityManager,
  { name: projection, version }: ProjectionVersion,
): Promise<number> => manager.countBy(ParkedEventRow, { projection, version, edition: 'live' });

/** @param failure null if it waits behind another one */
export function parkedRow(
  projection: Projection,
  edition: Edition,
  {
    id,
    stream,
    revision,
    position,
    type,
  }: Pick<RecordedEvent, 'id' | 'stream' | 'revision' | 'type'> & { position: Position },
  failure: { readonly error: unknown; readonly attempts: number } | null,
  now: Date,
): ParkedEventRow {
  return {
    projection: projection.name,
    version: projection.version,
    edition,
    eventId: id,
    sequence: sequenceOf(projection, stream),
    stream,
    revision,
    position,
    type,
    error: failure === null ? null : reasonOf(failure.error),
    attempts: failure?.attempts ?? 0,
    firstAt: now.getTime(),
    lastAt: now.getTime(),
  };
}

/** What went wrong, without what a database repeats of the values that it was given. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown fault';
  if (!('driverError' in error)) return `${error.name}: ${error.message}`;
  const { driverError } = error;
  const code = driverError instanceof Error && 'code' in driverError ? String(driverError.code) : 'unknown';
  return `the database refused what was to be written (${code})`;
}
