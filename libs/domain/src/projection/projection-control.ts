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
    };

// What an operator writes may name somebody.
const sealedReason = { fields: ['reason'], subject: () => PROJECTION_CATEGORY } as const;

export const projectionControlEvents: EventCatalogue<ProjectionControlEvent> = {
  ProjectionPaused: { schema: 1 },
  ProjectionResumed: { schema: 1 },
  ParkedEventsRetried: { schema: 1 },
  ParkedEventSkipped: { schema: 1, personal: sealedReason },
};

export type ProjectionControlCommand =
  | { readonly type: 'PauseProjection' }
  | { readonly type: 'ResumeProjection' }
  | { readonly type: 'RetryParkedEvents'; readonly sequence: string | null }
  | { readonly type: 'SkipParkedEvent'; readonly eventId: string; readonly reason: string };

export type ProjectionRefusal = 'parked-event-unknown' | 'parked-event-waits' | 'projection-unknown';

/** What operators have said of a projection. */
export interface ProjectionControl {
  readonly isPaused: boolean;
  /** The ids of the events that it leaves out. */
  readonly skipped: ReadonlySet<string>;
}

/** What operators may do with a projection; its own progress is in its checkpoint, not here. */
export const projectionControl: Decider<ProjectionControl, ProjectionControlCommand, ProjectionControlEvent> = {
  events: projectionControlEvents,
  initial: { isPaused: false, skipped: new Set() },

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
    }
  },

  decide({ isPaused, skipped }, command) {
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
    }
  },
};
