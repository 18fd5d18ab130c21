import { CHALLENGE_MS } from '../challenge/challenge.js';
import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { SessionId, StreamName, UserId } from '../ids.js';
import { SamlRefused } from './saml-refused.js';
import { SAML_REQUEST_MS } from './saml-request.js';

/** @param digest keyed hash of the identity provider's entity id and what it calls the person (NameID) */
export const providerSessionsStream = (digest: string): StreamName => `idpsession-${digest}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type ProviderSessionEvent =
  | {
      readonly type: 'ProviderSessionOpened';
      readonly data: {
        readonly userId: UserId;
        /** Of the session of ours that it has opened, or is about to. */
        readonly sessionId: SessionId;
        /** Keyed hash of what the identity provider calls its session (SessionIndex); null where it has no name. */
        readonly sessionIndexDigest: string | null;
        /** The absolute end of the session of ours; ISO 8601 UTC. */
        readonly endsAt: string;
      };
    }
  | {
      readonly type: 'ProviderSessionsEnded';
      readonly data: {
        /** Whose sessions they were at last; null where none was known. */
        readonly userId: UserId | null;
        /** Null: all sessions of the person. */
        readonly sessionIndexDigests: readonly string[] | null;
      };
    };

export const providerSessionEvents: EventCatalogue<ProviderSessionEvent> = {
  ProviderSessionOpened: { schema: 1 },
  ProviderSessionsEnded: { schema: 1 },
};

export type ProviderSessionCommand =
  /** Before the session of ours is opened, so that no logout can miss it. */
  | {
      readonly type: 'OpenProviderSession';
      readonly userId: UserId;
      readonly sessionId: SessionId;
      readonly sessionIndexDigest: string | null;
      readonly endsAt: Date;
      /** When the login began: when the request that was answered had been issued. */
      readonly begunAt: Date;
    }
  | { readonly type: 'EndProviderSessions'; readonly sessionIndexDigests: readonly string[] | null };

/** A session of ours that a session at the identity provider has opened. */
export interface OpenedSession {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly sessionIndexDigest: string | null;
  readonly endsAt: Date;
  /** Whether it was ended there. It stays in mind, so that ending it here can be finished by a second try. */
  readonly isEnded: boolean;
}

/** A logout, for as long as a login that began before it may still be under way. */
interface Ending {
  readonly sessionIndexDigests: readonly string[] | null;
  readonly at: Date;
}

/** Of one person at one identity provider, without what is over by time. */
export interface ProviderSessions {
  readonly opened: readonly OpenedSession[];
  readonly endings: readonly Ending[];
}

/** The longest that a login takes: the answer to the request, then the second factor. */
const LOGIN_TAKES_MS = SAML_REQUEST_MS + CHALLENGE_MS;

/**
 * Which sessions of ours a session at an identity provider has opened, and which of those were ended. A logout that overtakes a login is
 * remembered until no such login can come any more. What an identity provider calls a session may be used again after it: SAML even recommends
 * small numbers (core §2.7.2). Therefore a login is refused if it began before the logout, and not for the name alone.
 */
export const providerSessions: Decider<ProviderSessions, ProviderSessionCommand, ProviderSessionEvent> = {
  events: providerSessionEvents,
  initial: { opened: [], endings: [] },
  foldVersion: 1,

  evolve(state, { type, data }, occurredAt) {
    const { opened, endings } = without(state, occurredAt);
    switch (type) {
      case 'ProviderSessionOpened': {
        const { userId, sessionId, sessionIndexDigest, endsAt } = data;
        const others = opened.filter((each) => each.sessionId !== sessionId);
        const one = { userId, sessionId, sessionIndexDigest, endsAt: new Date(endsAt), isEnded: false };
        return { opened: [...others, one], endings };
      }
      case 'ProviderSessionsEnded': {
        const { sessionIndexDigests } = data;
        const isNamed = named(sessionIndexDigests);
        return {
          opened: opened.map((each) => (isNamed(each) ? asEnded(each) : each)),
          endings: [...endings, { sessionIndexDigests, at: occurredAt }],
        };
      }
    }
  },

  decide(state, command) {
    switch (command.type) {
      case 'OpenProviderSession': {
        const { userId, sessionId, sessionIndexDigest, endsAt } = command;
        const known = state.opened.find((each) => each.sessionId === sessionId);
        if (known !== undefined && !known.isEnded) return [];
        if (known !== undefined || isOvertaken(state, command)) throw new SamlRefused('session-over');
        const data = { userId, sessionId, sessionIndexDigest, endsAt: endsAt.toISOString() };
        return [{ type: 'ProviderSessionOpened', data }];
      }
      // Said again it is another fact: a login may have begun in between.
      case 'EndProviderSessions': {
        const { sessionIndexDigests } = command;
        const userId = state.opened.findLast(named(sessionIndexDigests))?.userId ?? null;
        return [{ type: 'ProviderSessionsEnded', data: { userId, sessionIndexDigests } }];
      }
    }
  },
};

/** The sessions that are named by these; null names all. One that has no name ends with those of all only. */
const named =
  (digests: readonly string[] | null) =>
  ({ sessionIndexDigest }: Pick<OpenedSession, 'sessionIndexDigest'>): boolean =>
    digests === null || (sessionIndexDigest !== null && digests.includes(sessionIndexDigest));

/** Whether a logout was recorded after this login began. */
export const isOvertaken = (
  { endings }: ProviderSessions,
  login: { readonly sessionIndexDigest: string | null; readonly begunAt: Date },
): boolean => endings.some(({ at, sessionIndexDigests }) => login.begunAt <= at && named(sessionIndexDigests)(login));

const asEnded = (session: OpenedSession): OpenedSession => ({ ...session, isEnded: true });

/** Those that were ended at the identity provider and may be alive here. */
export const endedIn = (
  { opened }: ProviderSessions,
  sessionIndexDigests: readonly string[] | null,
): readonly OpenedSession[] => opened.filter((each) => each.isEnded && named(sessionIndexDigests)(each));

/** Whether the session is known, and was not ended at the identity provider. */
export const isOpenIn = ({ opened }: ProviderSessions, sessionId: SessionId): boolean =>
  opened.some((each) => each.sessionId === sessionId && !each.isEnded);

const without = ({ opened, endings }: ProviderSessions, now: Date): ProviderSessions => ({
  opened: opened.filter(({ endsAt }) => endsAt > now),
  endings: endings.filter(({ at }) => now.getTime() - at.getTime() < LOGIN_TAKES_MS),
});
