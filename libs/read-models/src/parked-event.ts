import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { StreamName } from '#domain/ids.js';
import type { EventStore, Position, RecordedEvent } from '#event-store/event-store.js';
import { epochMs } from './epoch-ms.js';
import { type Projection, sequenceOf } from './projection.js';

/** An event that a projection could not apply, or that waits behind one: nothing of it is in the projection's tables. */
@Entity('parked_event')
@Index('parked_event_in_sequence', ['projection', 'sequence'])
export class ParkedEventRow {
  /** The projection and the event. */
  @PrimaryColumn('text')
  id: string;

  @Column('text')
  projection: string;

  /** The projection's version that could not apply it. */
  @Column('integer')
  version: number;

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
  eventId: string;

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

export const parkedId = (projectionName: string, eventId: string) => `${projectionName}/${eventId}`;

/** In the order of the log. */
export async function parkedEvents(
  manager: EntityManager,
  where: { readonly projection: string; readonly sequence?: string },
): Promise<ParkedEventRow[]> {
  const rows = await manager.findBy(ParkedEventRow, where);
  return rows.toSorted((one, other) => (BigInt(one.position) < BigInt(other.position) ? -1 : 1));
}

/** As the log has it; undefined if it does not any more. */
export async function recordedEventOf(
  store: EventStore,
  { stream, revision, eventId }: ParkedEventRow,
): Promise<RecordedEvent | undefined> {
  for await (const event of store.readStream(stream as StreamName, revision))
    return event.id === eventId ? event : undefined;
  return undefined;
}

/** How many there are, by projection. */
export async function countParkedEvents(manager: EntityManager): Promise<ReadonlyMap<string, number>> {
  const counts = await manager
    .createQueryBuilder(ParkedEventRow, 'parked')
    .select('parked.projection', 'projection')
    .addSelect('COUNT(*)', 'count')
    .groupBy('parked.projection')
    .getRawMany<{ projection: string; count: number | string }>();
  return new Map(counts.map(({ projection, count }) => [projection, Number(count)]));
}

/** @param failure null if it waits behind another one */
export function parkedRow(
  projection: Projection,
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
    id: parkedId(projection.name, id),
    projection: projection.name,
    version: projection.version,
    sequence: sequenceOf(projection, stream),
    stream,
    revision,
    position,
    eventId: id,
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
