import type { RebuildOrder } from '#domain/projection/projection-control.js';
import { LOG_START, type Position, asPosition } from '#event-store/event-store.js';
import { CheckpointRow } from '#read-models/checkpoint.js';
import type { Edition } from '#read-models/edition.js';
import { countParkedEvents } from '#read-models/parked-event.js';
import type { Projection } from '#read-models/projection.js';
import { type ProjectionProcessRow, processesSince } from '#read-models/projection-process.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import type { Comparison } from '#read-models/rebuild/compare-editions.js';
import { type RebuildRow, type RebuildState, findRebuild } from '#read-models/rebuild/rebuild-row.entity.js';
import type { Metrics } from './metrics.js';
import { PRESENT_MS } from './presence.js';
import { projectionControlOf } from './projection-host.js';
import { measureSealing } from './sealing/measure-sealing.js';
import type { Stores } from './stores.js';

/** How a projection is getting on, as the database and the log say; nobody has to run. */
export interface ProjectionStatus {
  readonly projection: string;
  /** Of this program. */
  readonly version: number;
  /** `behind`: it has not seen the end of the log. */
  readonly state: 'current' | 'behind' | 'paused';
  readonly position: Position;
  /** The end of the log. */
  readonly head: Position;
  /** How many positions of the log it has not seen. */
  readonly behind: number;
  /** How old the last event is that it has seen, while there are others; null while it has seen none. */
  readonly behindSeconds: number | null;
  /** Events a second, as who keeps it has said last; null if nobody does. */
  readonly rate: number | null;
  /** How many events it could not apply, and how many wait behind them, together. */
  readonly parked: number;
  /** The process that keeps it; null if none does. */
  readonly keptBy: string | null;
  /** Those that would go on if that one ended. */
  readonly standbys: readonly string[];
  /** What went wrong last in those processes; null if nothing has. */
  readonly lastError: { readonly at: Date; readonly why: string } | null;
  /** The versions that have tables, newest first. */
  readonly versions: readonly VersionStatus[];
  /** The rebuild that was begun last; null before any. */
  readonly rebuild: RebuildStatus | null;
  /** Whether the tables are kept that it had before the last rebuild. */
  readonly isUndoable: boolean;
}

/** A version of a projection, and how far it has come. */
export interface VersionStatus {
  readonly version: number;
  /** `used`: by this program. `old`, `newer`: by others, or by none. */
  readonly state: 'used' | 'old' | 'newer';
  readonly position: Position;
  /** When it moved last. */
  readonly movedAt: Date;
}

/** How a rebuild is getting on. */
export interface RebuildStatus {
  readonly runId: string;
  /** `waiting`: nobody has begun it yet. */
  readonly state: RebuildState | 'waiting';
  /** Where its tables stand. */
  readonly position: Position;
  /** Where they are going. */
  readonly target: Position;
  /** How many events it has considered. */
  readonly events: number;
  readonly startedAt: Date | null;
  /** What the last comparison has found; null before it. */
  readonly comparison: Comparison | null;
  /** What went wrong last; null if nothing has. */
  readonly error: string | null;
}

/** @throws what says that the log or the database is lost */
export async function projectionStatuses(stores: Stores): Promise<ProjectionStatus[]> {
  const head = await stores.eventStore.head();
  return Promise.all(PROJECTIONS.map((projection) => statusOf(stores, projection, head)));
}

/**
 * Looks where every projection is, and how far the log is sealed, whichever process does it, for the metrics: what this one knows of itself is never more
 * wanted than when a store is lost.
 */
export async function measureProjections(metrics: Metrics, stores: Stores): Promise<void> {
  await measureSealing(metrics, stores).catch(() => undefined);
  for (const status of await projectionStatuses(stores).catch(() => [])) {
    const { projection, position, behind, behindSeconds, state, parked } = status;
    metrics.projectionPosition.set({ projection }, Number(position));
    metrics.projectionLagEvents.set({ projection }, behind);
    metrics.projectionLagSeconds.set({ projection }, behindSeconds ?? 0);
    metrics.projectionPaused.set({ projection }, state === 'paused' ? 1 : 0);
    metrics.projectionParked.set({ projection }, parked);
  }
}

/** @throws what says that the log or the database is lost */
export async function rebuildOf(stores: Stores, projection: Projection): Promise<RebuildStatus | null> {
  const { rebuild: order } = await projectionControlOf(stores, projection.name);
  return rebuildStatus(stores, projection, order, await checkpointsOf(stores, projection));
}

/** Where every edition of every version of it stands. */
const checkpointsOf = ({ readModels }: Stores, { name: projection }: Projection): Promise<CheckpointRow[]> =>
  readModels.reader.manager.findBy(CheckpointRow, { projection });

async function rebuildStatus(
  { readModels }: Stores,
  projection: Projection,
  order: RebuildOrder | null,
  checkpoints: readonly CheckpointRow[],
): Promise<RebuildStatus | null> {
  const row = await findRebuild(readModels.reader.manager, projection);
  if (order?.version === projection.version && row?.runId !== order.runId)
    return {
      runId: order.runId,
      state: 'waiting',
      position: LOG_START,
      target: LOG_START,
      events: 0,
      startedAt: null,
      comparison: null,
      error: null,
    };
  if (row === null) return null;
  const next = standing(checkpoints, projection, row.state === 'swapped' ? 'live' : 'next');
  return {
    runId: row.runId,
    state: stateOf(row, order),
    position: asPosition(next?.position ?? LOG_START),
    target: asPosition(row.target),
    events: next?.events ?? 0,
    startedAt: new Date(row.startedAt),
    comparison: row.comparison === null ? null : (JSON.parse(row.comparison) as Comparison),
    error: row.error,
  };
}

const standing = (checkpoints: readonly CheckpointRow[], { version }: Projection, edition: Edition) =>
  checkpoints.find((row) => row.version === version && row.edition === edition);

/** What operators have said since is to happen yet. */
function stateOf({ runId, state, target }: RebuildRow, order: RebuildOrder | null): RebuildState {
  const isOver = state === 'swapped' || state === 'failed';
  if (order?.runId !== runId) return isOver ? state : 'cancelled';
  const goesOn = (state === 'stands' && order.to !== target) || (state === 'differs' && order.isForced);
  return goesOn ? 'filling' : state;
}

async function statusOf(stores: Stores, projection: Projection, head: Position): Promise<ProjectionStatus> {
  const { manager } = stores.readModels.reader;
  const now = Date.now();
  const { isPaused, rebuild: order } = await projectionControlOf(stores, projection.name);
  const checkpoints = await checkpointsOf(stores, projection);
  const live = standing(checkpoints, projection, 'live');
  const position = asPosition(live?.position ?? LOG_START);
  const behind = Math.max(0, Number(BigInt(head) - BigInt(position)));
  const processes = await processesSince(manager, projection, new Date(now - PRESENT_MS));
  const keeper = processes.find(({ role }) => role === 'keeps');
  const seen = live !== undefined && live.recordedAt > 0;
  return {
    projection: projection.name,
    version: projection.version,
    state: isPaused ? 'paused' : behind > 0 ? 'behind' : 'current',
    position,
    head,
    behind,
    behindSeconds: behind === 0 ? 0 : seen ? Math.max(0, Math.round((now - live.recordedAt) / 1_000)) : null,
    rate: keeper?.rate ?? null,
    parked: await countParkedEvents(manager, projection),
    keptBy: keeper?.process ?? null,
    standbys: processes.filter(({ role }) => role === 'stands by').map(({ process }) => process),
    lastError: lastErrorOf(processes),
    versions: checkpoints
      .filter(({ edition }) => edition === 'live')
      .toSorted((one, other) => other.version - one.version)
      .map((row) => asVersion(row, projection)),
    rebuild: await rebuildStatus(stores, projection, order, checkpoints),
    isUndoable: standing(checkpoints, projection, 'previous') !== undefined,
  };
}

function lastErrorOf(processes: readonly ProjectionProcessRow[]): ProjectionStatus['lastError'] {
  const [last] = processes.filter(({ error }) => error !== null).toSorted((one, other) => other.errorAt - one.errorAt);
  return last === undefined ? null : { at: new Date(last.errorAt), why: last.error ?? '' };
}

const asVersion = ({ version, position, movedAt }: CheckpointRow, used: Projection): VersionStatus => ({
  version,
  state: version === used.version ? 'used' : version < used.version ? 'old' : 'newer',
  position: asPosition(position),
  movedAt: new Date(movedAt),
});
