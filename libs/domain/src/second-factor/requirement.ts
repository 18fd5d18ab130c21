import { isOfPerson } from '../user/user-events.js';
import type { ActiveUser } from '../user/user-state.js';

/** Who has to have a second factor (design §7). */
export interface SecondFactorPolicy {
  /** Persons whom an administrator registered, */
  readonly provisionedUsers: 'required' | 'optional';
  /** those whom a service registered, */
  readonly registeredUsers: 'required' | 'optional';
  /** and those who come from an identity provider, unless it says that they have shown one there. */
  readonly federatedUsers: 'required' | 'optional';
}

/** Whether the policy asks this account for a second factor. The first administrator chooses. */
export function requiresSecondFactor(
  { kind, registeredBy }: Pick<ActiveUser, 'kind' | 'registeredBy'>,
  { provisionedUsers, registeredUsers, federatedUsers }: SecondFactorPolicy,
): boolean {
  if (!isOfPerson(kind)) return false;
  switch (registeredBy) {
    case 'installation':
      return false;
    case 'administrator':
      return provisionedUsers === 'required';
    case 'service':
      return registeredUsers === 'required';
    case 'identity-provider':
      return federatedUsers === 'required';
  }
}
