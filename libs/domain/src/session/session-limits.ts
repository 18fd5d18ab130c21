import type { Role } from '../role.js';
import { MAX_CREDENTIAL_MS } from '../user/credentials.js';

/** A place people log in to (design §7); what the rules need to know of it. */
export interface LoginService {
  readonly name: string;
  /** Whether each refresh replaces the refresh token. */
  readonly rotates: boolean;
  /** A shorter absolute end than the role's; null for none. */
  readonly refreshTokenExpiresAfterMs: number | null;
}

export interface SessionLimits {
  readonly absoluteMs: number;
  readonly idleMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Design §3; below the limits of SEC-85. */
export const ACCESS_TOKEN_MS = 10 * MINUTE;
const PROVIDER_ACCESS_TOKEN_MS = 15 * MINUTE;

const PERSON: SessionLimits = { absoluteMs: 30 * DAY, idleMs: 14 * DAY };
const ADMINISTRATOR: SessionLimits = { absoluteMs: 12 * HOUR, idleMs: 30 * MINUTE };
// A service's refresh token is its credential: nobody is there to log in again when it has been idle.
const SERVICE: SessionLimits = { absoluteMs: MAX_CREDENTIAL_MS, idleMs: MAX_CREDENTIAL_MS };

/** How long its access tokens live: a provider's as long as UCloud's do (ucloud-users-api §10.1, SEC-85). */
export const accessTokenMsOf = (role: Role) => (role === 'PROVIDER' ? PROVIDER_ACCESS_TOKEN_MS : ACCESS_TOKEN_MS);

/**
 * When a session that is opened now ends, however much it is used.
 * @param sessionEndsAt when the identity provider wants it to end; null for no such bound
 */
export function endOfLogin(role: Role, service: LoginService | null, sessionEndsAt: Date | null, now: Date): Date {
  const end = now.getTime() + limitsOf(role, service).absoluteMs;
  return new Date(Math.min(end, sessionEndsAt?.getTime() ?? Infinity));
}

/** How long a session of this role lives at most, in all and unused (design §3, SEC-68). */
export function limitsOf(role: Role, service: LoginService | null): SessionLimits {
  const limits = role === 'ADMIN' ? ADMINISTRATOR : role === 'SERVICE' ? SERVICE : PERSON;
  const absoluteMs = Math.min(limits.absoluteMs, service?.refreshTokenExpiresAfterMs ?? Infinity);
  return { absoluteMs, idleMs: Math.min(limits.idleMs, absoluteMs) };
}
