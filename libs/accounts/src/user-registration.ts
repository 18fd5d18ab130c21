import { type CredentialId, type UserId, asUserId } from '#domain/ids.js';
import type { Role } from '#domain/role.js';
import type { ImportedPasswordHash } from '#domain/user/imported-password.js';
import { type CreateUser, kindOf } from '#domain/user/user-creation.js';
import type { Registrar, SkippedBreachCheck } from '#domain/user/user-events.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import { asKept } from '#vault/password-hash.js';
import type { PasswordHasher } from '#vault/password-hasher.js';
import type { Vault } from '#vault/vault.js';
import { AccountRegistration, type Applicant } from './account-registration.js';
import type { Identifier } from './identifier-reservations.js';

/** An account to be made. */
export interface NewUser {
  readonly username: string;
  readonly role: Role;
  /** Of persons only, as what follows. */
  readonly password: string | null;
  readonly email: string | null;
  readonly firstNames: string | null;
  readonly lastName: string | null;
  readonly organizationId: string | null;
  readonly registeredBy: Registrar;
  readonly breachCheck?: SkippedBreachCheck;
}

/** A person to be made an account whose password is known by its hash only. */
export interface ImportedUser extends Omit<NewUser, 'password'> {
  readonly passwordHash: ImportedPasswordHash;
}

type Wanted = NewUser | ImportedUser;

/** Makes accounts of persons and services, all or none, and keeps their passwords. */
export class UserRegistration {
  constructor(
    private readonly registration: AccountRegistration,
    private readonly vault: Vault,
    private readonly hasher: PasswordHasher,
  ) {}

  /**
   * @returns the accounts in the order of the list; the same ones when the command is repeated
   * @throws Refused, HasherBusy
   */
  async register(users: readonly Wanted[], context: CommandContext): Promise<ActiveUser[]> {
    const applicants = users.map((wanted): Applicant => ({
      identifiers: identifiersOf(wanted),
      draft: creation(wanted, asUserId('nobody yet'), null),
      prepare: async (id) => creation(wanted, id, await this.keepPassword(id, wanted)),
    }));
    return this.registration.register(applicants, context);
  }

  private async keepPassword(id: UserId, wanted: Wanted): Promise<CredentialId | null> {
    if (!isPerson(wanted)) return null;
    const kept = await this.hashOf(wanted);
    return kept === null ? null : this.vault.keep('password', id, kept);
  }

  private async hashOf(wanted: Wanted): Promise<string | null> {
    if ('passwordHash' in wanted) return asKept(wanted.passwordHash);
    return wanted.password === null ? null : this.hasher.hash(wanted.password);
  }
}

export const isPerson = ({ role }: Wanted) => kindOf(role) === 'password';

function identifiersOf(wanted: Wanted): Identifier[] {
  const name: Identifier = { kind: 'name', value: wanted.username };
  return isPerson(wanted) && wanted.email !== null ? [name, { kind: 'email', value: wanted.email }] : [name];
}

function creation(wanted: Wanted, id: UserId, credentialId: CredentialId | null): CreateUser {
  const { username, role, email, firstNames, lastName, organizationId, registeredBy, breachCheck } = wanted;
  const profile = { username, role, email, firstNames, lastName, organizationId, registeredBy, breachCheck };
  return { type: 'CreateUser', id, credentialId, ...profile };
}
