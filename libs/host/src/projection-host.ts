import pLimit from 'p-limit';
import { isDatabaseLost } from '#database/database-lost.js';
import { type ProjectionControl, projectionControl, projectionStream } from '#domain/projection/projection-control.js';
import { LOG_START, type LogSlice, type Position } from '#event-store/event-store.js';
import { type ParkedEventRow, countParkedEvents } from '#read-models/parked-event.js';
import type { Projection } from '#read-models/projection.js';
import { ProjectionSupervisor } from '#read-models/projection-supervisor.js';
import type { ReadModelProgress } from '#read-models/progress.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { Stores } from './stores.js';
import type { Tracing } from './tracing.js';

/** How far a projection is behind the log. */
export interface ProjectionLag {
  readonly projection: string;
  readonly position: Position;
  readonly head: Position;
  readonly events: number;
}

/** Runs every projection of this process. */
export class ProjectionHost {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly stores: Stores,
    private readonly progress: ReadModelProgress,
    private readonly metrics: Metrics,
    private readonly log: Log,
    private readonly tracing: Tracing,
  ) {}

  start(): void {
    const { eventStore, codec, readModels } = this.stores;
    const observer = {
      advanced: (projection: Projection, slice: LogSlice) => this.advanced(projection, slice),
      failed: (projections: readonly Projection[], error: unknown) => this.failed(projections, error),
      parked: (event: ParkedEventRow) => this.parked(event),
    };
    const supervisor = new ProjectionSupervisor(
      {
        store: eventStore,
        codec,
        database: readModels.writer,
        inTurn: pLimit(1),
        now: () => new Date(),
        observer,
        tracer: this.tracing.batches,
      },
      (projection) => projectionControlOf(this.stores, projection),
      PROJECTIONS,
    );
    this.running = readModels.turn.take(this.stopping.signal, async (turn) => {
      this.log.info({}, 'this process keeps the read models');
      await supervisor.run(turn);
    });
  }

  /** Finishes the transactions under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private advanced({ name: projection }: Projection, { events, through, caughtUp }: LogSlice): void {
    this.progress.advanced(projection, through);
    this.metrics.projectionPosition.set({ projection }, Number(through));
    this.metrics.projectionEvents.inc({ projection }, events.length);
    const last = events.at(-1);
    const age = last === undefined || caughtUp ? 0 : (Date.now() - last.recordedAt.getTime()) / 1_000;
    this.metrics.projectionLagSeconds.set({ projection }, age);
    this.log.debug({ projection, events: events.length, through }, 'a projection went on');
  }

  private failed(projections: readonly Projection[], error: unknown): void {
    for (const { name: projection } of projections) this.metrics.projectionFailures.inc({ projection });
    this.log.error({ projections: projections.map(({ name }) => name), error }, 'a projection failed and tries again');
  }

  private parked({ projection, stream, revision, type, error }: ParkedEventRow): void {
    this.log.error({ projection, stream, revision, type, reason: error }, 'an event was parked');
  }
}

/** What operators have said of a projection. */
export async function projectionControlOf({ repository }: Stores, projection: string): Promise<ProjectionControl> {
  return (await repository.load(projectionControl, projectionStream(projection))).state;
}

/** How far every projection is behind, whichever process keeps it. @throws what says that the database is lost */
export async function projectionLags({ eventStore }: Stores, progress: ReadModelProgress): Promise<ProjectionLag[]> {
  const head = await eventStore.head();
  return Promise.all(
    PROJECTIONS.map(async ({ name }) => {
      const position = await progress.look(name).catch((error: unknown) => {
        if (isDatabaseLost(error)) throw error;
        return LOG_START;
      });
      return { projection: name, position, head, events: Math.max(0, Number(BigInt(head) - BigInt(position))) };
    }),
  );
}

/** Looks where every projection is, for the metrics: what the process knows of itself is never more wanted than when a store is lost. */
export async function measureProjections(metrics: Metrics, stores: Stores, progress: ReadModelProgress): Promise<void> {
  const lags = await projectionLags(stores, progress).catch(() => []);
  for (const { projection, position, events } of lags) {
    metrics.projectionPosition.set({ projection }, Number(position));
    metrics.projectionLagEvents.set({ projection }, events);
  }
  if (lags.length === 0) return;
  const parked = await countParkedEvents(stores.readModels.reader.manager).catch(() => null);
  if (parked === null) return;
  for (const { projection } of lags) metrics.projectionParked.set({ projection }, parked.get(projection) ?? 0);
}
