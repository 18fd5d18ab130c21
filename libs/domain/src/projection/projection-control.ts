import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName } from '../ids.js';
import type { Personal } from '../personal.js';
import { Refused } from '../refused.js';
import { demandReason } from '../user/user-administration.js';

/** The category of the streams in which operators say what is to become of a projection. */
export const PROJECTION_CATEGORY = 'projection';

/** @param name of a projection, such as `sessions` */
export const projectionStream = (name: string): StreamName => `${PROJECTION_CATEGORY}-${name}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type ProjectionControlEvent =
  /** It stands still until it is resumed. */
  | { readonly type: 'ProjectionPaused'; readonly data: Readonly<Record<string, never>> }
  | { readonly type: 'ProjectionResumed'; readonly data: Readonly<Record<string, never>> }
  /** What is parked of the sequence is to be applied, in order; of all of them, where none is named. */
  | { readonly type: 'ParkedEventsRetried'; readonly data: { readonly sequence: string | null } }
  /** The projection goes on as if this event had not been, now and whenever it begins anew. */
  | {
      readonly type: 'ParkedEventSkipped';
      readonly data: { readonly eventId: string; readonly reason: Personal<string> };
    }
  /** Its tables are filled anew beside those that are read, up to a position or, without one, until they replace them. */
  | {
      readonly type: 'ProjectionRebuildStarted';
      readonly data: RunOfVersion & { readonly to: string | null; readonly isForced: boolean };
    }
  /** A rebuild goes on that stood where it was to, or replaces the tables although they differ. */
  | {
      readonly type: 'ProjectionRebuildContinued';
      readonly data: { readonly runId: string; readonly to: string | null; readonly isForced: boolean };
    }
  | { readonly type: 'ProjectionRebuildCancelled'; readonly data: { readonly runId: string } }
  /** The tables that were replaced last catch up, and are read again. */
  | { readonly type: 'ProjectionUndoStarted'; readonly data: RunOfVersion }
  /** The new tables are read. */
  | { readonly type: 'ProjectionRebuilt'; readonly data: { readonly runId: string } }
  /** It came to nothing; the tables that were read still are. */
  | {
      readonly type: 'ProjectionRebuildFailed';
      readonly data: { readonly runId: string; readonly reason: RebuildFailure };
    };

interface RunOfVersion {
  readonly runId: string;
  /** The projection's: another version has other tables. */
  readonly version: number;
}

/**
 * `no-room`: the disk is full. `broken-events`: more events cannot be applied than may be parked. `nothing-kept`: the tables that
 * were to be read again are gone, as are those of a database that was lost.
 */
export type RebuildFailure = 'no-room' | 'broken-events' | 'nothing-kept';

// What an operator writes may name somebody.
const sealedReason = { fields: ['reason'], subject: () => PROJECTION_CATEGORY } as const;

export const projectionControlEvents: EventCatalogue<ProjectionControlEvent> = {
  ProjectionPaused: { schema: 1 },
  ProjectionResumed: { schema: 1 },
  ParkedEventsRetried: { schema: 1 },
  ParkedEventSkipped: { schema: 1, personal: sealedReason },
  ProjectionRebuildStarted: { schema: 1 },
  ProjectionRebuildContinued: { schema: 1 },
  ProjectionRebuildCancelled: { schema: 1 },
  ProjectionUndoStarted: { schema: 1 },
  ProjectionRebuilt: { schema: 1 },
  ProjectionRebuildFailed: { schema: 1 },
};

export type ProjectionControlCommand =
  | { readonly type: 'PauseProjection' }
  | { readonly type: 'ResumeProjection' }
  | { readonly type: 'RetryParkedEvents'; readonly sequence: string | null }
  | { readonly type: 'SkipParkedEvent'; readonly eventId: string; readonly reason: string }
  | {
      readonly type: 'RebuildProjection';
      readonly runId: string;
      readonly version: number;
      /** A position of the log; null to replace the tables that are read. */
      readonly to: string | null;
      /** Replaces them also if they differ. */
      readonly isForced: boolean;
      /** The end of the log. */
      readonly head: string;
    }
  | { readonly type: 'CancelRebuild' }
  | { readonly type: 'UndoRebuild'; readonly runId: string; readonly version: number }
  | { readonly type: 'EndRebuild'; readonly runId: string; readonly failure: RebuildFailure | null };

export type ProjectionRefusal =
  | 'parked-event-unknown'
  | 'parked-event-waits'
  | 'position-beyond-log'
  | 'projection-unknown'
  | 'rebuild-runs'
  | 'rebuild-unknown'
  | 'undo-unknown';

/** What an operator wants to be filled anew. */
export interface RebuildOrder extends RunOfVersion {
  /** Whether it begins with the tables that were replaced last, or with empty ones. */
  readonly kind: 'undo' | 'anew';
  /** Where it stops; null: it goes to where the tables stand that are read, and replaces them. */
  readonly to: string | null;
  readonly isForced: boolean;
}

/** What operators have said of a projection. */
export interface ProjectionControl {
  readonly isPaused: boolean;
  /** The ids of the events that it leaves out. */
  readonly skipped: ReadonlySet<string>;
  /** What is under way, or waits for a decision; null for nothing. */
  readonly rebuild: RebuildOrder | null;
  /** The version whose replaced tables are kept; null before any were. */
  readonly undoable: number | null;
}

/** What operators may do with a projection; its own progress is in its checkpoint, not here. */
export const projectionControl: Decider<ProjectionControl, ProjectionControlCommand, ProjectionControlEvent> = {
  events: projectionControlEvents,
  initial: { isPaused: false, skipped: new Set(), rebuild: null, undoable: null },

  evolve(state, { type, data }) {
    switch (type) {
      case 'ProjectionPaused':
        return { ...state, isPaused: true };
      case 'ProjectionResumed':
        return { ...state, isPaused: false };
      case 'ParkedEventsRetried':
        return state;
      case 'ParkedEventSkipped':
        return { ...state, skipped: new Set([...state.skipped, data.eventId]) };
      case 'ProjectionRebuildStarted':
        return { ...state, rebuild: { kind: 'anew', ...data } };
      case 'ProjectionUndoStarted':
        return { ...state, rebuild: { kind: 'undo', ...data, to: null, isForced: true } };
      case 'ProjectionRebuildContinued':
        return { ...state, rebuild: state.rebuild === null ? null : { ...state.rebuild, ...data } };
      case 'ProjectionRebuildCancelled':
      case 'ProjectionRebuildFailed':
        return { ...state, rebuild: null };
      case 'ProjectionRebuilt':
        return { ...state, rebuild: null, undoable: state.rebuild?.version ?? state.undoable };
    }
  },

  decide({ isPaused, skipped, rebuild, undoable }, command) {
    switch (command.type) {
      case 'PauseProjection':
        return isPaused ? [] : [{ type: 'ProjectionPaused', data: {} }];
      case 'ResumeProjection':
        return isPaused ? [{ type: 'ProjectionResumed', data: {} }] : [];
      case 'RetryParkedEvents':
        return [{ type: 'ParkedEventsRetried', data: { sequence: command.sequence } }];
      case 'SkipParkedEvent': {
        const { eventId, reason } = command;
        if (reason.trim() === '') throw new Refused('reason-invalid', 'Say why the event is left out.');
        demandReason(reason);
        return skipped.has(eventId) ? [] : [{ type: 'ParkedEventSkipped', data: { eventId, reason } }];
      }
      case 'RebuildProjection': {
        const { runId, version, to, isForced, head } = command;
        if (to !== null && BigInt(to) > BigInt(head))
          throw new Refused('position-beyond-log', `The log ends at ${head}.`);
        // What another version of the program was about to do is of no use to this one.
        if (rebuild === null || rebuild.version !== version)
          return [{ type: 'ProjectionRebuildStarted', data: { runId, version, to, isForced } }];
        if (!isFurther(rebuild, to) && (rebuild.isForced || !isForced)) throw new Refused('rebuild-runs', FIRST_CANCEL);
        return [{ type: 'ProjectionRebuildContinued', data: { runId: rebuild.runId, to, isForced } }];
      }
      case 'CancelRebuild':
        if (rebuild === null) throw new Refused('rebuild-unknown', 'It is not being rebuilt.');
        return [{ type: 'ProjectionRebuildCancelled', data: { runId: rebuild.runId } }];
      case 'UndoRebuild': {
        const { runId, version } = command;
        if (rebuild?.version === version) throw new Refused('rebuild-runs', FIRST_CANCEL);
        if (undoable !== version) throw new Refused('undo-unknown', 'There are no tables that a rebuild has replaced.');
        return [{ type: 'ProjectionUndoStarted', data: { runId, version } }];
      }
      case 'EndRebuild': {
        const { runId, failure: reason } = command;
        if (rebuild?.runId !== runId) return [];
        if (reason === null) return [{ type: 'ProjectionRebuilt', data: { runId } }];
        return [{ type: 'ProjectionRebuildFailed', data: { runId, reason } }];
      }
    }
  },
};

const FIRST_CANCEL = 'A rebuild is under way, or waits for a decision: see how it gets on, or cancel it first.';

/** Whether a rebuild that stops somewhere is to go beyond. */
const isFurther = ({ to: before }: RebuildOrder, to: string | null) =>
  before !== null && (to === null || BigInt(to) > BigInt(before));
