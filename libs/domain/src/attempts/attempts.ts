import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName } from '../ids.js';
import { Refused } from '../refused.js';

/** @param digest keyed hash of the identifier as typed at the login; people type passwords there (SEC-158) */
export const attemptsStream = (digest: string): StreamName => `attempts-${digest}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type AttemptsEvent =
  | { readonly type: 'LoginFailed'; readonly data: { readonly reason: 'unknown-account' | 'wrong-password' } }
  | { readonly type: 'FailedLoginsCleared'; readonly data: Record<string, never> };

export const attemptsEvents: EventCatalogue<AttemptsEvent> = {
  LoginFailed: { schema: 1 },
  FailedLoginsCleared: { schema: 1 },
};

/**
 * Each of them is refused while a wait is on. Asking before the password is looked at saves the work; asking again when the
 * outcome is recorded makes the budget exact (SEC-23): of guesses that raced each other, on whatever processes, no more are
 * answered than may fail.
 */
export type AttemptsCommand =
  /** Asks whether a login may be tried now. */
  | { readonly type: 'AdmitLogin'; readonly now: Date }
  | { readonly type: 'RecordFailedLogin'; readonly reason: 'unknown-account' | 'wrong-password'; readonly now: Date }
  | { readonly type: 'RecordSuccessfulLogin'; readonly now: Date };

export interface Attempts {
  readonly consecutiveFailures: number;
  /** Until when no further login is tried; null for at once. */
  readonly waitUntil: Date | null;
}

export type AttemptsRefusal = 'credentials-invalid' | 'login-throttled';

/** SEC-19: so many failures are free, then the waits double from the first to the longest. */
export const FREE_FAILURES = 5;
export const FIRST_WAIT_MS = 30_000;
export const LONGEST_WAIT_MS = 900_000;

/** Until when to wait after so many failures in a row; null for not at all. */
export function waitAfter(consecutiveFailures: number, failedAt: Date): Date | null {
  if (consecutiveFailures < FREE_FAILURES) return null;
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (consecutiveFailures - FREE_FAILURES), LONGEST_WAIT_MS);
  return new Date(failedAt.getTime() + wait);
}

/** @throws Refused `login-throttled` while the wait is on */
export function demandNoWait({ waitUntil }: Pick<Attempts, 'waitUntil'>, now: Date): void {
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
    demandNoWait(state, command.now);
    switch (command.type) {
      case 'AdmitLogin':
        return [];
      case 'RecordFailedLogin':
        return [{ type: 'LoginFailed', data: { reason: command.reason } }];
      case 'RecordSuccessfulLogin':
        return state.consecutiveFailures > 0 ? [{ type: 'FailedLoginsCleared', data: {} }] : [];
    }
  },
};
