import type { SessionId } from '../ids.js';
import { Refused } from '../refused.js';
import type { UserEvent } from './user-events.js';

/**
 * What a service or a provider shows to get access tokens: each credential is a session, and its secret is the refresh
 * token. When they end is decided on the account: a new one and the end of those it replaces are one append.
 */
export interface Credentials {
  /** Oldest first; the last is the newest. Those that have ended are left out at the next one. */
  readonly issued: readonly IssuedCredential[];
  /** When the others end, which were opened with the account and are not listed; null until one replaces them. */
  readonly othersEndAt: Date | null;
}

export interface IssuedCredential {
  readonly sessionId: SessionId;
  readonly endsAt: Date;
}

/** A credential to be made. */
export interface NewCredential {
  /** Of the session that it will be. */
  readonly sessionId: SessionId;
  readonly lifetimeMs: number;
}

type CredentialIssued = Extract<UserEvent, { type: 'CredentialIssued' }>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A credential that nobody replaces ends, too (design §4). */
export const MIN_CREDENTIAL_MS = HOUR_MS;
export const MAX_CREDENTIAL_MS = 365 * DAY_MS;
export const DEFAULT_CREDENTIAL_MS = 90 * DAY_MS;

/** How long those that were replaced go on, so that the new one can be brought to where it is needed. */
export const MAX_OVERLAP_MS = 30 * DAY_MS;
export const DEFAULT_OVERLAP_MS = DAY_MS;

/** So many of one account live at a time. */
export const MAX_CREDENTIALS = 20;

export const NO_CREDENTIALS: Credentials = { issued: [], othersEndAt: null };

/** When the account has this session end; null where it says nothing about it. */
export function credentialEnd({ issued, othersEndAt }: Credentials, id: SessionId): Date | null {
  return issued.find(({ sessionId }) => sessionId === id)?.endsAt ?? othersEndAt;
}

/** The one that was issued last; null before the first. */
export const newestCredential = ({ issued }: Credentials): SessionId | null => issued.at(-1)?.sessionId ?? null;

const earlier = (one: Date, other: Date | null) => (other !== null && other < one ? other : one);

/** The credentials after one more. */
export function withIssued(
  { issued, othersEndAt }: Credentials,
  { sessionId, expiresAt, othersEndAt: end }: CredentialIssued['data'],
  occurredAt: Date,
): Credentials {
  const replacedAt = end === null ? null : new Date(end);
  // Those left out have ended, and are among the others from now on, whose end was no later.
  const kept = issued
    .map((credential) => ({ ...credential, endsAt: earlier(credential.endsAt, replacedAt) }))
    .filter(({ endsAt }) => endsAt > occurredAt);
  return {
    issued: [...kept, { sessionId, endsAt: new Date(expiresAt) }],
    othersEndAt: replacedAt === null ? othersEndAt : earlier(replacedAt, othersEndAt),
  };
}

/** @throws Refused `token-lifetime-invalid` */
export function demandCredentialLifetime(lifetimeMs: number): void {
  if (lifetimeMs < MIN_CREDENTIAL_MS || lifetimeMs > MAX_CREDENTIAL_MS)
    throw new Refused(
      'token-lifetime-invalid',
      `expiresAfter must be from ${MIN_CREDENTIAL_MS} to ${MAX_CREDENTIAL_MS} milliseconds: an hour to 365 days.`,
    );
}

/** @throws Refused `token-lifetime-invalid` */
export function demandOverlap(overlapMs: number): void {
  if (overlapMs < 0 || overlapMs > MAX_OVERLAP_MS)
    throw new Refused(
      'token-lifetime-invalid',
      `overlap must be from 0 to ${MAX_OVERLAP_MS} milliseconds: at most 30 days.`,
    );
}
