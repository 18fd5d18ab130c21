import { setTimeout as delay } from 'node:timers/promises';
import {
  PROJECTION_CATEGORY,
  type ProjectionControl,
  type ProjectionControlEvent,
} from '#domain/projection/projection-control.js';
import { idIn } from '#domain/ids.js';
import type { Position } from '#event-store/event-store.js';
import { Fenced } from './checkpoint.js';
import type { Projection } from './projection.js';
import { Projector } from './projector.js';
import { Rebuild, type RebuildParts, discardRebuild } from './rebuild/rebuild.js';

const PAUSE_MS = 500;

/** What projections are run with. */
export interface SupervisorParts extends RebuildParts {
  /** What operators have said of a projection, by its name. */
  controlOf(projection: string): Promise<ProjectionControl>;
}

/** Something that a turn does until it is over. */
type Task = (turn: AbortSignal) => Promise<void>;

/** Runs projections as operators say in the log: what they said before it began, and what they say meanwhile. */
export class ProjectionSupervisor {
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
        const { projector, tasks } = await this.ordered();
        const obeying = this.obey(projector, after, turn, change);
        await Promise.all([projector.run(turn), obeying, ...tasks.map((task) => task(turn))]);
      } catch (error) {
        change.abort();
        if (signal.aborted) return;
        this.parts.observer.failed(this.projections, error);
        await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Those that are not paused go on, and what is to be rebuilt is. */
  private async ordered(): Promise<{ readonly projector: Projector; readonly tasks: readonly Task[] }> {
    const running: Projection[] = [];
    const skipped = new Map<string, Set<string>>();
    const tasks: Task[] = [];
    for (const projection of this.projections) {
      const control = await this.parts.controlOf(projection.name);
      if (!control.isPaused) running.push(projection);
      skipped.set(projection.name, new Set(control.skipped));
      tasks.push(this.rebuilding(projection, control));
    }
    return { projector: new Projector(this.parts, running, skipped), tasks };
  }

  private rebuilding(projection: Projection, { rebuild, skipped }: ProjectionControl): Task {
    if (rebuild?.version === projection.version)
      return (turn) => new Rebuild(this.parts, projection, rebuild, skipped).run(turn);
    return (turn) =>
      discardRebuild(this.parts, projection, this.parts.inTurn, turn).catch((error: unknown) =>
        this.parts.observer.failed([projection], error),
      );
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
            await obeyOne(projector, idIn(stream), event as ProjectionControlEvent, change);
          after = through;
        }
      } catch (error) {
        if (turn.aborted) return;
        // Whoever has parked or tried again meanwhile has seen the same.
        if (!(error instanceof Fenced)) this.parts.observer.failed(this.projections, error);
        await delay(PAUSE_MS, undefined, { signal: turn }).catch(() => undefined);
      }
  }
}

async function obeyOne(
  projector: Projector,
  projectionName: string,
  { type, data }: ProjectionControlEvent,
  change: AbortController,
): Promise<void> {
  switch (type) {
    case 'ProjectionPaused':
    case 'ProjectionResumed':
    case 'ProjectionRebuildStarted':
    case 'ProjectionRebuildContinued':
    case 'ProjectionRebuildCancelled':
    case 'ProjectionRebuildFailed':
    case 'ProjectionUndoStarted':
    case 'ProjectionRebuilt':
      return change.abort();
    case 'ParkedEventsRetried':
      return projector.retryParked(projectionName, data.sequence ?? undefined);
    case 'ParkedEventSkipped':
      return projector.skipParked(projectionName, data.eventId);
  }
}
