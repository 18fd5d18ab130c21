import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';
import { Refused } from '../refused.js';

/** What is unique; also the category of the stream that holds it (design §2). */
export type IdentifierKind = 'name' | 'email' | 'idp';

/** @param digest keyed hash of the value, so that neither the stream's name nor a guess tells the value */
export const reservationStream = (kind: IdentifierKind, digest: string): StreamName => `${kind}-${digest}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type ReservationEvent =
  | { readonly type: 'IdentifierReserved'; readonly data: { readonly holder: UserId; readonly commandId: string } }
  | { readonly type: 'IdentifierConfirmed'; readonly data: { readonly holder: UserId } }
  | { readonly type: 'IdentifierReleased'; readonly data: { readonly holder: UserId } };

export const reservationEvents: EventCatalogue<ReservationEvent> = {
  IdentifierReserved: { schema: 1 },
  IdentifierConfirmed: { schema: 1 },
  IdentifierReleased: { schema: 1 },
};

export type ReservationCommand =
  | {
      readonly type: 'ReserveIdentifier';
      readonly kind: IdentifierKind;
      readonly holder: UserId;
      /** What it is reserved for: the same command, repeated, finds its own reservation and the holder in it. */
      readonly commandId: string;
      /** A holder that was made sure never to use it, so that it may be taken over. */
      readonly givenUpBy?: UserId;
    }
  | { readonly type: 'ConfirmIdentifier'; readonly holder: UserId }
  | { readonly type: 'ReleaseIdentifier'; readonly holder: UserId };

export type Reservation =
  | { readonly status: 'free' }
  | { readonly status: 'reserved'; readonly holder: UserId; readonly commandId: string; readonly reservedAt: Date }
  | { readonly status: 'held'; readonly holder: UserId; readonly commandId: string | null };

export type ReservationRefusal = 'email-taken' | 'identity-taken' | 'username-taken' | 'reservation-lost';

/** After this a reservation that was never confirmed counts as left behind by a command that died. */
export const RESERVATION_MS = 60_000;

export const isLeftBehind = (state: Reservation, now: Date) =>
  state.status === 'reserved' && now.getTime() - state.reservedAt.getTime() >= RESERVATION_MS;

function taken(kind: IdentifierKind): Refused {
  switch (kind) {
    case 'name':
      return new Refused('username-taken', 'User already exists');
    case 'email':
      return new Refused('email-taken', 'Another user has this e-mail address');
    case 'idp':
      return new Refused('identity-taken');
  }
}

export const reservation: Decider<Reservation, ReservationCommand, ReservationEvent> = {
  events: reservationEvents,
  initial: { status: 'free' },

  evolve(state, { type, data }, occurredAt) {
    switch (type) {
      case 'IdentifierReserved':
        return { status: 'reserved', holder: data.holder, commandId: data.commandId, reservedAt: occurredAt };
      case 'IdentifierConfirmed':
        return { status: 'held', holder: data.holder, commandId: state.status === 'free' ? null : state.commandId };
      case 'IdentifierReleased':
        return { status: 'free' };
    }
  },

  decide(state, command) {
    const { holder } = command;
    const isTheirs = state.status !== 'free' && state.holder === holder;
    switch (command.type) {
      case 'ReserveIdentifier': {
        if (state.status !== 'free' && state.commandId === command.commandId) return [];
        // Who held it before and comes back reserves it anew, so that nobody takes it for left behind.
        const givenUp = state.status !== 'free' && state.holder === command.givenUpBy;
        // A user name is for life, as is an identity; an e-mail address may be given up.
        const mayTake =
          state.status === 'free' || isTheirs || (givenUp && (state.status === 'reserved' || command.kind === 'email'));
        if (!mayTake) throw taken(command.kind);
        return [{ type: 'IdentifierReserved', data: { holder, commandId: command.commandId } }];
      }
      case 'ConfirmIdentifier':
        if (!isTheirs) throw new Refused('reservation-lost');
        return state.status === 'reserved' ? [{ type: 'IdentifierConfirmed', data: { holder } }] : [];
      case 'ReleaseIdentifier':
        return isTheirs ? [{ type: 'IdentifierReleased', data: { holder } }] : [];
    }
  },
};
