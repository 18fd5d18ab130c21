import { ALL_WRITE } from '../scope.js';
import type { ActiveUser } from '../user/user-state.js';

/** Who has to have a second factor (design §7). */
export interface SecondFactorPolicy {
  /** Persons whom an administrator registered, */
  readonly provisionedUsers: 'required' | 'optional';
  /** and those whom a service registered. */
  readonly registeredUsers: 'required' | 'optional';
}

/** What somebody may do who has to enrol first: that, see themselves, and leave (SEC-44). */
export const ENROLMENT_SCOPES: readonly string[] = [
  'auth.twofactor.createCredentials:write',
  'auth.twofactor.answerChallenge:write',
  'auth.twofactor.twoFactorStatus:write',
  'auth.currentSession:read',
  'auth.users.getUserInfo:read',
  'auth.refresh:write',
  'auth.logout:write',
];

/** Whether the policy asks this account for a second factor. The first administrator chooses. */
export function requiresSecondFactor(
  { kind, registeredBy }: Pick<ActiveUser, 'kind' | 'registeredBy'>,
  { provisionedUsers, registeredUsers }: SecondFactorPolicy,
): boolean {
  if (kind !== 'password' || registeredBy === 'installation') return false;
  return (registeredBy === 'administrator' ? provisionedUsers : registeredUsers) === 'required';
}

/** What the owner may do after a login with one factor: no more than enrol where the policy asks for two (SEC-44). */
export const singleFactorScopes = (
  owner: Pick<ActiveUser, 'kind' | 'registeredBy'>,
  policy: SecondFactorPolicy,
): readonly string[] => (requiresSecondFactor(owner, policy) ? ENROLMENT_SCOPES : [ALL_WRITE]);

/** Whether these are the scopes of somebody who has to enrol first. */
export const mustEnrolFirst = (scopes: readonly string[]): boolean =>
  ENROLMENT_SCOPES.every((scope) => scopes.includes(scope));
