import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';

/** @param id follows from the event that called for the mail: the same event never makes a second one */
export const mailStream = (id: string): StreamName => `mail-${id}`;

/** What a mail is about. */
export type MailKind =
  | 'email-address-in-use'
  | 'email-change-undone'
  | 'email-changed'
  | 'email-confirmation'
  | 'login-after-failures'
  | 'password-change-required'
  | 'password-changed'
  | 'password-reset'
  | 'recovery-code-used'
  | 'recovery-codes-replaced'
  | 'second-factor-enrolled'
  | 'second-factor-guessed'
  | 'second-factor-removed';

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type MailEvent =
  /** One process is about to hand it over; what becomes of it is not known until one of the others. */
  | {
      readonly type: 'MailDispatchStarted';
      readonly data: {
        readonly kind: MailKind;
        readonly userId: UserId;
        /** Until when others leave it alone; ISO 8601 UTC. */
        readonly leaseUntil: string;
      };
    }
  | { readonly type: 'MailDispatched'; readonly data: Record<string, never> }
  | {
      readonly type: 'MailDispatchFailed';
      readonly data: {
        /** What the mail server answered, or why it did not; never an address. */
        readonly cause: string;
        /** ISO 8601 UTC. */
        readonly retryAt: string;
      };
    }
  /** `late`: it makes no sense any more. `refused`: for good, by the mail server. `interrupted`: too often, by a crash. */
  | { readonly type: 'MailAbandoned'; readonly data: { readonly reason: 'interrupted' | 'late' | 'refused' } };

export const mailEvents: EventCatalogue<MailEvent> = {
  MailDispatchStarted: { schema: 1 },
  MailDispatched: { schema: 1 },
  MailDispatchFailed: { schema: 1 },
  MailAbandoned: { schema: 1 },
};

/** What became of handing it over. */
export type DispatchOutcome =
  | { readonly type: 'RecordDispatch' }
  | { readonly type: 'RecordFailedDispatch'; readonly cause: string }
  | { readonly type: 'RecordRefusal' };

export type MailCommand = { readonly now: Date } & (
  | {
      /** Yields nothing while another process has it, while it waits, and when it is over. */
      readonly type: 'StartDispatch';
      readonly kind: MailKind;
      readonly userId: UserId;
      /** After this it makes no sense any more. */
      readonly deadline: Date;
    }
  | DispatchOutcome
);

export type Mail =
  | { readonly status: 'none' }
  | {
      readonly status: 'dispatching';
      readonly leaseUntil: Date;
      readonly failures: number;
      readonly interruptions: number;
    }
  | {
      readonly status: 'waiting';
      readonly retryAt: Date;
      readonly failures: number;
      readonly interruptions: number;
    }
  | { readonly status: 'over' };

/** Longer than handing a mail over takes, so that two processes hardly ever do it at once. */
export const DISPATCH_LEASE_MS = 60_000;
export const FIRST_RETRY_MS = 30_000;
export const LONGEST_RETRY_MS = 3_600_000;
/** A mail that ends the process each time it is tried must not do so for ever. */
export const MAX_INTERRUPTIONS = 3;

const retryAfter = (failures: number, failedAt: Date) =>
  new Date(failedAt.getTime() + Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS));

/**
 * One mail on its way. It is handed over at least once: whether a mail server took it when the process died in that moment
 * nobody knows, so it is tried again, with the same Message-ID.
 */
export const mail: Decider<Mail, MailCommand, MailEvent> = {
  events: mailEvents,
  initial: { status: 'none' },

  evolve(state, { type, data }) {
    const { failures, interruptions } = countsOf(state);
    switch (type) {
      case 'MailDispatchStarted': {
        const interrupted = state.status === 'dispatching' ? 1 : 0;
        const leaseUntil = new Date(data.leaseUntil);
        return { status: 'dispatching', leaseUntil, failures, interruptions: interruptions + interrupted };
      }
      case 'MailDispatchFailed':
        return { status: 'waiting', retryAt: new Date(data.retryAt), failures: failures + 1, interruptions };
      case 'MailDispatched':
      case 'MailAbandoned':
        return { status: 'over' };
    }
  },

  decide(state, command) {
    if (state.status === 'over') return [];
    const { now } = command;
    switch (command.type) {
      case 'StartDispatch':
        return start(state, command);
      case 'RecordDispatch':
        return [{ type: 'MailDispatched', data: {} }];
      case 'RecordFailedDispatch': {
        const retryAt = retryAfter(countsOf(state).failures + 1, now).toISOString();
        return [{ type: 'MailDispatchFailed', data: { cause: command.cause, retryAt } }];
      }
      case 'RecordRefusal':
        return [{ type: 'MailAbandoned', data: { reason: 'refused' } }];
    }
  },
};

function start(state: Mail, command: Extract<MailCommand, { type: 'StartDispatch' }>): MailEvent[] {
  const { kind, userId, deadline, now } = command;
  if (state.status === 'dispatching' && state.leaseUntil > now) return [];
  if (deadline <= now) return [{ type: 'MailAbandoned', data: { reason: 'late' } }];
  if (state.status === 'waiting' && state.retryAt > now) return [];
  if (state.status === 'dispatching' && state.interruptions + 1 >= MAX_INTERRUPTIONS)
    return [{ type: 'MailAbandoned', data: { reason: 'interrupted' } }];
  const leaseUntil = new Date(now.getTime() + DISPATCH_LEASE_MS).toISOString();
  return [{ type: 'MailDispatchStarted', data: { kind, userId, leaseUntil } }];
}

const countsOf = (state: Mail) => ('failures' in state ? state : { failures: 0, interruptions: 0 });
