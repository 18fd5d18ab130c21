import type { SessionId, UserId } from '../ids.js';
import { Refused } from '../refused.js';
import { demandCovered, isCovered, isUnextendable, parseScope } from '../scope.js';
import type { SessionEvent } from './session-events.js';
import { ACCESS_TOKEN_MS } from './session-limits.js';
import {
  type Session,
  type Surroundings,
  absoluteEndOf,
  ancestorsOf,
  causeOfDeath,
  extendersOf,
} from './session-state.js';

/** A service derives a narrower session from one of its caller's: UCloud's token extension (ucloud-users-api §4.9). */
export interface ExtendSession {
  readonly type: 'ExtendSession';
  readonly parent: { readonly id: SessionId; readonly session: Session; readonly surroundings: Surroundings };
  /** The access token that was shown: its extension has no other scopes. */
  readonly presented: {
    readonly scopes: readonly string[];
    readonly expiresAt: Date;
  };
  readonly extender: { readonly id: UserId; readonly allowedScopes: readonly string[] };
  readonly scopes: readonly string[];
  readonly lifetimeMs: number;
  /** SHA-256 of the refresh secret, base64url; null for one access token that is never refreshed. */
  readonly secretHash: string | null;
  readonly now: Date;
}

/** The longest life an extension may ask for. */
export const MAX_EXTENSION_MS = 86_400_000;

/** How often an extended token may be extended again. */
export const MAX_EXTENSION_DEPTH = 8;

/** @throws Refused if the parent is dead, or the extender, the scopes or the lifetime are not allowed. */
export function extend(command: ExtendSession): SessionEvent {
  const { parent, presented, extender, scopes, lifetimeMs, secretHash, now } = command;
  const death = causeOfDeath(parent.id, parent.session, parent.surroundings, now);
  if (death !== null) throw new Refused(death);
  const { owner } = parent.surroundings;
  if (parent.session.status !== 'open' || owner === null) throw new Refused('session-unknown');
  if (lifetimeMs < 0 || lifetimeMs > MAX_EXTENSION_MS)
    throw new Refused('token-lifetime-invalid', `expiresIn must be from 0 to ${MAX_EXTENSION_MS} milliseconds.`);
  demandExtendable(scopes, extender.allowedScopes);
  demandCovered(scopes, presented.scopes);
  if (ancestorsOf(parent.session).length >= MAX_EXTENSION_DEPTH)
    throw new Refused('extension-not-allowed', `A token can be extended ${MAX_EXTENSION_DEPTH} times.`);

  const source = parent.session;
  // A lone token never outlives the token it came from; a refreshable one ends with the session it came from.
  const end = secretHash === null ? Math.min(now.getTime() + lifetimeMs, presented.expiresAt.getTime()) : Infinity;
  return {
    type: 'SessionOpened',
    data: {
      userId: source.userId,
      epoch: owner.sessionEpoch,
      origin: {
        kind: 'extension',
        ancestors: [...ancestorsOf(source), parent.id],
        extendedBy: [...extendersOf(source), extender.id],
      },
      secretHash,
      rotates: false,
      scopes,
      amr: source.amr,
      authenticatedAt: source.authenticatedAt.toISOString(),
      expiresAt: new Date(Math.min(end, absoluteEndOf(parent.id, source, owner).getTime())).toISOString(),
      idleMs: source.idleMs,
      accessTokenMs: Math.min(lifetimeMs, ACCESS_TOKEN_MS),
      ipAddress: null,
      userAgent: null,
    },
  };
}

function demandExtendable(scopes: readonly string[], allowed: readonly string[]): void {
  if (scopes.length === 0) throw new Refused('scope-invalid', 'requestedScopes is empty: name at least one scope.');
  for (const text of scopes) {
    const scope = parseScope(text);
    if (isUnextendable(scope) || !isCovered(scope, allowed))
      throw new Refused('extension-not-allowed', `The caller may not extend tokens with the scope ${text}.`);
  }
}
