import type { UserId } from '../ids.js';
import { Refused } from '../refused.js';
import type { ErasureGround, ErasureInventory, ErasureOutcome } from './erasure-report.js';
import { invalidated } from './session-epoch.js';
import { demandOtherAccount, demandReason } from './user-administration.js';
import { type UserEvent, isOfPerson } from './user-events.js';
import type { ActiveUser, DeletedUser, ErasedUser, User } from './user-state.js';

export interface EraseUser {
  readonly type: 'EraseUser';
  /** The person, or an administrator; null for an operator at the command line. */
  readonly by: UserId | null;
  readonly ground: ErasureGround;
  /** Where the request is on file; null for nowhere. */
  readonly ticket: string | null;
  /** Of the account as somebody looked at it before; nothing is decided if all its sessions have ended since. */
  readonly seenEpoch?: number;
}

/** What is done to forget somebody, and what keeps it from being done. */
export type ForgetUser =
  | EraseUser
  | { readonly type: 'TakeErasureInventory'; readonly inventory: ErasureInventory }
  | { readonly type: 'CompleteErasure'; readonly outcome: ErasureOutcome }
  /** Somebody has to be able to prove something with this data (GDPR Art. 17(3)(e)). */
  | { readonly type: 'PlaceLegalHold' | 'LiftLegalHold'; readonly reason: string };

const TICKET = /^[A-Za-z0-9][A-Za-z0-9._/#-]{0,63}$/;

/** A name in another system, in which no person's can be hidden: no space, no `@`. @throws Refused `reason-invalid` */
export function demandTicket(ticket: string): void {
  if (!TICKET.test(ticket))
    throw new Refused('reason-invalid', 'ticket must be 1 to 64 letters, digits, dots, dashes, slashes, # or _.');
}

/** @throws Refused */
export function forgotten(state: User, command: ForgetUser): UserEvent[] {
  switch (command.type) {
    case 'EraseUser':
      return erased(state, command);
    case 'TakeErasureInventory': {
      const { id, inventory } = demandErased(state);
      return inventory === null ? [{ type: 'ErasureInventoryTaken', data: { userId: id, ...command.inventory } }] : [];
    }
    case 'CompleteErasure': {
      const { id, outcome } = demandErased(state);
      return outcome === null ? [{ type: 'UserErasureCompleted', data: { userId: id, ...command.outcome } }] : [];
    }
    case 'PlaceLegalHold':
    case 'LiftLegalHold': {
      const { id, legalHold } = demandErasable(state);
      const { type, reason } = command;
      demandReason(reason);
      const isPlaced = type === 'PlaceLegalHold';
      if (legalHold === isPlaced) return [];
      return [{ type: isPlaced ? 'LegalHoldPlaced' : 'LegalHoldLifted', data: { userId: id, reason } }];
    }
  }
}

function erased(state: User, { by, ground, ticket, seenEpoch }: EraseUser): UserEvent[] {
  if (state.status === 'erased') return [];
  const account = demandErasable(state);
  const { id: userId } = account;
  if (ticket !== null) demandTicket(ticket);
  if (!isOfPerson(account.kind))
    throw new Refused(
      'erasure-not-applicable',
      'Only persons are erased. Delete the account of a service or a provider.',
    );
  if (account.legalHold) throw new Refused('legal-hold');
  const event: UserEvent = { type: 'UserErased', data: { userId, ground, ...(ticket === null ? {} : { ticket }) } };
  if (account.status === 'deleted') return [event];
  demandNotLastAdministrator(account, by);
  if (seenEpoch !== undefined && seenEpoch !== account.sessionEpoch) throw new Refused('account-changed-meanwhile');
  return [invalidated(account), event];
}

/** Whoever administers is erased by another administrator, so that one remains (SEC-175). */
function demandNotLastAdministrator({ id, role }: ActiveUser, by: UserId | null): void {
  if (role !== 'ADMIN') return;
  if (by === null)
    throw new Refused('administration-withdrawn', 'An administrator is erased by another administrator, over the API.');
  demandOtherAccount(id, by);
}

/** @throws Refused `user-unknown`, `user-erased` */
function demandErasable(state: User): ActiveUser | DeletedUser {
  if (state.status === 'erased') throw new Refused('user-erased');
  if (state.status !== 'active' && state.status !== 'deleted') throw new Refused('user-unknown');
  return state;
}

/** @throws Refused `erasure-unknown` */
export function demandErased(state: User): ErasedUser {
  if (state.status !== 'erased') throw new Refused('erasure-unknown');
  return state;
}
