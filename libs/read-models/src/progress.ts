import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { LOG_START, type Position, asPosition, hasReached } from '#event-store/event-store.js';
import { CheckpointRow } from './checkpoint.js';

/** A read model did not get as far as it was asked to in time. */
export class ReadModelBehind extends Error {
  override readonly name = 'ReadModelBehind';
}

const WAIT_MS = 2_000;
/** How often the checkpoint is looked at while somebody waits: another process may be moving it. */
const LOOK_MS = 10;

/** Lets a query wait until its read model has seen what the asker has done. */
export class ReadModelProgress {
  private readonly reached = new Map<string, Position>();
  private readonly looking = new Map<string, Promise<Position>>();

  constructor(private readonly database: DataSource) {}

  /** Said by a projector of this process; saves looking. */
  advanced(projection: string, position: Position): void {
    this.reached.set(projection, position);
  }

  /**
   * Resolves once the projection has considered everything up to the position, with how far it has come.
   * @throws ReadModelBehind when it takes longer
   */
  async waitFor(projection: string, position: Position, withinMs = WAIT_MS): Promise<Position> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const known = this.reached.get(projection);
      if (known !== undefined && hasReached(known, position)) return known;
      const looked = await this.look(projection);
      if (hasReached(looked, position)) return looked;
      if (performance.now() > deadline)
        throw new ReadModelBehind(`${projection} has come to ${looked}, not to ${position}`);
      await delay(LOOK_MS);
    }
  }

  /** How far the projection has come, by its checkpoint. Those who ask meanwhile get the same answer. */
  look(projection: string): Promise<Position> {
    const underWay = this.looking.get(projection);
    if (underWay !== undefined) return underWay;
    const look = this.readCheckpoint(projection).finally(() => this.looking.delete(projection));
    this.looking.set(projection, look);
    return look;
  }

  private async readCheckpoint(projection: string): Promise<Position> {
    const row = await this.database.getRepository(CheckpointRow).findOneBy({ projection });
    const position = row === null ? LOG_START : asPosition(row.position);
    this.reached.set(projection, position);
    return position;
  }
}
