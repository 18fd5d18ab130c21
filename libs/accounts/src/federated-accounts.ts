import { createHash } from 'node:crypto';
import { v5 as uuidV5, v7 as uuidV7 } from 'uuid';
import { type UserId, asUserId, userStream } from '#domain/ids.js';
import { type Refusal, Refused } from '#domain/refused.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { type AssertedProfile, cleaned } from '#domain/user/asserted-profile.js';
import { DERIVED_USERNAMES, derivedUsername } from '#domain/user/derived-username.js';
import { type CreateFederatedUser, type FederatedIdentity, identityText } from '#domain/user/federation.js';
import { type ActiveUser, type User, nameOf } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';
import type { IdentifierDigest } from '#vault/identifier-digest.js';
import type { Identifier, IdentifierReservations, Reserved } from './identifier-reservations.js';

/** So often somebody else may undo in between what a login found. */
const MAX_TRIES = 5;
/** What the account was found to be is not so any more; the next look finds what has become of it. */
const CHANGED_MEANWHILE: ReadonlySet<Refusal> = new Set([
  'account-suspended',
  'reservation-lost',
  'user-creation-abandoned',
  'user-erased',
  'user-unknown',
]);

// Makes the ids of commands that make accounts; random, fixed for ever.
const COMMAND_NAMESPACE = 'b3a55c1e-52a4-4f0f-9a0b-6a6d3e0c8f47';

type NewPerson = Omit<CreateFederatedUser, 'type' | 'id' | 'username'>;

/**
 * The accounts of those who come from an identity provider: found by what it calls them and by nothing else, made at the first login.
 * All who make the account of the same person at the same time, and whoever comes after one that died on the way, carry out one and
 * the same command: they find its reservation, and in it the id of the one account.
 */
export class FederatedAccounts {
  constructor(
    private readonly repository: Repository,
    private readonly reservations: IdentifierReservations,
    private readonly digest: IdentifierDigest,
  ) {}

  /**
   * The account of somebody whom the identity provider has just vouched for; what it says of them now is recorded.
   * @throws SamlRefused `identifier-missing`, or `account-not-usable` if it is suspended or deleted, or too many people have their name
   */
  async signIn(identity: FederatedIdentity, asserted: AssertedProfile, context: CommandContext): Promise<ActiveUser> {
    if (identity.subject.trim() === '') throw new SamlRefused('identifier-missing');
    const person = { identity, profile: cleaned(asserted) };
    for (let tries = 1; ; tries += 1)
      try {
        return await this.signInOnce(person, context);
      } catch (error) {
        const isOther = error instanceof Refused && CHANGED_MEANWHILE.has(error.code);
        if (!isOther || tries === MAX_TRIES) throw error;
      }
  }

  private async signInOnce(person: NewPerson, context: CommandContext): Promise<ActiveUser> {
    const identifier: Identifier = { kind: 'idp', value: identityText(person.identity) };
    const known = await this.reservations.find(identifier);
    const found = known.status === 'held' ? await this.accountOf(known.holder) : null;
    const account = found === null || found.status === 'erased' ? await this.make(identifier, person, context) : found;
    const { id, role } = demandUsable(account);
    const record = { type: 'RecordAssertedProfile', profile: person.profile } as const;
    // Whoever logs in says it, through their identity provider.
    const by = { ...context, actor: id, actorKind: role === 'ADMIN' ? 'admin' : 'user' } as const;
    return demandUsable((await this.repository.execute(user, userStream(id), record, by)).state);
  }

  /** Also goes on with what another one began. @throws Refused where that was given up */
  private async make(identifier: Identifier, person: NewPerson, context: CommandContext): Promise<User> {
    const reserving = { ...context, commandId: commandIdFor(this.digest.exactly('idp', identifier.value)) };
    const candidate = asUserId(uuidV7({ msecs: context.now.getTime() }));
    const reserved = await this.reservations.reserve(identifier, candidate, reserving);
    // Nothing that was done for another id of the same person is taken for this one's.
    const making = { ...context, commandId: commandIdFor(reserved.holder) };
    const account = await this.accountOf(reserved.holder);
    if (account.status === 'erased') throw new Refused('user-erased');
    if (account.status === 'abandoned') {
      // Its name went to somebody else before it was made.
      await this.reservations.release(reserved, making);
      throw new Refused('user-creation-abandoned');
    }
    const made = account.status === 'none' ? await this.create(reserved.holder, person, making) : account;
    if (made.status === 'active') {
      const name: Identifier = { kind: 'name', value: nameOf(made) };
      await this.reservations.confirm({ identifier: name, holder: made.id }, making);
    }
    // Last, so that an identity which is held needs nothing more.
    await this.reservations.confirm(reserved, making);
    return made;
  }

  private async create(id: UserId, person: NewPerson, context: CommandContext): Promise<User> {
    const name = await this.reserveName(id, person.profile, context);
    const creation = { type: 'CreateFederatedUser', id, username: name.identifier.value, ...person } as const;
    const by = { ...context, actor: id, actorKind: 'user' } as const;
    const { state } = await this.repository.execute(user, userStream(id), creation, by);
    // Another login at the same moment may have found another name free.
    const isItsName = state.status !== 'active' || isSame(nameOf(state), name.identifier.value);
    if (!isItsName) await this.reservations.release(name, context);
    return state;
  }

  /** The first one that is free: everybody who makes this account tries the same ones in the same order. */
  private async reserveName(id: UserId, profile: AssertedProfile, context: CommandContext): Promise<Reserved> {
    for (let attempt = 0; attempt < DERIVED_USERNAMES; attempt += 1) {
      const seed = createHash('sha256').update(`${id} ${attempt}`).digest();
      const identifier: Identifier = { kind: 'name', value: derivedUsername(profile, attempt, seed) };
      try {
        return await this.reservations.reserve(identifier, id, context);
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'username-taken') throw error;
      }
    }
    throw new SamlRefused('account-not-usable');
  }

  private async accountOf(id: UserId): Promise<User> {
    return (await this.repository.load(user, userStream(id))).state;
  }
}

const isSame = (one: string, other: string) => normaliseIdentifier(one) === normaliseIdentifier(other);

const commandIdFor = (text: string) => uuidV5(text, COMMAND_NAMESPACE);

/** @throws SamlRefused `account-not-usable` */
function demandUsable(state: User): ActiveUser {
  if (state.status !== 'active' || state.suspended) throw new SamlRefused('account-not-usable');
  return state;
}
