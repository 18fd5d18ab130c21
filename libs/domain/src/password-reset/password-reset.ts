import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';
import { Refused } from '../refused.js';

/** @param digest keyed hash of the e-mail address that was typed, whoever has it or nobody */
export const passwordResetStream = (digest: string): StreamName => `reset-${digest}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export interface PasswordResetEvent {
  readonly type: 'PasswordResetRequested';
  readonly data: {
    readonly requestId: string;
    /** Whose password it is; null if the address is nobody's, which the answer must not tell (SEC-33). */
    readonly userId: UserId | null;
    /** SHA-256 of the token that is mailed, base64url. */
    readonly tokenHash: string;
    /** ISO 8601 UTC. */
    readonly expiresAt: string;
  };
}

export const passwordResetEvents: EventCatalogue<PasswordResetEvent> = {
  PasswordResetRequested: { schema: 1 },
};

export type PasswordResetCommand =
  | {
      readonly type: 'RequestPasswordReset';
      readonly requestId: string;
      readonly userId: UserId | null;
      readonly tokenHash: string;
      readonly now: Date;
    }
  /** Asks whether a token that somebody shows may choose a password. That it does so once is for the account to decide. */
  | { readonly type: 'AdmitPasswordReset'; readonly presentedHash: string; readonly now: Date };

export interface RequestedPasswordReset {
  readonly requestId: string;
  readonly requestedAt: Date;
  readonly userId: UserId;
  readonly tokenHash: string;
  readonly expiresAt: Date;
}

/** The newest request for an address; null before the first, and while nobody has the address. */
export type PasswordReset = RequestedPasswordReset | null;

export type PasswordResetRefusal = 'reset-token-expired' | 'reset-token-unknown';

/** SEC-59. */
export const PASSWORD_RESET_MS = 1_800_000;

/** Somebody forgot their password: what was asked for by the address they typed; a request voids the one before it. */
export const passwordReset: Decider<PasswordReset, PasswordResetCommand, PasswordResetEvent> = {
  events: passwordResetEvents,
  initial: null,

  evolve(_, { data: { requestId, userId, tokenHash, expiresAt } }, occurredAt) {
    if (userId === null) return null;
    return { requestId, requestedAt: occurredAt, userId, tokenHash, expiresAt: new Date(expiresAt) };
  },

  decide(state, command) {
    switch (command.type) {
      case 'RequestPasswordReset': {
        const { requestId, userId, tokenHash, now } = command;
        const expiresAt = new Date(now.getTime() + PASSWORD_RESET_MS).toISOString();
        return [{ type: 'PasswordResetRequested', data: { requestId, userId, tokenHash, expiresAt } }];
      }
      case 'AdmitPasswordReset':
        if (state?.tokenHash !== command.presentedHash) throw new Refused('reset-token-unknown');
        if (state.expiresAt <= command.now) throw new Refused('reset-token-expired');
        return [];
    }
  },
};
