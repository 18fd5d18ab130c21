import { Injectable } from '@nestjs/common';
import { v7 as uuidV7 } from 'uuid';
import { type CredentialId, type UserId, asUserId, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import type { Role } from '#domain/role.js';
import { type CreateUser, kindOf } from '#domain/user/user-creation.js';
import type { Registrar } from '#domain/user/user-events.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { Vault } from '#vault/vault.js';
import { type Identifier, IdentifierReservations, type Reserved } from './identifier-reservations.js';

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

/** An account that may be made: what is unique of it is reserved for this id. */
interface ReservedUser {
  readonly id: UserId;
  readonly wanted: NewUser;
  readonly reserved: readonly Reserved[];
}

/** Makes accounts, all or none: reserves what is unique of them, keeps their passwords, creates them. */
@Injectable()
export class UserRegistration {
  constructor(
    private readonly repository: Repository,
    private readonly reservations: IdentifierReservations,
    private readonly vault: Vault,
    private readonly hasher: PasswordHasher,
  ) {}

  /**
   * @returns the accounts in the order of the list; the same ones when the command is repeated
   * @throws Refused, HasherBusy
   */
  async register(users: readonly NewUser[], context: CommandContext): Promise<ActiveUser[]> {
    // What could not be made even if its name were free is refused before anything is reserved.
    for (const wanted of users) user.decide(user.initial, creation(wanted, asUserId('nobody yet'), null));
    demandDistinct(users);
    return this.create(await this.reserve(users, context), context);
  }

  private async reserve(users: readonly NewUser[], context: CommandContext): Promise<ReservedUser[]> {
    const fresh: Reserved[] = [];
    const outcomes = await Promise.allSettled(
      users.map(async (wanted): Promise<ReservedUser> => {
        let id = asUserId(uuidV7({ msecs: context.now.getTime() }));
        const reserved: Reserved[] = [];
        for (const identifier of identifiersOf(wanted)) {
          const reservation = await this.reservations.reserve(identifier, id, context);
          id = reservation.holder;
          reserved.push(reservation);
          if (reservation.fresh) fresh.push(reservation);
        }
        return { id, wanted, reserved };
      }),
    );
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined)
      return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await this.release(fresh, context);
    throw failed.reason;
  }

  private async create(users: readonly ReservedUser[], context: CommandContext): Promise<ActiveUser[]> {
    const reserved = users.flatMap((each) => each.reserved);
    try {
      const credentials = await Promise.all(users.map((each) => this.keepPassword(each)));
      // Side by side, so that the embedded store commits them in one transaction.
      const accounts = await Promise.all(
        users.map((each, index) => this.createOne(each, credentials[index] ?? null, context)),
      );
      await Promise.all(reserved.map((each) => this.reservations.confirm(each, context)));
      return accounts;
    } catch (error) {
      const fresh = reserved.filter((each) => each.fresh);
      await this.release(fresh, context);
      throw error;
    }
  }

  private async createOne({ id, wanted }: ReservedUser, credentialId: CredentialId | null, context: CommandContext) {
    const command = creation(wanted, id, credentialId);
    const { state } = await this.repository.execute(user, userStream(id), command, context);
    if (state.status !== 'active') throw new Refused('user-creation-abandoned');
    return state;
  }

  /** The vault is written before the event that refers to it. */
  private async keepPassword({ id, wanted }: ReservedUser): Promise<CredentialId | null> {
    if (!isPerson(wanted) || wanted.password === null) return null;
    const { state } = await this.repository.load(user, userStream(id));
    if (state.status === 'active') return null;
    return this.vault.keep('password', id, await this.hasher.hash(wanted.password));
  }

  /** Gives back what no account holds. */
  private async release(reserved: readonly Reserved[], context: CommandContext): Promise<void> {
    await Promise.all(
      reserved.map(async (each) => {
        const { state } = await this.repository.load(user, userStream(each.holder));
        if (state.status !== 'active') await this.reservations.release(each, context);
      }),
    );
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

/** @throws Refused if two of them would have the same name or address */
function demandDistinct(users: readonly NewUser[]): void {
  const seen = new Set<string>();
  for (const [index, wanted] of users.entries())
    for (const { kind, value } of identifiersOf(wanted)) {
      const key = `${kind} ${normaliseIdentifier(value)}`;
      const code = kind === 'name' ? 'username-taken' : 'email-taken';
      if (seen.has(key)) throw new Refused(code, `Item ${index} has the ${kind} of an earlier item of the list.`);
      seen.add(key);
    }
}
