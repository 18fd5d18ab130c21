import { Injectable } from '@nestjs/common';
import { type CredentialId, type UserId, asUserId } from '#domain/ids.js';
import type { Role } from '#domain/role.js';
import { type CreateUser, kindOf } from '#domain/user/user-creation.js';
import type { Registrar } from '#domain/user/user-events.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { Vault } from '#vault/vault.js';
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
}

/** Makes accounts of persons and services, all or none, and keeps their passwords. */
@Injectable()
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
  async register(users: readonly NewUser[], context: CommandContext): Promise<ActiveUser[]> {
    const applicants = users.map((wanted): Applicant => ({
      identifiers: identifiersOf(wanted),
      draft: creation(wanted, asUserId('nobody yet'), null),
      prepare: async (id) => creation(wanted, id, await this.keepPassword(id, wanted)),
    }));
    return this.registration.register(applicants, context);
  }

  private async keepPassword(id: UserId, wanted: NewUser): Promise<CredentialId | null> {
    if (!isPerson(wanted) || wanted.password === null) return null;
    return this.vault.keep('password', id, await this.hasher.hash(wanted.password));
  }
}

export const isPerson = ({ role }: NewUser) => kindOf(role) === 'password';

function identifiersOf(wanted: NewUser): Identifier[] {
  const name: Identifier = { kind: 'name', value: wanted.username };
  return isPerson(wanted) && wanted.email !== null ? [name, { kind: 'email', value: wanted.email }] : [name];
}

function creation(wanted: NewUser, id: UserId, credentialId: CredentialId | null): CreateUser {
  const { password: _, ...profile } = wanted;
  return { type: 'CreateUser', id, credentialId, ...profile };
}
