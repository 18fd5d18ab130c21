import type { Position } from '#event-store/event-store.js';
import { CheckpointRow } from '#read-models/checkpoint.js';
import { countParkedEvents } from '#read-models/parked-event.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { projectionControlOf, projectionLags } from './projection-host.js';
import type { Stores } from './stores.js';

/** How a projection is getting on, as the database and the log say; nobody has to run. */
export interface ProjectionStatus {
  readonly projection: string;
  /** That filled its tables; null before anything did. */
  readonly version: number | null;
  /** Of this program; another one than that of the tables fills them anew at its next start. */
  readonly programVersion: number;
  /** `behind`: it has not seen the end of the log. */
  readonly state: 'current' | 'behind' | 'paused';
  readonly position: Position;
  /** The end of the log. */
  readonly head: Position;
  /** How many positions of the log it has not seen. */
  readonly behind: number;
  /** How many events it could not apply, and how many wait behind them, together. */
  readonly parked: number;
}

/** @throws what says that the log or the database is lost */
export async function projectionStatuses(stores: Stores): Promise<ProjectionStatus[]> {
  const { manager } = stores.readModels.reader;
  const lags = await projectionLags(stores, new ReadModelProgress(stores.readModels.reader));
  const parked = await countParkedEvents(manager);
  const checkpoints = new Map((await manager.find(CheckpointRow)).map((row) => [row.projection, row]));
  return Promise.all(
    lags.map(async ({ projection, position, head, events: behind }) => {
      const { isPaused } = await projectionControlOf(stores, projection);
      return {
        projection,
        version: checkpoints.get(projection)?.version ?? null,
        programVersion: PROJECTIONS.find(({ name }) => name === projection)?.version ?? 0,
        state: isPaused ? 'paused' : behind > 0 ? 'behind' : 'current',
        position,
        head,
        behind,
        parked: parked.get(projection) ?? 0,
      };
    }),
  );
}
