import { readable } from '../personal.js';
import { type ActiveUser, nameOf } from './user-state.js';

interface Names {
  readonly firstNames: string | null;
  readonly lastName: string | null;
}

/** Null for who has no name. */
export function fullName({ firstNames, lastName }: Names): string | null {
  const names = [firstNames, lastName].filter((name) => name !== null);
  return names.length === 0 ? null : names.join(' ');
}

/**
 * By what somebody knows their account: the user name, or their names where they never type one, for they come from an identity
 * provider (ucloud-users-api §13.3).
 */
export function displayNameOf(account: Pick<ActiveUser, 'id' | 'kind' | 'claims'>): string {
  const { kind, claims } = account;
  if (kind !== 'wayf') return nameOf(account);
  return fullName({ firstNames: readable(claims.firstNames), lastName: readable(claims.lastName) }) ?? nameOf(account);
}
