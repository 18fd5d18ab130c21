import { type Attempts, demandNoWait, waitAfter } from '../attempts/attempts.js';
import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { CredentialId, StreamName, UserId } from '../ids.js';
import type { Personal } from '../personal.js';
import { Refused } from '../refused.js';
import { demandReason } from '../user/user-administration.js';

export const secondFactorStream = (id: UserId): StreamName => `factor-${id}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type SecondFactorEvent =
  /** Counts for nothing until a code of it was shown (SEC-41); until then the one that is enrolled goes on. */
  | {
      readonly type: 'SecondFactorOffered';
      readonly data: {
        readonly userId: UserId;
        /** The vault's rows of the TOTP secret and of the hashes of the recovery codes. */
        readonly credentialId: CredentialId;
        readonly recoveryCredentialId: CredentialId;
        /** ISO 8601 UTC. */
        readonly expiresAt: string;
      };
    }
  /** In place of the one that was enrolled before, if there was one. */
  | {
      readonly type: 'SecondFactorEnrolled';
      readonly data: {
        readonly userId: UserId;
        readonly credentialId: CredentialId;
        readonly recoveryCredentialId: CredentialId;
        /** The time step of the code that was shown (RFC 6238 §4.2). */
        readonly step: number;
      };
    }
  | { readonly type: 'SecondFactorPassed'; readonly data: { readonly userId: UserId; readonly step: number } }
  /** @see RecoveryCodesReplaced for what `code` counts in */
  | { readonly type: 'RecoveryCodeUsed'; readonly data: { readonly userId: UserId; readonly code: number } }
  | { readonly type: 'SecondFactorFailed'; readonly data: { readonly userId: UserId } }
  /** A new set; its codes are told apart by their place in it, from 0. */
  | {
      readonly type: 'RecoveryCodesReplaced';
      readonly data: { readonly userId: UserId; readonly recoveryCredentialId: CredentialId };
    }
  /** `removed`: by its owner; `reset`: by an administrator. */
  | {
      readonly type: 'SecondFactorRemoved';
      readonly data: {
        readonly userId: UserId;
        readonly cause: 'removed' | 'reset';
        readonly reason?: Personal<string>;
      };
    };

export const secondFactorEvents: EventCatalogue<SecondFactorEvent> = {
  SecondFactorOffered: { schema: 1 },
  SecondFactorEnrolled: { schema: 1 },
  SecondFactorPassed: { schema: 1 },
  RecoveryCodeUsed: { schema: 1 },
  SecondFactorFailed: { schema: 1 },
  RecoveryCodesReplaced: { schema: 1 },
  SecondFactorRemoved: { schema: 1, personal: { fields: ['reason'], subject: ({ userId }) => userId } },
};

/** What somebody showed, after it was compared with the secrets: the time step or the place of a code, null for a wrong one. */
export type ShownCode = {
  /** The vault's row that it was compared with. */
  readonly credentialId: CredentialId;
} & (
  { readonly kind: 'totp'; readonly step: number | null } | { readonly kind: 'recovery'; readonly code: number | null }
);

export type SecondFactorCommand = { readonly userId: UserId; readonly now: Date } & (
  | {
      readonly type: 'OfferSecondFactor';
      readonly credentialId: CredentialId;
      readonly recoveryCredentialId: CredentialId;
    }
  /** With a code of what was offered. */
  | { readonly type: 'EnrolSecondFactor'; readonly credentialId: CredentialId; readonly step: number | null }
  | { readonly type: 'ShowSecondFactor'; readonly shown: ShownCode }
  | { readonly type: 'ReplaceRecoveryCodes'; readonly recoveryCredentialId: CredentialId }
  /** By its owner; `isRequired`: whether the policy asks the account for one, */
  | { readonly type: 'RemoveSecondFactor'; readonly isRequired: boolean }
  /** or by an administrator, who says why (SEC-49). */
  | { readonly type: 'ResetSecondFactor'; readonly reason: string }
);

interface Enrolled {
  readonly credentialId: CredentialId;
  /** The last accepted time step; only later ones pass (SEC-39). */
  readonly lastStep: number;
  readonly recoveryCredentialId: CredentialId;
  readonly usedCodes: readonly number[];
}

/** The failures are the account's own budget, whatever login attempt the codes belong to (SEC-40). */
export interface SecondFactor extends Attempts {
  readonly enrolled: Enrolled | null;
  readonly offered: {
    readonly credentialId: CredentialId;
    readonly recoveryCredentialId: CredentialId;
    readonly expiresAt: Date;
  } | null;
}

export type SecondFactorRefusal = 'second-factor-missing' | 'second-factor-required' | 'second-factor-wrong';

/** How long an offer stands (SEC-41). */
export const OFFER_MS = 600_000;
export const RECOVERY_CODES = 10;

/** How many recovery codes have not been used; none without a second factor. */
export const recoveryCodesLeft = ({ enrolled }: SecondFactor): number =>
  enrolled === null ? 0 : RECOVERY_CODES - enrolled.usedCodes.length;

const REMEDY =
  'Too many wrong codes in a row: the second factor opens nothing any more. Have it reset, then enrol anew.';

const noFailures = { consecutiveFailures: 0, waitUntil: null };
const none: SecondFactor = { enrolled: null, offered: null, ...noFailures };

export const secondFactor: Decider<SecondFactor, SecondFactorCommand, SecondFactorEvent> = {
  events: secondFactorEvents,
  initial: none,

  evolve(state, { type, data }, occurredAt) {
    switch (type) {
      case 'SecondFactorOffered': {
        const { credentialId, recoveryCredentialId, expiresAt } = data;
        // Another secret, shown to who may guess at it: what failed before were guesses at another one.
        const offered = { credentialId, recoveryCredentialId, expiresAt: new Date(expiresAt) };
        return { ...state, offered, ...noFailures };
      }
      case 'SecondFactorEnrolled': {
        const { credentialId, recoveryCredentialId, step } = data;
        const enrolled = { credentialId, lastStep: step, recoveryCredentialId, usedCodes: [] };
        return { enrolled, offered: null, ...noFailures };
      }
      case 'SecondFactorPassed':
        return { ...state, ...noFailures, enrolled: state.enrolled && { ...state.enrolled, lastStep: data.step } };
      case 'RecoveryCodeUsed': {
        const { enrolled } = state;
        const usedCodes = [...(enrolled?.usedCodes ?? []), data.code];
        return { ...state, ...noFailures, enrolled: enrolled && { ...enrolled, usedCodes } };
      }
      case 'SecondFactorFailed': {
        const consecutiveFailures = state.consecutiveFailures + 1;
        return { ...state, consecutiveFailures, waitUntil: waitAfter(consecutiveFailures, occurredAt) };
      }
      case 'RecoveryCodesReplaced': {
        const { recoveryCredentialId } = data;
        return { ...state, enrolled: state.enrolled && { ...state.enrolled, recoveryCredentialId, usedCodes: [] } };
      }
      case 'SecondFactorRemoved':
        return none;
    }
  },

  decide(state, command) {
    const { userId, now } = command;
    switch (command.type) {
      case 'OfferSecondFactor': {
        const { credentialId, recoveryCredentialId } = command;
        const expiresAt = new Date(now.getTime() + OFFER_MS).toISOString();
        return [{ type: 'SecondFactorOffered', data: { userId, credentialId, recoveryCredentialId, expiresAt } }];
      }
      case 'EnrolSecondFactor': {
        const { credentialId, step } = command;
        const { offered } = state;
        if (offered?.credentialId !== credentialId || offered.expiresAt <= now)
          throw new Refused('second-factor-wrong');
        demandNoWait(state, now, REMEDY);
        if (step === null) return [{ type: 'SecondFactorFailed', data: { userId } }];
        const { recoveryCredentialId } = offered;
        return [{ type: 'SecondFactorEnrolled', data: { userId, credentialId, recoveryCredentialId, step } }];
      }
      case 'ShowSecondFactor': {
        const { enrolled } = state;
        if (enrolled === null) throw new Refused('second-factor-missing');
        demandNoWait(state, now, REMEDY);
        return [shown(userId, enrolled, command.shown)];
      }
      case 'ReplaceRecoveryCodes': {
        if (state.enrolled === null) throw new Refused('second-factor-missing');
        const { recoveryCredentialId } = command;
        return [{ type: 'RecoveryCodesReplaced', data: { userId, recoveryCredentialId } }];
      }
      case 'RemoveSecondFactor':
        if (state.enrolled === null) throw new Refused('second-factor-missing');
        if (command.isRequired) throw new Refused('second-factor-required');
        return [{ type: 'SecondFactorRemoved', data: { userId, cause: 'removed' } }];
      case 'ResetSecondFactor':
        demandReason(command.reason);
        if (state.enrolled === null) throw new Refused('second-factor-missing');
        return [{ type: 'SecondFactorRemoved', data: { userId, cause: 'reset', reason: command.reason } }];
    }
  },
};

/**
 * A code passes once: of twenty that show it at the same moment, one (SEC-39, SEC-42). One of secrets that were replaced while
 * it was compared with them is as good as wrong.
 */
function shown(userId: UserId, enrolled: Enrolled, code: ShownCode): SecondFactorEvent {
  const { credentialId, lastStep, recoveryCredentialId, usedCodes } = enrolled;
  if (code.kind === 'totp' && code.credentialId === credentialId && code.step !== null && code.step > lastStep)
    return { type: 'SecondFactorPassed', data: { userId, step: code.step } };
  const isOfThisSet = code.kind === 'recovery' && code.credentialId === recoveryCredentialId;
  if (isOfThisSet && code.code !== null && !usedCodes.includes(code.code))
    return { type: 'RecoveryCodeUsed', data: { userId, code: code.code } };
  return { type: 'SecondFactorFailed', data: { userId } };
}
