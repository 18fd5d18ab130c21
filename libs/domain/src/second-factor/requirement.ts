import type { ActiveUser } from '../user/user.js';

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
