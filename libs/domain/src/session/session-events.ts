import type { EventCatalogue } from '../event-catalogue.js';
import type { SessionId, UserId } from '../ids.js';
import type { Personal } from '../personal.js';
import type { Federation, ProviderNameId } from './federation.js';

/** How a session came to be. */
export type SessionOrigin =
  | { readonly kind: 'login'; readonly service: string }
  /** Opened for a new account by whoever created it (ucloud-users-api §5.9); null: by the installation itself. */
  | { readonly kind: 'provisioned'; readonly createdBy: UserId | null }
  /** A narrower session that services derived from others: the sessions above it and the services, each first to last. */
  | {
      readonly kind: 'extension';
      readonly ancestors: readonly SessionId[];
      readonly extendedBy: readonly UserId[];
    };

/** Where the client is; personal data of the session's owner, null when not recorded. */
export interface ClientTrace {
  readonly ipAddress: Personal<string> | null;
  readonly userAgent: Personal<string> | null;
}

export interface SessionOpened extends ClientTrace {
  readonly userId: UserId;
  /** The owner's session epoch when it was opened; see user.ts. */
  readonly epoch: number;
  readonly origin: SessionOrigin;
  /** SHA-256 of the refresh secret, base64url; null when the session cannot be refreshed. */
  readonly secretHash: string | null;
  /** Whether each refresh replaces the secret (RFC 9700 §4.14.2). */
  readonly rotates: boolean;
  readonly scopes: readonly string[];
  /** Authentication methods (RFC 8176). */
  readonly amr: readonly string[];
  /** When the owner proved who they are; ISO 8601 UTC. */
  readonly authenticatedAt: string;
  /** The absolute end; ISO 8601 UTC. */
  readonly expiresAt: string;
  readonly idleMs: number;
  readonly accessTokenMs: number;
  /** Left out where the login was made here. */
  readonly federation?: Federation;
  /** Sealed; left out likewise. */
  readonly nameId?: Personal<ProviderNameId>;
}

/** `reuse-detected`: a spent refresh secret came back, so one of its two holders is a thief (RFC 9700 §4.14.2). */
export type SessionEndReason =
  | 'logout'
  | 'ended-by-owner'
  | 'ended-by-administrator'
  | 'bulk-invalidation'
  | 'credential-revoked'
  | 'identity-provider-logout'
  | 'reuse-detected';

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type SessionEvent =
  | { readonly type: 'SessionOpened'; readonly data: SessionOpened }
  /** Carries the hash of the new secret when the old one was replaced. */
  | { readonly type: 'SessionRefreshed'; readonly data: { readonly userId: UserId; readonly secretHash?: string } }
  | { readonly type: 'SessionEnded'; readonly data: { readonly userId: UserId; readonly reason: SessionEndReason } };

export const sessionEvents: EventCatalogue<SessionEvent> = {
  SessionOpened: {
    schema: 1,
    personal: { fields: ['ipAddress', 'userAgent', 'nameId'], subject: (data) => data.userId },
  },
  SessionRefreshed: { schema: 1 },
  SessionEnded: { schema: 1 },
};
