import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';
import { Refused } from '../refused.js';

export const ADMINISTRATION: StreamName = 'settings-administration';

/** An administrator as their account was when it was looked at; each withdrawal that comes into effect raises its epoch. */
export interface Administrator {
  readonly userId: UserId;
  readonly sessionEpoch: number;
}

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export interface AdministrationEvent {
  /** Who administers no more, from this epoch of the account on; its own event follows. */
  readonly type: 'AdministrationWithdrawn';
  readonly data: { readonly userId: UserId; readonly sessionEpoch: number };
}

export const administrationEvents: EventCatalogue<AdministrationEvent> = {
  AdministrationWithdrawn: { schema: 1 },
};

export interface AdministrationCommand {
  readonly type: 'WithdrawAdministration';
  readonly from: Administrator;
  /** Null for who is no administrator, or may not act. */
  readonly by: Administrator | null;
}

/** Up to which epoch of an account the administration was withdrawn from it. */
export type Administration = ReadonlyMap<UserId, number>;

export type AdministrationRefusal = 'administration-withdrawn';

/**
 * Keeps an administrator: before an account is suspended, deleted or given a lesser role, it stands here that it
 * administers no more, and nobody of whom that stands here withdraws it from others (SEC-175). So of two who withdraw it
 * from each other one is refused, and whoever withdrew it last is there: nobody did it to them afterwards, and they cannot
 * do it to themselves. It counts nobody, so it holds for administrators from before there was this stream.
 *
 * A withdrawal whose account stayed as it was, because a process died in between, is completed by doing the same again, and
 * void once the account's epoch is another one.
 */
export const administration: Decider<Administration, AdministrationCommand, AdministrationEvent> = {
  events: administrationEvents,
  initial: new Map(),

  evolve: (state, { data }) => new Map([...state, [data.userId, data.sessionEpoch]]),

  decide(state, { from, by }) {
    if (by === null || isWithdrawn(state, by)) throw new Refused('administration-withdrawn');
    return isWithdrawn(state, from) ? [] : [{ type: 'AdministrationWithdrawn', data: { ...from } }];
  },
};

const isWithdrawn = (state: Administration, { userId, sessionEpoch }: Administrator) =>
  (state.get(userId) ?? -1) >= sessionEpoch;
