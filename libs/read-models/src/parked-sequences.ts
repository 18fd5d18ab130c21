import type { EntityManager } from 'typeorm';
import type { Edition } from './edition.js';
import { ParkedEventRow } from './parked-event.js';
import { type Projection, sequenceOf } from './projection.js';

interface Parked {
  /** The state of the checkpoint that it is true with. */
  readonly parking: number;
  readonly sequences: ReadonlySet<string>;
}

/** Which sequences of events are parked, as this process knows it; the checkpoint tells whether that is still so. */
export class ParkedSequences {
  private readonly byProjection = new Map<string, Parked>();

  /** @param most of one projection */
  constructor(
    private readonly edition: Edition,
    private readonly most: number,
  ) {}

  async load(manager: EntityManager, { name: projection, version }: Projection, parking: number): Promise<void> {
    const where = { projection, version, edition: this.edition };
    const rows = await manager.find(ParkedEventRow, { where, select: { sequence: true } });
    this.byProjection.set(projection, { parking, sequences: new Set(rows.map(({ sequence }) => sequence)) });
  }

  parkingOf = (projection: Projection): number => this.find(projection).parking;

  sequencesOf = (projection: Projection): readonly string[] => [...this.find(projection).sequences];

  /** Whether an event of the stream has to wait. */
  hold(projection: Projection, stream: string): boolean {
    const { sequences } = this.find(projection);
    return sequences.size > 0 && sequences.has(sequenceOf(projection, stream));
  }

  /** Whether no more may be parked: the projection stops instead. */
  isFull(projection: Projection): boolean {
    return this.find(projection).sequences.size >= this.most;
  }

  add(projection: Projection, sequence: string): void {
    const { parking, sequences } = this.find(projection);
    this.byProjection.set(projection.name, { parking: parking + 1, sequences: new Set([...sequences, sequence]) });
  }

  private find({ name }: Projection): Parked {
    return this.byProjection.get(name) ?? { parking: 0, sequences: new Set() };
  }
}
