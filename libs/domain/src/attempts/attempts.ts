import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';
import { type RequestSource, UNKNOWN_SOURCE, addressesOn } from '../refusal/request-source.js';
import { Refused } from '../refused.js';

/** @param digest keyed hash of the identifier as typed at the login, where people type passwords (SEC-158), or of a device */
export const attemptsStream = (digest: string): StreamName => `attempts-${digest}`;

export interface FailedLogin {
  readonly reason: 'unknown-account' | 'wrong-password';
  /** Whose password was guessed at; null where the identifier belongs to nobody (SEC-158). */
  readonly userId: UserId | null;
}

export interface LoginFailed extends FailedLogin, RequestSource {
  /** ISO 8601 UTC; null in what was recorded before addresses were. */
  readonly failedAt: string | null;
}

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type AttemptsEvent =
  | { readonly type: 'LoginFailed'; readonly data: LoginFailed }
  /** Without a cause: by a login that succeeded, with whose it was and how many had failed before it. */
  | {
      readonly type: 'FailedLoginsCleared';
      readonly data: { readonly cause?: 'password-reset'; readonly userId?: UserId; readonly failures?: number };
    };

export const attemptsEvents: EventCatalogue<AttemptsEvent> = {
  LoginFailed: {
    schema: 2,
    upcasters: { 1: (data) => ({ ...data, userId: null, failedAt: null, ...UNKNOWN_SOURCE }) },
    // Under the key of the day, not of the account: nobody has shown who they are, both kinds of failure take the same time
    // (SEC-32), and who takes an account over and deletes it does not erase where the guesses came from.
    personal: { fields: ['ipAddress'], subject: ({ failedAt }) => addressesOn(failedAt ?? '') },
  },
  FailedLoginsCleared: { schema: 1 },
};

/**
 * All but the reset are refused while a wait is on. Asking before the password is looked at saves the work; asking again when the
 * outcome is recorded makes the budget exact (SEC-23): of guesses that raced each other, on whatever processes, no more are
 * answered than may fail.
 */
export type AttemptsCommand =
  /** Asks whether a login may be tried now. */
  | { readonly type: 'AdmitLogin'; readonly now: Date }
  | {
      readonly type: 'RecordFailedLogin';
      readonly failure: FailedLogin;
      readonly source: RequestSource;
      readonly now: Date;
    }
  | { readonly type: 'RecordSuccessfulLogin'; readonly userId: UserId; readonly now: Date }
  /** Another password was set through recovery: what failed were guesses at the old one (SEC-20). */
  | { readonly type: 'RecordPasswordReset' };

export interface Attempts {
  /** From `HARD_STOP` on nothing is tried any more. */
  readonly consecutiveFailures: number;
  /** Until when no further login is tried; null for at once. */
  readonly waitUntil: Date | null;
}

export type AttemptsRefusal = 'credentials-invalid' | 'login-throttled';

/** SEC-19: so many failures are free, then the waits double from the first to the longest. */
export const FREE_FAILURES = 5;
export const FIRST_WAIT_MS = 30_000;
export const LONGEST_WAIT_MS = 900_000;
/** SEC-20: after so many in a row nothing opens any more until it is set anew. */
export const HARD_STOP = 100;

const PASSWORD_REMEDY =
  'Too many failed logins in a row: the password opens nothing any more. Reset it, then log in with the new one.';

/** Until when to wait after so many failures in a row; null for not at all. */
export function waitAfter(consecutiveFailures: number, failedAt: Date): Date | null {
  if (consecutiveFailures < FREE_FAILURES) return null;
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (consecutiveFailures - FREE_FAILURES), LONGEST_WAIT_MS);
  return new Date(failedAt.getTime() + wait);
}

/**
 * @param remedy what to do about a hard stop, where waiting does not help
 * @throws Refused `login-throttled` while the wait is on, and from the hard stop on
 */
export function demandNoWait({ consecutiveFailures, waitUntil }: Attempts, now: Date, remedy: string): void {
  if (consecutiveFailures >= HARD_STOP)
    throw new Refused('login-throttled', remedy, { retryAfterSeconds: LONGEST_WAIT_MS / 1_000 });
  const waitMs = (waitUntil?.getTime() ?? 0) - now.getTime();
  if (waitMs > 0) throw new Refused('login-throttled', undefined, { retryAfterSeconds: Math.ceil(waitMs / 1_000) });
}

/** How many guesses may be under way at once without one too many being answered; at least one. */
export const guessesLeft = ({ consecutiveFailures }: Attempts) => Math.max(1, FREE_FAILURES - consecutiveFailures);

export const attempts: Decider<Attempts, AttemptsCommand, AttemptsEvent> = {
  events: attemptsEvents,
  initial: { consecutiveFailures: 0, waitUntil: null },

  evolve(state, { type }, occurredAt) {
    switch (type) {
      case 'LoginFailed': {
        const consecutiveFailures = state.consecutiveFailures + 1;
        return { consecutiveFailures, waitUntil: waitAfter(consecutiveFailures, occurredAt) };
      }
      case 'FailedLoginsCleared':
        return { consecutiveFailures: 0, waitUntil: null };
    }
  },

  decide(state, command) {
    if (command.type === 'RecordPasswordReset')
      return state.consecutiveFailures > 0 ? [{ type: 'FailedLoginsCleared', data: { cause: 'password-reset' } }] : [];
    demandNoWait(state, command.now, PASSWORD_REMEDY);
    switch (command.type) {
      case 'AdmitLogin':
        return [];
      case 'RecordFailedLogin':
        return [
          {
            type: 'LoginFailed',
            data: { ...command.failure, failedAt: command.now.toISOString(), ...command.source },
          },
        ];
      case 'RecordSuccessfulLogin':
        if (state.consecutiveFailures === 0) return [];
        return [{ type: 'FailedLoginsCleared', data: { userId: command.userId, failures: state.consecutiveFailures } }];
    }
  },
};
