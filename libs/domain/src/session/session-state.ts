import type { SessionId, UserId } from '../ids.js';
import { credentialEnd } from '../user/credentials.js';
import type { SessionOwner } from '../user/user-state.js';
import type { Federation } from './federation.js';
import type { SessionEndReason, SessionOrigin } from './session-events.js';

export type Session =
  | { readonly status: 'none' }
  | OpenSession
  | { readonly status: 'ended'; readonly userId: UserId; readonly reason: SessionEndReason };

export interface OpenSession {
  readonly status: 'open';
  readonly userId: UserId;
  readonly epoch: number;
  readonly origin: SessionOrigin;
  readonly secretHash: string | null;
  /** The secret before the last rotation: answered again inside the retry window. */
  readonly spent: { readonly secretHash: string; readonly at: Date } | null;
  readonly rotates: boolean;
  readonly scopes: readonly string[];
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  /** Null where the login was made here. What the identity provider calls the person is in the event alone: it is personal. */
  readonly federation: Federation | null;
  readonly openedAt: Date;
  readonly lastActiveAt: Date;
  readonly expiresAt: Date;
  readonly idleMs: number;
  readonly accessTokenMs: number;
}

/** What beside its own stream decides whether a session lives. */
export interface Surroundings {
  /** Null when there is no such account, or it may not be used. */
  readonly owner: SessionOwner | null;
  /**
   * Whether the sessions that an extension was derived from are all alive, and the services that extended it may be used;
   * true for a session that is no extension.
   */
  readonly ancestorsAlive: boolean;
}

/** The sessions that this one was derived from, first to last; none for a session that is no extension. */
export const ancestorsOf = ({ origin }: OpenSession): readonly SessionId[] =>
  origin.kind === 'extension' ? origin.ancestors : [];

/** The services that extended it, first to last. */
export const extendersOf = ({ origin }: OpenSession): readonly UserId[] =>
  origin.kind === 'extension' ? origin.extendedBy : [];

type Owner = Pick<SessionOwner, 'credentials'>;

/** When the session ends however much it is used: when it was said, or earlier if a newer credential has replaced it. */
export function absoluteEndOf(id: SessionId, { expiresAt, origin }: OpenSession, { credentials }: Owner): Date {
  const replacedAt = origin.kind === 'provisioned' ? credentialEnd(credentials, id) : null;
  return replacedAt !== null && replacedAt < expiresAt ? replacedAt : expiresAt;
}

/** When the session ends if it is left alone: its absolute or its idle end, whichever comes first. */
export function endOf(id: SessionId, session: OpenSession, owner: Owner): Date {
  const { lastActiveAt, idleMs } = session;
  return new Date(Math.min(absoluteEndOf(id, session, owner).getTime(), lastActiveAt.getTime() + idleMs));
}

/**
 * Why the session gives no access any more; null while it lives. A session also dies when all sessions of its owner are
 * ended: that is one event of the owner and none of the session.
 */
export function causeOfDeath(
  id: SessionId,
  state: Session,
  { owner, ancestorsAlive }: Surroundings,
  now: Date,
): 'session-unknown' | 'session-ended' | 'session-expired' | null {
  if (state.status === 'none') return 'session-unknown';
  if (state.status === 'ended' || owner === null || !ancestorsAlive) return 'session-ended';
  if (state.epoch !== owner.sessionEpoch && owner.sparedSession !== id) return 'session-ended';
  return endOf(id, state, owner) <= now ? 'session-expired' : null;
}
