import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  PROJECTION_CATEGORY,
  type ProjectionControl,
  type ProjectionControlEvent,
  type RebuildOrder,
} from '#domain/projection/projection-control.js';
import { idIn } from '#domain/ids.js';
import type { Position } from '#event-store/event-store.js';
import { Fenced } from './checkpoint.js';
import type { Projection } from './projection.js';
import { Projector, type ProjectorParts } from './projector.js';
import { discardRebuild } from './rebuild/rebuild.js';

const PAUSE_MS = 500;

/** What projections are run with. */
export interface SupervisorParts extends ProjectorParts {
  /** What operators have said of a projection, by its name. */
  controlOf(projection: string): Promise<ProjectionControl>;
  /**
   * Does a rebuild until it is done, waits for an operator, or the signal ends it.
   * @throws Error if it has to be begun again where it was
   */
  rebuild(projection: Projection, what: OrderedRebuild, signal: AbortSignal): Promise<void>;
}

/** What operators want to be filled anew, and what is left out of it: events, by their ids. */
export interface OrderedRebuild {
  readonly order: RebuildOrder;
  readonly skipped: ReadonlySet<string>;
}

/** Runs projections as operators say in the log: what they said before it began, and what they say meanwhile. */
export class ProjectionSupervisor {
  /** What ends the work at the rebuild of a projection because something else is said of it. */
  private readonly rebuilds = new Map<string, AbortController>();

  constructor(
    private readonly parts: SupervisorParts,
    private readonly projections: readonly Projection[],
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const change = new AbortController();
      const turn = AbortSignal.any([signal, change.signal]);
      try {
        const after = await this.parts.store.head();
        const projector = await this.projectorOfRunning();
        const rebuilding = this.projections.map((projection) => this.rebuildAsTold(projection, turn));
        await Promise.all([projector.run(turn), this.obey(projector, after, turn, change), ...rebuilding]);
      } catch (error) {
        change.abort();
        if (signal.aborted) return;
        this.parts.observer.failed(this.projections, error);
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Of those that are not paused. */
  private async projectorOfRunning(): Promise<Projector> {
    const running: Projection[] = [];
    const skipped = new Map<string, Set<string>>();
    for (const projection of this.projections) {
      const control = await this.parts.controlOf(projection.name);
      if (!control.isPaused) running.push(projection);
      skipped.set(projection.name, new Set(control.skipped));
    }
    return new Projector(this.parts, running, skipped);
  }

  /** Those that follow the log go on meanwhile. */
  private async rebuildAsTold(projection: Projection, turn: AbortSignal): Promise<void> {
    while (!turn.aborted) {
      const change = new AbortController();
      this.rebuilds.set(projection.name, change);
      const signal = AbortSignal.any([turn, change.signal]);
      try {
        await this.rebuild(projection, signal);
        await aborted(signal);
      } catch (error) {
        if (signal.aborted) continue;
        this.parts.observer.failed([projection], error);
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async rebuild(projection: Projection, signal: AbortSignal): Promise<void> {
    const { rebuild: order, skipped } = await this.parts.controlOf(projection.name);
    if (order?.version === projection.version) await this.parts.rebuild(projection, { order, skipped }, signal);
    else await discardRebuild(this.parts, projection, this.parts.inTurn, signal);
  }

  /** Does what is said from now on, until it ends the turn because other projections are to run. */
  private async obey(projector: Projector, from: Position, turn: AbortSignal, change: AbortController): Promise<void> {
    let after = from;
    while (!turn.aborted)
      try {
        const log = this.parts.store.subscribeAll({ after, categories: [PROJECTION_CATEGORY], signal: turn });
        for await (const { events, through } of log) {
          // What a newer version lets operators say is for a newer projector.
          const known = events.filter(({ type }) => this.parts.codec.knows(type));
          for (const { event, stream } of await this.parts.codec.decode(known))
            await this.obeyOne(projector, idIn(stream), event as ProjectionControlEvent, change);
          after = through;
        }
      } catch (error) {
        if (turn.aborted) return;
        // Whoever has parked or tried again meanwhile has seen the same.
        if (!(error instanceof Fenced)) this.parts.observer.failed(this.projections, error);
        await delay(PAUSE_MS, undefined, { signal: turn }).catch(() => undefined);
      }
  }

  private async obeyOne(
    projector: Projector,
    projectionName: string,
    { type, data }: ProjectionControlEvent,
    change: AbortController,
  ): Promise<void> {
    switch (type) {
      case 'ProjectionPaused':
      case 'ProjectionResumed':
        return change.abort();
      case 'ProjectionRebuildStarted':
      case 'ProjectionRebuildContinued':
      case 'ProjectionRebuildCancelled':
      case 'ProjectionRebuildFailed':
      case 'ProjectionUndoStarted':
      case 'ProjectionRebuilt':
        return this.rebuilds.get(projectionName)?.abort();
      // A rebuild that begins again where it was tries again what it has parked, too.
      case 'ParkedEventsRetried':
        this.rebuilds.get(projectionName)?.abort();
        return projector.retryParked(projectionName, data.sequence ?? undefined);
      case 'ParkedEventSkipped':
        this.rebuilds.get(projectionName)?.abort();
        return projector.skipParked(projectionName, data.eventId);
    }
  }
}

const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort');
};
