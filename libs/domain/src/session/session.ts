import type { Decider } from '../decider.js';
import type { SessionId, UserId } from '../ids.js';
import { Refused } from '../refused.js';
import { SamlRefused } from '../saml/saml-refused.js';
import { ALL_WRITE } from '../scope.js';
import type { SessionOwner } from '../user/user-state.js';
import type { FederatedLogin } from './federation.js';
import { type ExtendSession, extend } from './session-extension.js';
import {
  type ClientTrace,
  type SessionEndReason,
  type SessionEvent,
  type SessionOrigin,
  sessionEvents,
} from './session-events.js';
import { type LoginService, accessTokenMsOf, endOfLogin, limitsOf } from './session-limits.js';
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
  | ({
      readonly type: 'LogIn';
      readonly service: LoginService;
      readonly amr: readonly string[];
      /** Left out where the login was made here. */
      readonly federated?: FederatedLogin;
    } & Opening)
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
  /** Ends a session by its id: for its owner, for an administrator who knows whose it is, or for who has vouched for its login. */
  | {
      readonly type: 'EndSession';
      readonly owner: UserId;
      readonly reason: 'ended-by-owner' | 'ended-by-administrator' | 'identity-provider-logout';
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
  foldVersion: 2,

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
          federation: data.federation ?? null,
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
        return state.status === 'none' ? [logIn(command)] : [];
      case 'Provision':
        return state.status === 'none' ? [provision(command)] : [];
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

type Command<Type extends SessionCommand['type']> = Extract<SessionCommand, { type: Type }>;

/** @throws SamlRefused if the session at the identity provider ended while the login was under way */
function logIn({ service, amr, federated, ...opening }: Command<'LogIn'>): SessionEvent {
  const { owner, now } = opening;
  const expiresAt = endOfLogin(owner.role, service, federated?.sessionEndsAt ?? null, now);
  if (expiresAt <= now) throw new SamlRefused('session-over');
  const { idleMs } = limitsOf(owner.role, service);
  const origin = { kind: 'login', service: service.name } as const;
  const event = opened(opening, origin, { expiresAt, idleMs, rotates: service.rotates, amr });
  return federated === undefined ? event : vouchedFor(event, federated, now);
}

/** Its owner was authenticated elsewhere, and perhaps some time ago. */
function vouchedFor(
  { type, data }: Opened,
  { federation, nameId, authenticatedAt }: FederatedLogin,
  now: Date,
): Opened {
  // A clock that is ahead of ours makes nobody fresher than they are.
  const provedAt = authenticatedAt < now ? authenticatedAt : now;
  return { type, data: { ...data, authenticatedAt: provedAt.toISOString(), federation, nameId } };
}

function provision({ createdBy, ...opening }: Command<'Provision'>): SessionEvent {
  const { owner, now } = opening;
  const { idleMs } = limitsOf(owner.role, null);
  const expiresAt = endOfLogin(owner.role, null, null, now);
  return opened(opening, { kind: 'provisioned', createdBy }, { expiresAt, idleMs, rotates: false, amr: [] });
}

function issue({ createdBy, endsAt, ...command }: IssueCredential): SessionEvent {
  const idleMs = Math.max(0, endsAt.getTime() - command.now.getTime());
  const expiresAt = new Date(command.now.getTime() + idleMs);
  const scopes = command.owner.scopeLimit ?? [ALL_WRITE];
  const opening = { ...command, scopes, ipAddress: null, userAgent: null };
  return opened(opening, { kind: 'provisioned', createdBy }, { expiresAt, idleMs, rotates: false, amr: [] });
}

type Opened = Extract<SessionEvent, { type: 'SessionOpened' }>;

interface Terms {
  readonly expiresAt: Date;
  readonly idleMs: number;
  readonly rotates: boolean;
  readonly amr: readonly string[];
}

function opened(
  { owner, secretHash, scopes, ipAddress, userAgent, now }: Opening,
  origin: SessionOrigin,
  { expiresAt, idleMs, rotates, amr }: Terms,
): Opened {
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
      expiresAt: expiresAt.toISOString(),
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

function refresh(state: Session, command: Command<'RefreshSession'>): SessionEvent[] {
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

function logOut(state: Session, command: Command<'LogOut'>): SessionEvent[] {
  const { presented, reason, now } = command;
  if (state.status === 'none') throw new Refused('refresh-token-unknown');
  if (state.status === 'ended') throw new Refused('session-ended');
  if (presented.hash === state.secretHash || isRetry(state, presented, now)) return [ended(state, reason)];
  if (presented.genuine) return [ended(state, 'reuse-detected')];
  throw new Refused('refresh-token-unknown').of(state.userId);
}
