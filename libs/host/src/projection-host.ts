import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { isDatabaseLost } from '#database/database-lost.js';
import { outdatedBefore, removeScratchCopies } from '#audit/scratch.js';
import { AGEING, ageing } from '#domain/ageing/ageing.js';
import {
  type ProjectionControl,
  type RebuildFailure,
  projectionControl,
  projectionStream,
} from '#domain/projection/projection-control.js';
import { systemContext } from '#event-store/envelope.js';
import { LOG_START, type LogSlice, type Position } from '#event-store/event-store.js';
import type { ParkedEventRow } from '#read-models/parked-event.js';
import { dropOldVersions } from '#read-models/old-versions.js';
import type { Projection } from '#read-models/projection.js';
import { ProjectionSupervisor } from '#read-models/projection-supervisor.js';
import type { ReadModelProgress } from '#read-models/progress.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import { rebuildElsewhere } from './rebuild/rebuild-process.js';
import { Presence } from './presence.js';
import type { SealingHost } from './sealing/sealing-host.js';
import type { Stores } from './stores.js';
import type { Tracing } from './tracing.js';

/** How far a projection is behind the log. */
export interface ProjectionLag {
  readonly projection: Projection;
  readonly position: Position;
  readonly head: Position;
}

const TIDY_MS = 3_600_000;

/** Runs every projection of this process, and seals the log. */
export class ProjectionHost {
  private readonly stopping = new AbortController();
  /** Who writes on the connection of the read models does so in turn. */
  private readonly inTurn = pLimit(1);
  private readonly presence: Presence;
  private running: Promise<void> | undefined;

  constructor(
    private readonly stores: Stores,
    private readonly progress: ReadModelProgress,
    private readonly metrics: Metrics,
    private readonly log: Log,
    private readonly tracing: Tracing,
    private readonly sealing: SealingHost,
  ) {
    this.presence = new Presence(stores.readModels.writer, this.inTurn, PROJECTIONS, 'stands by');
  }

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
        inTurn: this.inTurn,
        now: () => new Date(),
        observer,
        isAwaited: this.progress.isAwaited,
        tracer: this.tracing.batches,
        controlOf: (projection) => projectionControlOf(this.stores, projection),
        rebuild: (projection, what, signal) => {
          const { settings } = this.stores;
          const ended = (failure: RebuildFailure | null) => this.rebuilt(projection, failure);
          this.log.info({ projection: projection.name }, 'a rebuild begins, or goes on');
          return rebuildElsewhere({ settings, inTurn: this.inTurn, observer, ended }, projection, what, signal);
        },
      },
      PROJECTIONS,
    );
    this.presence.start();
    this.running = readModels.turn.take(this.stopping.signal, async (turn) => {
      this.log.info({}, 'this process keeps the read models');
      this.presence.role = 'keeps';
      await Promise.all([supervisor.run(turn), this.tidy(turn), this.sealing.run(turn)]);
      this.presence.role = 'stands by';
    });
  }

  /** Finishes the transactions under way. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.presence.stop();
  }

  /** Now and then removes events and keys that are kept no longer, and what only programs before this one have read. */
  private async tidy(signal: AbortSignal): Promise<void> {
    const { eventStore, readModels, repository, vault, settings } = this.stores;
    while (!signal.aborted) {
      const at = { inTurn: this.inTurn, now: new Date(), signal };
      try {
        await dropOldVersions(readModels.writer, PROJECTIONS, at);
        await repository.execute(ageing, AGEING, { type: 'ForgetAgedEvents', now: at.now }, systemContext(at.now));
        const events = await eventStore.removeAged(signal);
        if (events > 0) this.log.info({ events }, 'events were removed that are kept no longer');
        removeScratchCopies(settings.data, outdatedBefore(at.now));
        const days = await vault.destroyAgedKeys();
        if (days > 0) this.log.info({ days }, 'the keys were destroyed of addresses that are kept no longer');
      } catch (error) {
        this.log.warn({ error }, 'what is kept no longer could not be removed');
      }
      await delay(TIDY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  private advanced(version: Projection, { events, through }: LogSlice): void {
    const { name: projection } = version;
    this.progress.advanced(version, through);
    this.metrics.projectionPosition.set({ projection }, Number(through));
    this.presence.advanced(version, events.length);
    this.metrics.projectionEvents.inc({ projection }, events.length);
    this.log.debug({ projection, events: events.length, through }, 'a projection went on');
  }

  private rebuilt({ name: projection }: Projection, failure: RebuildFailure | null): void {
    if (failure === null) this.log.info({ projection }, 'a rebuild is done');
    else this.log.error({ projection, failure }, 'a rebuild came to nothing');
  }

  private failed(projections: readonly Projection[], error: unknown): void {
    for (const projection of projections) {
      this.presence.failed(projection, error);
      this.metrics.projectionFailures.inc({ projection: projection.name });
    }
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
    PROJECTIONS.map(async (projection) => {
      const position = await progress.look(projection).catch((error: unknown) => {
        if (isDatabaseLost(error)) throw error;
        return LOG_START;
      });
      return { projection, position, head };
    }),
  );
}
