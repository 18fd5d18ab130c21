import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { SessionId, UserId } from '../ids.js';
import { Refused } from '../refused.js';
import { demandCovered, isCovered, parseScope } from '../scope.js';

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type OneTimeTokenEvent =
  | {
      readonly type: 'OneTimeTokenIssued';
      readonly data: {
        readonly userId: UserId;
        /** The session it was asked for in, and dies with. */
        readonly sessionId: SessionId;
        readonly audience: readonly string[];
        /** ISO 8601 UTC. */
        readonly expiresAt: string;
      };
    }
  | { readonly type: 'OneTimeTokenClaimed'; readonly data: { readonly claimedBy: UserId } };

export const oneTimeTokenEvents: EventCatalogue<OneTimeTokenEvent> = {
  OneTimeTokenIssued: { schema: 1 },
  OneTimeTokenClaimed: { schema: 1 },
};

export type OneTimeTokenCommand =
  | {
      readonly type: 'RequestOneTimeToken';
      readonly userId: UserId;
      readonly sessionId: SessionId;
      readonly audience: readonly string[];
      /** The scopes of the token that was shown; the audience stays within them. */
      readonly grantedScopes: readonly string[];
      readonly now: Date;
    }
  | {
      readonly type: 'ClaimOneTimeToken';
      readonly claimedBy: UserId;
      /** What the claimer is about to allow with it; none to leave that unchecked. */
      readonly intendedUse: readonly string[];
      /** Whether the session it was asked for in is still alive. */
      readonly sessionAlive: boolean;
      readonly now: Date;
    };

export type OneTimeToken =
  | { readonly status: 'none' }
  | {
      readonly status: 'issued';
      readonly userId: UserId;
      readonly sessionId: SessionId;
      readonly audience: readonly string[];
      readonly expiresAt: Date;
    }
  | { readonly status: 'claimed' };

export type OneTimeTokenRefusal =
  | 'one-time-token-claimed'
  | 'one-time-token-expired'
  | 'one-time-token-revoked'
  | 'one-time-token-unknown'
  | 'one-time-token-wrong-audience';

/** ucloud-users-api §4.8. */
export const ONE_TIME_TOKEN_MS = 60_000;

export const oneTimeToken: Decider<OneTimeToken, OneTimeTokenCommand, OneTimeTokenEvent> = {
  events: oneTimeTokenEvents,
  initial: { status: 'none' },

  evolve(state, { type, data }) {
    switch (type) {
      case 'OneTimeTokenIssued':
        return {
          status: 'issued',
          userId: data.userId,
          sessionId: data.sessionId,
          audience: data.audience,
          expiresAt: new Date(data.expiresAt),
        };
      case 'OneTimeTokenClaimed':
        return state.status === 'none' ? state : { status: 'claimed' };
    }
  },

  decide(state, command) {
    switch (command.type) {
      case 'RequestOneTimeToken': {
        if (state.status !== 'none') return [];
        const { userId, sessionId, audience, grantedScopes, now } = command;
        if (audience.length === 0) throw new Refused('scope-invalid', 'audience is empty: name at least one scope.');
        demandCovered(audience, grantedScopes);
        const expiresAt = new Date(now.getTime() + ONE_TIME_TOKEN_MS).toISOString();
        return [{ type: 'OneTimeTokenIssued', data: { userId, sessionId, audience, expiresAt } }];
      }
      case 'ClaimOneTimeToken': {
        if (state.status === 'none') throw new Refused('one-time-token-unknown');
        if (state.status === 'claimed') throw new Refused('one-time-token-claimed');
        if (state.expiresAt <= command.now) throw new Refused('one-time-token-expired');
        if (!command.sessionAlive) throw new Refused('one-time-token-revoked');
        const { audience } = state;
        if (!command.intendedUse.every((use) => isCovered(parseScope(use), audience)))
          throw new Refused('one-time-token-wrong-audience');
        return [{ type: 'OneTimeTokenClaimed', data: { claimedBy: command.claimedBy } }];
      }
    }
  },
};
