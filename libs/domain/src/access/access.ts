import { inMinutes } from '../duration.js';
import type { SessionId, UserId } from '../ids.js';
import { Refused } from '../refused.js';
import type { Role } from '../role.js';
import { ALL_WRITE, type Scope, demandCovered, isCovered } from '../scope.js';
import type { OpenSession } from '../session/session-state.js';
import { explanationOf } from './required-actions.js';

/** Who is calling, as their access token and the log say. */
export interface Caller {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** The principal id: the `sub` of tokens. */
  readonly username: string;
  /** Today's role, not the one the token was issued with (SEC-140). */
  readonly role: Role;
  /** Whether they were appointed to read the audit, and are (SEC-140). */
  readonly isAuditor: boolean;
  readonly scopes: readonly string[];
  /** The services that extended the token, first to last; empty for a token that the caller got by a login. */
  readonly extendedBy: readonly UserId[];
  readonly tokenExpiresAt: Date;
}

/** Who a call can be opened to: those with a role, and those who were appointed to read the audit, whatever their role is. */
export type Grantee = Role | 'AUDITOR';

/** Who may make a call (ucloud-users-api §2.3, §3). */
export interface CallPermission {
  readonly scope: Scope;
  readonly roles: readonly Grantee[];
}

export type AccessRefusal =
  | 'access-token-invalid'
  | 'access-token-missing'
  | 'caller-not-listed'
  | 'extended-token-not-allowed'
  | 'personal-data-not-allowed'
  | 'role-not-allowed'
  | 'scope-missing'
  | 'step-up-required';

/** @throws Refused if the caller's role or scopes do not allow the call */
export function demandPermission({ role, isAuditor, scopes }: Caller, permission: CallPermission): void {
  const { roles } = permission;
  if (!roles.includes(role) && !(isAuditor && roles.includes('AUDITOR'))) throw new Refused('role-not-allowed');
  if (isCovered(permission.scope, scopes)) return;
  throw new Refused('scope-missing', explanationOf(scopes) || 'Missing scope');
}

/** What is its owner's own affair, or outlasts the token, is not for those to whom a service has lent it. */
export function demandOwnToken({ extendedBy }: Caller): void {
  if (extendedBy.length > 0) throw new Refused('extended-token-not-allowed', 'Invalid token');
}

/** Sessions are managed only with a token that its owner got by a login (ucloud-users-api §4.1). */
export function demandUnrestrictedToken(caller: Caller): void {
  demandOwnToken(caller);
  if (!caller.scopes.includes(ALL_WRITE)) throw new Refused('extended-token-not-allowed', 'Invalid token');
}

/**
 * Accounts that may do more than a person are made with a token that may do everything (SEC-176): their tokens come with them.
 * @throws Refused `scope-not-covered`
 */
export function demandMayCreate(role: Role, { scopes }: Caller): void {
  if (role !== 'USER') demandCovered([ALL_WRITE], scopes);
}

/** How long after a login what cannot be taken back easily may be done (SEC-76). */
export const STEP_UP_MS = 300_000;
const STEP_UP_MINUTES = inMinutes(STEP_UP_MS);

/** The method of a login with a second factor (RFC 8176). */
export const MULTI_FACTOR = 'mfa';

/** When and how the owner of a session proved who they are. */
type Authenticated = Pick<OpenSession, 'amr' | 'authenticatedAt'>;

/** Whether that was just now, with the strongest factor they have. A session that was provisioned proves nobody. */
const isFresh = ({ authenticatedAt, amr }: Authenticated, hasSecondFactor: boolean, now: Date): boolean =>
  now.getTime() - authenticatedAt.getTime() <= STEP_UP_MS &&
  (hasSecondFactor ? amr.includes(MULTI_FACTOR) : amr.length > 0);

/**
 * For what a stolen session must not be enough for: its owner has just logged in, with the strongest factor they have.
 * @throws Refused `step-up-required`
 */
export function demandFreshAuthentication(session: Authenticated, hasSecondFactor: boolean, now: Date): void {
  if (isFresh(session, hasSecondFactor, now)) return;
  const how = hasSecondFactor ? ' with your second factor' : '';
  throw new Refused('step-up-required', `Log in again${how}, then ask within ${STEP_UP_MINUTES} minutes.`);
}

/** How long after a login the audit may be read: an investigation takes longer than one act. */
export const AUDIT_READING_MS = 900_000;

/**
 * For reading what everybody did: with a second factor, and not long ago.
 * @throws Refused `step-up-required`
 */
export function demandFreshSecondFactor({ authenticatedAt, amr }: Authenticated, now: Date): void {
  const isFresh = now.getTime() - authenticatedAt.getTime() <= AUDIT_READING_MS;
  if (isFresh && amr.includes(MULTI_FACTOR)) return;
  throw new Refused(
    'step-up-required',
    `Log in again with your second factor, then ask within ${inMinutes(AUDIT_READING_MS)} minutes; POST /auth/2fa enrols one.`,
  );
}

/**
 * For what the password is asked for anyway: who has a second factor has just logged in with it, or sends a code (SEC-08).
 * @param hasCode whether one was sent
 * @returns whether it has to be looked at
 * @throws Refused `step-up-required` if it has to be and there is none
 */
export function needsCode(session: Authenticated, hasSecondFactor: boolean, hasCode: boolean, now: Date): boolean {
  if (!hasSecondFactor || isFresh(session, hasSecondFactor, now)) return false;
  if (hasCode) return true;
  throw new Refused(
    'step-up-required',
    `Send verificationCode or recoveryCode, or log in again with your second factor and ask within ${STEP_UP_MINUTES} minutes.`,
  );
}
