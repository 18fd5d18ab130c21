import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { InTurn } from '#database/transaction.js';
import { reasonOf } from '#read-models/parked-event.js';
import type { ProjectionVersion } from '#read-models/projection.js';
import { type ProcessRole, ProjectionProcessRow } from '#read-models/projection-process.js';

/** So often a process says what it does, */
const KEEPER_BEAT_MS = 2_000;
/** and one that only reads that it is there: a writer of the same file holds it up. */
const READER_BEAT_MS = 60_000;
/** Whoever was silent for longer is gone, or stands still. */
export const PRESENT_MS = 10_000;

interface Work {
  events: number;
  error: string | null;
  errorAt: number;
}

/** Says in the database what this process does with which version of which projection, for operators to see. */
export class Presence {
  role: ProcessRole;
  private readonly process = `${hostname()}/${process.pid}`;
  private readonly work = new Map<string, Work>();
  private readonly stopping = new AbortController();
  private beating: Promise<void> | undefined;
  private beatAt = performance.now();

  constructor(
    private readonly database: DataSource,
    private readonly inTurn: InTurn,
    private readonly projections: readonly ProjectionVersion[],
    role: ProcessRole,
  ) {
    this.role = role;
  }

  start(): void {
    this.beating = this.beat();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.beating;
    if (this.role !== 'reads')
      await this.inTurn(() => this.database.manager.delete(ProjectionProcessRow, { process: this.process })).catch(
        () => undefined,
      );
  }

  advanced(projection: ProjectionVersion, events: number): void {
    this.workOf(projection).events += events;
  }

  failed(projection: ProjectionVersion, error: unknown): void {
    Object.assign(this.workOf(projection), { error: reasonOf(error), errorAt: Date.now() });
  }

  private async beat(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      // Nobody is worse off when it fails: who looks sees that nothing was said.
      await this.inTurn(() => this.say()).catch(() => undefined);
      const pause = this.role === 'reads' ? READER_BEAT_MS : KEEPER_BEAT_MS;
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private async say(): Promise<void> {
    const seconds = (performance.now() - this.beatAt) / 1_000;
    this.beatAt = performance.now();
    const rows = this.projections.map((projection): ProjectionProcessRow => {
      const { name, version } = projection;
      const work = this.workOf(projection);
      const rate = seconds > 0 ? Math.round(work.events / seconds) : 0;
      work.events = 0;
      const { error, errorAt } = work;
      const { process, role } = this;
      return { process, projection: name, version, role, rate, error, errorAt, seenAt: Date.now() };
    });
    await this.database.manager.upsert(ProjectionProcessRow, rows, ['process', 'projection', 'version']);
  }

  private workOf({ name }: ProjectionVersion): Work {
    const work = this.work.get(name) ?? { events: 0, error: null, errorAt: 0 };
    this.work.set(name, work);
    return work;
  }
}
