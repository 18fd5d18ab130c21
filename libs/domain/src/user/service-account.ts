import type { SessionId, UserId } from '../ids.js';
import { Refused } from '../refused.js';
import { demandCovered } from '../scope.js';
import {
  MAX_CREDENTIALS,
  type NewCredential,
  demandCredentialLifetime,
  demandOverlap,
  newestCredential,
} from './credentials.js';
import { NO_PERSON, created } from './user-creation.js';
import type { Registrar, UserEvent } from './user-events.js';
import type { ActiveUser } from './user-state.js';

/** Makes a service that may do some things only, with its first credential. */
export interface CreateService {
  readonly type: 'CreateService';
  readonly id: UserId;
  readonly username: string;
  /** What its sessions may do at most, */
  readonly scopes: readonly string[];
  /** and what whoever makes it may do themselves: nobody grants more than they hold (SEC-176). */
  readonly grantedScopes: readonly string[];
  readonly credential: NewCredential;
  readonly registeredBy: Registrar;
  readonly now: Date;
}

/** Gives a service a new credential; those it has end after the overlap, or when they would have ended anyway. */
export interface RotateCredential {
  readonly type: 'RotateCredential';
  readonly credential: NewCredential;
  readonly overlapMs: number;
  /** The newest one that whoever asks has seen: of two who ask at the same moment one is refused. */
  readonly replaces: SessionId | null;
  /** The service and its credential that asks for a successor; null for an administrator. */
  readonly by: { readonly userId: UserId; readonly sessionId: SessionId } | null;
  readonly now: Date;
}

/** @throws Refused if there can be no such service */
export function serviceCreated(command: CreateService): UserEvent[] {
  const { id, username, grantedScopes, credential, registeredBy, now } = command;
  const scopes = [...new Set(command.scopes)];
  if (scopes.length === 0) throw new Refused('scope-invalid', 'scopes is empty: name at least one scope.');
  demandCovered(scopes, grantedScopes);
  demandCredentialLifetime(credential.lifetimeMs);
  return [
    created({ type: 'CreateUser', id, role: 'SERVICE', username, ...NO_PERSON, registeredBy }),
    { type: 'ScopesLimited', data: { userId: id, scopes } },
    credentialIssued(id, credential, null, now),
  ];
}

export const noSuchService = () =>
  new Refused('user-unknown', 'There is no service with this name whose credentials you may change.');

/** @throws Refused */
export function credentialRotated(state: ActiveUser, command: RotateCredential): UserEvent[] {
  const { credential, overlapMs, replaces, by, now } = command;
  // To a service the others do not exist (SEC-36).
  if (state.kind !== 'service' || (by !== null && by.userId !== state.id)) throw noSuchService();
  if (state.suspended) throw new Refused('account-suspended');
  demandCredentialLifetime(credential.lifetimeMs);
  demandOverlap(overlapMs);
  const newest = newestCredential(state.credentials);
  if (newest !== replaces) throw new Refused('credential-rotated-meanwhile');
  // One that was replaced has leaked, perhaps: in what is left of its time it must not become one that lasts.
  if (by !== null && newest !== null && by.sessionId !== newest) throw new Refused('credential-superseded');
  if (state.credentials.issued.filter(({ endsAt }) => endsAt > now).length >= MAX_CREDENTIALS)
    throw new Refused('credentials-too-many');
  return [credentialIssued(state.id, credential, new Date(now.getTime() + overlapMs), now)];
}

export const credentialIssued = (
  userId: UserId,
  { sessionId, lifetimeMs }: NewCredential,
  othersEndAt: Date | null,
  now: Date,
): UserEvent => ({
  type: 'CredentialIssued',
  data: {
    userId,
    sessionId,
    expiresAt: new Date(now.getTime() + lifetimeMs).toISOString(),
    othersEndAt: othersEndAt?.toISOString() ?? null,
  },
});
