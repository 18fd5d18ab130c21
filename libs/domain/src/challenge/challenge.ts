import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { CredentialId, StreamName, UserId } from '../ids.js';
import type { Personal } from '../personal.js';
import { Refused } from '../refused.js';
import type { FederatedLogin, Federation, ProviderNameId } from '../session/federation.js';

/** @param id a random UUID */
export const challengeStream = (id: string): StreamName => `challenge-${id}`;

/** What is kept of a login by SAML until its second factor is shown; what is personal of it is beside it in the event. */
export interface ChallengedFederation {
  readonly federation: Federation;
  /** The methods that the assertion stands for (RFC 8176). */
  readonly amr: readonly string[];
  /** ISO 8601 UTC, as those below. */
  readonly authenticatedAt: string;
  readonly sessionEndsAt: string | null;
  readonly begunAt: string;
}

/** What answering it leads to. */
export type ChallengePurpose =
  /** A session at this login service: the password was right, or an identity provider has vouched for them. */
  | {
      readonly kind: 'login';
      readonly service: string;
      readonly epoch: number;
      /** The password was right and is too short by now; another one has to be chosen. */
      readonly passwordTooShort?: true;
      /** Left out where it was a password. */
      readonly federated?: ChallengedFederation;
    }
  /** The second factor that was offered counts from now on. */
  | { readonly kind: 'enrolment'; readonly credentialId: CredentialId };

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type ChallengeEvent =
  | {
      readonly type: 'ChallengeIssued';
      readonly data: {
        readonly userId: UserId;
        readonly purpose: ChallengePurpose;
        /** ISO 8601 UTC. */
        readonly expiresAt: string;
        /** What the identity provider calls the person, sealed; left out where there is none. */
        readonly nameId?: Personal<ProviderNameId>;
      };
    }
  | { readonly type: 'ChallengeFailed'; readonly data: Record<string, never> }
  /** A login was given up after the last wrong answer, though the password was right. */
  | { readonly type: 'ChallengeExhausted'; readonly data: { readonly userId: UserId } }
  | { readonly type: 'ChallengeMet'; readonly data: Record<string, never> };

export const challengeEvents: EventCatalogue<ChallengeEvent> = {
  ChallengeIssued: { schema: 1, personal: { fields: ['nameId'], subject: (data) => data.userId } },
  ChallengeFailed: { schema: 1 },
  ChallengeExhausted: { schema: 1 },
  ChallengeMet: { schema: 1 },
};

export type ChallengeCommand =
  | {
      readonly type: 'IssueChallenge';
      readonly userId: UserId;
      readonly purpose: ChallengePurpose;
      readonly nameId?: Personal<ProviderNameId>;
      readonly now: Date;
    }
  /** Asks whether an answer may be looked at. */
  | { readonly type: 'AdmitAnswer'; readonly now: Date }
  | { readonly type: 'RecordWrongAnswer'; readonly now: Date }
  | { readonly type: 'RecordRightAnswer'; readonly now: Date };

export type Challenge =
  | { readonly status: 'none' }
  | {
      readonly status: 'open';
      readonly userId: UserId;
      readonly purpose: ChallengePurpose;
      readonly nameId: Personal<ProviderNameId> | null;
      readonly expiresAt: Date;
      readonly failures: number;
    }
  | { readonly status: 'over' };

/** Wrong code, unknown challenge and spent challenge alike (ucloud-users-api §8.3). */
export type ChallengeRefusal = 'second-factor-wrong';

/** SEC-45, SEC-51. */
export const CHALLENGE_MS = 600_000;
/** SEC-40. */
export const MAX_WRONG_ANSWERS = 5;

const FAILED: ChallengeEvent = { type: 'ChallengeFailed', data: {} };

/** Whether one more wrong answer is the last one of a login. */
const isExhausted = ({ purpose, failures }: Extract<Challenge, { status: 'open' }>) =>
  purpose.kind === 'login' && failures + 1 === MAX_WRONG_ANSWERS;

/** Stands between the password and the session: short-lived, good once, and opens nothing else (SEC-45). */
export const challenge: Decider<Challenge, ChallengeCommand, ChallengeEvent> = {
  events: challengeEvents,
  initial: { status: 'none' },

  evolve(state, { type, data }) {
    switch (type) {
      case 'ChallengeIssued': {
        const { userId, purpose, nameId = null, expiresAt } = data;
        return { status: 'open', userId, purpose, nameId, expiresAt: new Date(expiresAt), failures: 0 };
      }
      case 'ChallengeFailed':
        if (state.status !== 'open') return state;
        return state.failures + 1 < MAX_WRONG_ANSWERS ? { ...state, failures: state.failures + 1 } : { status: 'over' };
      case 'ChallengeExhausted':
      case 'ChallengeMet':
        return { status: 'over' };
    }
  },

  decide(state, command) {
    const { now } = command;
    if (command.type === 'IssueChallenge') {
      if (state.status !== 'none') return [];
      const { userId, purpose, nameId } = command;
      const expiresAt = new Date(now.getTime() + CHALLENGE_MS).toISOString();
      const issued = { userId, purpose, expiresAt };
      return [{ type: 'ChallengeIssued', data: nameId === undefined ? issued : { ...issued, nameId } }];
    }
    if (state.status !== 'open' || state.expiresAt <= now) throw new Refused('second-factor-wrong');
    switch (command.type) {
      case 'AdmitAnswer':
        return [];
      case 'RecordWrongAnswer':
        return isExhausted(state) ? [FAILED, { type: 'ChallengeExhausted', data: { userId: state.userId } }] : [FAILED];
      case 'RecordRightAnswer':
        return [{ type: 'ChallengeMet', data: {} }];
    }
  },
};

/** What is kept of a login by SAML, and given back by `federatedLogin`. */
export const challengedFederation = (
  { federation, authenticatedAt, sessionEndsAt, begunAt }: FederatedLogin,
  amr: readonly string[],
): ChallengedFederation => ({
  federation,
  amr,
  authenticatedAt: authenticatedAt.toISOString(),
  sessionEndsAt: sessionEndsAt?.toISOString() ?? null,
  begunAt: begunAt.toISOString(),
});

export const federatedLogin = (
  { federation, authenticatedAt, sessionEndsAt, begunAt }: ChallengedFederation,
  nameId: Personal<ProviderNameId>,
): FederatedLogin => ({
  federation,
  nameId,
  authenticatedAt: new Date(authenticatedAt),
  sessionEndsAt: sessionEndsAt === null ? null : new Date(sessionEndsAt),
  begunAt: new Date(begunAt),
});
