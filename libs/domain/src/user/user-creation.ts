import type { CredentialId, UserId } from '../ids.js';
import { Refused } from '../refused.js';
import type { Role } from '../role.js';
import { demandEmail } from './email-address.js';
import type { PrincipalKind, Registrar, SkippedBreachCheck, UserEvent } from './user-events.js';
import { demandPlainText, demandUsername } from './username.js';

/** Makes an account. */
export interface CreateUser {
  readonly type: 'CreateUser';
  readonly id: UserId;
  readonly role: Role;
  readonly username: string;
  /** Null only for an administrator whom the installation makes. */
  readonly email: string | null;
  readonly firstNames: string | null;
  readonly lastName: string | null;
  readonly organizationId: string | null;
  readonly credentialId: CredentialId | null;
  readonly registeredBy: Registrar;
  readonly breachCheck?: SkippedBreachCheck | undefined;
}

/** The kind of account that a role makes. @throws Refused `role-not-assignable` for roles that no account can have */
export function kindOf(role: Role): Extract<PrincipalKind, 'password' | 'service'> {
  switch (role) {
    case 'USER':
    case 'ADMIN':
      return 'password';
    case 'SERVICE':
      return 'service';
    case 'GUEST':
    case 'PROVIDER':
    case 'THIRD_PARTY_APP':
    case 'UNKNOWN':
      throw new Refused('role-not-assignable', `The role ${role} cannot be given: use USER, ADMIN or SERVICE.`);
  }
}

/** What accounts lack behind which there is no person. */
export const NO_PERSON = { email: null, firstNames: null, lastName: null, organizationId: null, credentialId: null };

/** @throws Refused if there can be no such account */
export function created(command: CreateUser): UserEvent {
  const { id, role, username, organizationId, credentialId, registeredBy, breachCheck } = command;
  const kind = kindOf(role);
  if (kind === 'service') {
    demandUsername(username, kind);
    return { type: 'UserCreated', data: { userId: id, kind, role, username, ...NO_PERSON, registeredBy } };
  }
  const { email } = command;
  const named = [command.firstNames, command.lastName].every((name) => name !== null && name.trim() !== '');
  const firstNames = named ? command.firstNames : username;
  const lastName = named ? command.lastName : 'N/A';
  if (email !== null) demandEmail(email);
  else if (registeredBy !== 'installation') throw new Refused('email-invalid', 'An e-mail address is needed.');
  demandUsername(username, kind);
  demandPlainText('firstnames', firstNames ?? '');
  demandPlainText('lastname', lastName ?? '');
  demandPlainText('orgId', organizationId ?? '');
  return {
    type: 'UserCreated',
    data: {
      userId: id,
      kind,
      role,
      username,
      email,
      firstNames,
      lastName,
      organizationId,
      credentialId,
      registeredBy,
      ...(breachCheck === undefined ? {} : { breachCheck }),
    },
  };
}
