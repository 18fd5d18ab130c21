import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';
import { Refused } from '../refused.js';

/** @param id a random UUID */
export const userIteratorStream = (id: string): StreamName => `iterator-${id}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type UserIteratorEvent =
  | {
      readonly type: 'UserIteratorOpened';
      readonly data: {
        readonly openedBy: UserId;
        /** ISO 8601 UTC. */
        readonly expiresAt: string;
      };
    }
  | {
      readonly type: 'UserIteratorAdvanced';
      readonly data: {
        /** All accounts up to this one were handed out. */
        readonly through: UserId;
        /** Where in the log the walk was opened, decimal: every account from before it takes part. */
        readonly asOf?: string;
      };
    }
  | { readonly type: 'UserIteratorClosed'; readonly data: Record<string, never> };

export const userIteratorEvents: EventCatalogue<UserIteratorEvent> = {
  UserIteratorOpened: { schema: 1 },
  UserIteratorAdvanced: { schema: 1 },
  UserIteratorClosed: { schema: 1 },
};

interface ByCaller {
  readonly caller: UserId;
  readonly now: Date;
}

export type UserIteratorCommand =
  | (ByCaller & { readonly type: 'OpenUserIterator' })
  /** Asks where to go on. */
  | (ByCaller & { readonly type: 'ContinueUserIterator' })
  | (ByCaller & {
      readonly type: 'AdvanceUserIterator';
      /** Where the page was read from; of two that were read from the same place one is handed out. */
      readonly from: UserId | null;
      readonly through: UserId;
      readonly asOf: string;
    })
  | (ByCaller & { readonly type: 'CloseUserIterator' });

export type UserIterator =
  | { readonly status: 'none' }
  | {
      readonly status: 'open';
      readonly openedBy: UserId;
      readonly expiresAt: Date;
      /** The last account that was handed out; null before the first page. */
      readonly through: UserId | null;
      /** Where in the log it was opened; null before the first page. */
      readonly asOf: string | null;
    }
  | { readonly status: 'closed' };

export type UserIteratorRefusal = 'iterator-advanced-meanwhile' | 'iterator-unknown';

/** ucloud-users-api §14. */
export const USER_ITERATOR_MS = 1_800_000;

/** A walk over all accounts, page by page: where it is stands in the log, so it goes on on any node and after a restart. */
export const userIterator: Decider<UserIterator, UserIteratorCommand, UserIteratorEvent> = {
  events: userIteratorEvents,
  initial: { status: 'none' },

  evolve(state, { type, data }) {
    switch (type) {
      case 'UserIteratorOpened':
        return {
          status: 'open',
          openedBy: data.openedBy,
          expiresAt: new Date(data.expiresAt),
          through: null,
          asOf: null,
        };
      case 'UserIteratorAdvanced':
        return state.status === 'open' ? { ...state, through: data.through, asOf: data.asOf ?? null } : state;
      case 'UserIteratorClosed':
        return { status: 'closed' };
    }
  },

  decide(state, command) {
    const { caller, now } = command;
    if (command.type === 'OpenUserIterator') {
      if (state.status !== 'none') return [];
      const expiresAt = new Date(now.getTime() + USER_ITERATOR_MS).toISOString();
      return [{ type: 'UserIteratorOpened', data: { openedBy: caller, expiresAt } }];
    }
    // Another one's iterator is no more there than one that never was (SEC-36).
    if (state.status !== 'open' || state.openedBy !== caller || state.expiresAt <= now)
      throw new Refused('iterator-unknown');
    switch (command.type) {
      case 'ContinueUserIterator':
        return [];
      case 'AdvanceUserIterator':
        if (state.through !== command.from) throw new Refused('iterator-advanced-meanwhile');
        return [{ type: 'UserIteratorAdvanced', data: { through: command.through, asOf: command.asOf } }];
      case 'CloseUserIterator':
        return [{ type: 'UserIteratorClosed', data: {} }];
    }
  },
};
