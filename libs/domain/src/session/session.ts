import type { Decider } from '../decider.js';
import type { SessionId, UserId } from '../ids.js';
import { Refused } from '../refused.js';
import { ALL_WRITE } from '../scope.js';
import type { SessionOwner } from '../user/user-state.js';
import { type ExtendSession, extend } from './session-extension.js';
import {
  type ClientTrace,
  type SessionEndReason,
  type SessionEvent,
  type SessionOrigin,
  sessionEvents,
} from './session-events.js';
import { type LoginService, type SessionLimits, accessTokenMsOf, limitsOf } from './session-limits.js';
import { type OpenSession, type Session, type Surroundings, causeOfDeath } from './session-state.js';

/** A refresh secret that somebody presents. */
export interface PresentedSecret {
  /** SHA-256, base64url. */
  readonly hash: string;
  /** Whether it carries our mark, so that a spent secret can be told from an invented one. */
  readonly genuine: boolean;
}

/** What every way of opening a session brings along. */
interface Opening extends ClientTrace {
  readonly owner: SessionOwner;
  /** SHA-256 of the first refresh secret, base64url. */
  readonly secretHash: string;
  readonly scopes: readonly string[];
  readonly now: Date;
}

/** The session that a credential of a service or a provider is; it may do what its owner may. */
type IssueCredential = Omit<Opening, 'scopes' | keyof ClientTrace> & {
  readonly type: 'IssueCredential';
  readonly createdBy: UserId;
  /** As its owner's account has it. */
  readonly endsAt: Date;
};

export type SessionCommand =
  | ({ readonly type: 'LogIn'; readonly service: LoginService; readonly amr: readonly string[] } & Opening)
  /** The first session of a new account, for whoever created it. */
  | ({ readonly type: 'Provision'; readonly createdBy: UserId | null } & Opening)
  | IssueCredential
  | ExtendSession
  | {
      readonly type: 'RefreshSession';
      readonly id: SessionId;
      readonly presented: PresentedSecret;
      /** The hash of the secret that follows the presented one. */
      readonly successorHash: string;
      readonly surroundings: Surroundings;
      readonly now: Date;
    }
  /** Ends the session for someone who holds its refresh secret. */
  | {
      readonly type: 'LogOut';
      readonly presented: PresentedSecret;
      readonly reason: 'logout' | 'bulk-invalidation';
      readonly now: Date;
    }
  /** Ends a session by its id, for its owner or for an administrator who knows whose it is. */
  | {
      readonly type: 'EndSession';
      readonly owner: UserId;
      readonly reason: 'ended-by-owner' | 'ended-by-administrator';
    }
  /** Takes a credential of this account back. */
  | { readonly type: 'RevokeCredential'; readonly owner: UserId };

export type SessionRefusal =
  | 'credential-unknown'
  | 'extension-not-allowed'
  | 'refresh-token-reused'
  | 'refresh-token-unknown'
  | 'session-ended'
  | 'session-expired'
  | 'session-unknown'
  | 'token-lifetime-invalid';

/** How long a spent secret is still answered, with the successor it has already led to (SEC-91). */
export const RETRY_WINDOW_MS = 10_000;

/** The activity of a session that does not rotate is recorded at most this often. */
export const ACTIVITY_RESOLUTION_MS = 60_000;

export const session: Decider<Session, SessionCommand, SessionEvent> = {
  events: sessionEvents,
  initial: { status: 'none' },
  foldVersion: 1,

  evolve(state, { type, data }, occurredAt) {
    switch (type) {
      case 'SessionOpened':
        return {
          status: 'open',
          userId: data.userId,
          epoch: data.epoch,
          origin: data.origin,
          secretHash: data.secretHash,
          spent: null,
          rotates: data.rotates,
          scopes: data.scopes,
          amr: data.amr,
          authenticatedAt: new Date(data.authenticatedAt),
          openedAt: occurredAt,
          lastActiveAt: occurredAt,
          expiresAt: new Date(data.expiresAt),
          idleMs: data.idleMs,
          accessTokenMs: data.accessTokenMs,
        };
      case 'SessionRefreshed': {
        if (state.status !== 'open') return state;
        const active = { ...state, lastActiveAt: occurredAt };
        if (data.secretHash === undefined || state.secretHash === null) return active;
        return { ...active, secretHash: data.secretHash, spent: { secretHash: state.secretHash, at: occurredAt } };
      }
      case 'SessionEnded':
        return state.status === 'open' ? { status: 'ended', userId: state.userId, reason: data.reason } : state;
    }
  },

  decide(state, command) {
    switch (command.type) {
      case 'LogIn':
        return state.status === 'none'
          ? [open(command, { kind: 'login', service: command.service.name }, command.service, command.amr)]
          : [];
      case 'Provision':
        return state.status === 'none'
          ? [open(command, { kind: 'provisioned', createdBy: command.createdBy }, null, [])]
          : [];
      case 'IssueCredential':
        return state.status === 'none' ? [issue(command)] : [];
      case 'ExtendSession':
        return state.status === 'none' ? [extend(command)] : [];
      case 'RefreshSession':
        return refresh(state, command);
      case 'LogOut':
        return logOut(state, command);
      case 'EndSession':
        // To anyone but its owner a session does not exist (SEC-36); nor as one of somebody else.
        if (state.status === 'none' || state.userId !== command.owner) throw new Refused('session-unknown');
        if (state.status !== 'open') return [];
        return [ended(state, command.reason)];
      case 'RevokeCredential':
        if (state.status === 'none' || state.userId !== command.owner) throw new Refused('credential-unknown');
        if (state.status === 'ended') return [];
        if (state.origin.kind !== 'provisioned') throw new Refused('credential-unknown');
        return [ended(state, 'credential-revoked')];
    }
  },
};

const ended = ({ userId }: OpenSession, reason: SessionEndReason): SessionEvent => ({
  type: 'SessionEnded',
  data: { userId, reason },
});

function open(
  opening: Opening,
  origin: SessionOrigin,
  service: LoginService | null,
  amr: readonly string[],
): SessionEvent {
  const limits = limitsOf(opening.owner.role, service);
  return opened(opening, origin, limits, { rotates: service?.rotates ?? false, amr });
}

function issue({ createdBy, endsAt, ...command }: IssueCredential): SessionEvent {
  const lifetimeMs = Math.max(0, endsAt.getTime() - command.now.getTime());
  const limits = { absoluteMs: lifetimeMs, idleMs: lifetimeMs };
  const scopes = command.owner.scopeLimit ?? [ALL_WRITE];
  const opening = { ...command, scopes, ipAddress: null, userAgent: null };
  return opened(opening, { kind: 'provisioned', createdBy }, limits, { rotates: false, amr: [] });
}

function opened(
  { owner, secretHash, scopes, ipAddress, userAgent, now }: Opening,
  origin: SessionOrigin,
  { absoluteMs, idleMs }: SessionLimits,
  { rotates, amr }: { readonly rotates: boolean; readonly amr: readonly string[] },
): SessionEvent {
  return {
    type: 'SessionOpened',
    data: {
      userId: owner.id,
      epoch: owner.sessionEpoch,
      origin,
      secretHash,
      rotates,
      scopes,
      amr,
      authenticatedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + absoluteMs).toISOString(),
      idleMs,
      accessTokenMs: accessTokenMsOf(owner.role),
      ipAddress,
      userAgent,
    },
  };
}

/** Whether the secret was spent by the last rotation, so short ago that its answer may have been lost. */
const isRetry = ({ spent }: OpenSession, { hash }: PresentedSecret, now: Date) =>
  spent !== null && spent.secretHash === hash && now.getTime() - spent.at.getTime() <= RETRY_WINDOW_MS;

function refresh(state: Session, command: Extract<SessionCommand, { type: 'RefreshSession' }>): SessionEvent[] {
  const { id, presented, successorHash, surroundings, now } = command;
  if (state.status === 'none') throw new Refused('refresh-token-unknown');
  const death = causeOfDeath(id, state, surroundings, now);
  if (death !== null || state.status !== 'open') throw new Refused(death ?? 'session-ended');

  const { userId } = state;
  if (presented.hash === state.secretHash) {
    if (state.rotates) return [{ type: 'SessionRefreshed', data: { userId, secretHash: successorHash } }];
    const idleFor = now.getTime() - state.lastActiveAt.getTime();
    return idleFor >= ACTIVITY_RESOLUTION_MS ? [{ type: 'SessionRefreshed', data: { userId } }] : [];
  }
  if (isRetry(state, presented, now)) return [];
  if (presented.genuine) return [ended(state, 'reuse-detected')];
  throw new Refused('refresh-token-unknown').of(state.userId);
}

function logOut(state: Session, command: Extract<SessionCommand, { type: 'LogOut' }>): SessionEvent[] {
  const { presented, reason, now } = command;
  if (state.status === 'none') throw new Refused('refresh-token-unknown');
  if (state.status === 'ended') throw new Refused('session-ended');
  if (presented.hash === state.secretHash || isRetry(state, presented, now)) return [ended(state, reason)];
  if (presented.genuine) return [ended(state, 'reuse-detected')];
  throw new Refused('refresh-token-unknown').of(state.userId);
}
