import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName } from '../ids.js';

/** @param name what it does, such as `mail` */
export const reactorStream = (name: string): StreamName => `reactor-${name}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type ReactorEvent =
  /** It does nothing about what happened up to here. A position of the log, decimal. */
  | { readonly type: 'ReactorBegan'; readonly data: { readonly at: string } }
  /** It has done what had to be done about everything up to here. */
  | { readonly type: 'ReactorAdvanced'; readonly data: { readonly through: string } };

export const reactorEvents: EventCatalogue<ReactorEvent> = {
  ReactorBegan: { schema: 1 },
  ReactorAdvanced: { schema: 1 },
};

export type ReactorCommand =
  | { readonly type: 'BeginReactor'; readonly at: string }
  | { readonly type: 'AdvanceReactor'; readonly through: string };

/** Where it goes on after a restart; null before it began. */
export interface Reactor {
  readonly position: string | null;
}

/**
 * Follows the log and acts outside of it. Its checkpoint is in the log itself: not in a read model, which may be thrown
 * away at any time and would make it act a second time.
 */
export const reactor: Decider<Reactor, ReactorCommand, ReactorEvent> = {
  events: reactorEvents,
  initial: { position: null },

  evolve(_, { type, data }) {
    switch (type) {
      case 'ReactorBegan':
        return { position: data.at };
      case 'ReactorAdvanced':
        return { position: data.through };
    }
  },

  decide({ position }, command) {
    switch (command.type) {
      case 'BeginReactor':
        return position === null ? [{ type: 'ReactorBegan', data: { at: command.at } }] : [];
      case 'AdvanceReactor': {
        const { through } = command;
        // Of several processes the one that is behind moves nothing back.
        const isForward = position === null || BigInt(through) > BigInt(position);
        return isForward ? [{ type: 'ReactorAdvanced', data: { through } }] : [];
      }
    }
  },
};
