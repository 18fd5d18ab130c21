import type { ActiveUser } from '../user/user-state.js';

/** Who has to have a second factor (design §7). */
export interface SecondFactorPolicy {
  /** Persons whom an administrator registered, */
  readonly provisionedUsers: 'required' | 'optional';
  /** and those whom a service registered. */
  readonly registeredUsers: 'required' | 'optional';
}

/** Whether the policy asks this account for a second factor. The first administrator chooses. */
export function requiresSecondFactor(
  { kind, registeredBy }: Pick<ActiveUser, 'kind' | 'registeredBy'>,
  { provisionedUsers, registeredUsers }: SecondFactorPolicy,
): boolean {
  if (kind !== 'password' || registeredBy === 'installation') return false;
  return (registeredBy === 'administrator' ? provisionedUsers : registeredUsers) === 'required';
}
