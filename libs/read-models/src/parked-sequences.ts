import type { EntityManager } from 'typeorm';
import { ParkedEventRow } from './parked-event.js';
import { type Projection, sequenceOf } from './projection.js';

/** Which sequences of events are parked, as the one who parks them knows it. */
export class ParkedSequences {
  private readonly byProjection = new Map<string, Set<string>>();

  /** @param most of one projection */
  constructor(private readonly most: number) {}

  async load(manager: EntityManager, projections: readonly Projection[]): Promise<void> {
    this.byProjection.clear();
    for (const { name: projection } of projections)
      for (const row of await manager.findBy(ParkedEventRow, { projection })) this.add(row);
  }

  of({ name }: Projection): readonly string[] {
    return [...(this.byProjection.get(name) ?? [])];
  }

  /** Whether an event of the stream has to wait. */
  hold(projection: Projection, stream: string): boolean {
    const sequences = this.byProjection.get(projection.name);
    return sequences !== undefined && sequences.has(sequenceOf(projection, stream));
  }

  /** Whether no more may be parked: the projection stops instead. */
  isFull({ name }: Projection): boolean {
    return (this.byProjection.get(name)?.size ?? 0) >= this.most;
  }

  add({ projection, sequence }: Pick<ParkedEventRow, 'projection' | 'sequence'>): void {
    const sequences = this.byProjection.get(projection) ?? new Set<string>();
    sequences.add(sequence);
    this.byProjection.set(projection, sequences);
  }

  release({ name }: Projection, sequence: string): void {
    this.byProjection.get(name)?.delete(sequence);
  }
}
