import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { LOG_START, type Position, asPosition, hasReached } from '#event-store/event-store.js';
import { findCheckpoint } from './checkpoint.js';
import type { ProjectionVersion } from './projection.js';

/** A read model did not get as far as it was asked to in time. */
export class ReadModelBehind extends Error {
  override readonly name = 'ReadModelBehind';
}

const WAIT_MS = 2_000;
/** How often the checkpoint is looked at while somebody waits: another process may be moving it. */
const LOOK_MS = 5;

/** Lets a query wait until its read model has seen what the asker has done. */
export class ReadModelProgress {
  private readonly reached = new Map<string, Position>();
  private readonly looking = new Map<string, Promise<Position>>();
  /** How many wait for a projection, by its name. */
  private readonly waiting = new Map<string, number>();

  constructor(private readonly database: DataSource) {}

  /** Said by a projector of this process; saves looking. */
  advanced({ name }: ProjectionVersion, position: Position): void {
    this.reached.set(name, position);
  }

  /**
   * Resolves once the projection has considered everything up to the position, with how far it has come.
   * @throws ReadModelBehind when it takes longer
   */
  async waitFor(projection: ProjectionVersion, position: Position, withinMs = WAIT_MS): Promise<Position> {
    const known = this.reached.get(projection.name);
    if (known !== undefined && hasReached(known, position)) return known;
    this.countWaiting(projection, 1);
    try {
      return await this.waitInTurn(projection, position, withinMs);
    } finally {
      this.countWaiting(projection, -1);
    }
  }

  /** Whether somebody of this process waits for it: then it had better go on at once. */
  isAwaited = ({ name }: ProjectionVersion): boolean => (this.waiting.get(name) ?? 0) > 0;

  private countWaiting({ name }: ProjectionVersion, more: number): void {
    this.waiting.set(name, (this.waiting.get(name) ?? 0) + more);
  }

  private async waitInTurn(projection: ProjectionVersion, position: Position, withinMs: number): Promise<Position> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const known = this.reached.get(projection.name);
      if (known !== undefined && hasReached(known, position)) return known;
      const looked = await this.look(projection);
      if (hasReached(looked, position)) return looked;
      if (performance.now() > deadline)
        throw new ReadModelBehind(`${projection.name} has come to ${looked}, not to ${position}`);
      await delay(LOOK_MS);
    }
  }

  /** How far the projection has come, by its checkpoint. Those who ask meanwhile get the same answer. */
  look(projection: ProjectionVersion): Promise<Position> {
    const { name } = projection;
    const underWay = this.looking.get(name);
    if (underWay !== undefined) return underWay;
    const look = this.readCheckpoint(projection).finally(() => this.looking.delete(name));
    this.looking.set(name, look);
    return look;
  }

  private async readCheckpoint(projection: ProjectionVersion): Promise<Position> {
    const row = await findCheckpoint(this.database.manager, projection, 'live');
    const position = row === null ? LOG_START : asPosition(row.position);
    this.reached.set(projection.name, position);
    return position;
  }
}
