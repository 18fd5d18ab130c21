import { type UserId, userStream } from '#domain/ids.js';
import { type EraseUser, type ForgetUser, demandErased } from '#domain/user/erasure.js';
import type { UserEvent } from '#domain/user/user-events.js';
import type { ErasedUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import type { EventCodec } from '#event-store/codec.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { EventStore, Position, RecordedEvent } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import type { Vault } from '#vault/vault.js';
import { administerAccount } from '../administer-account.js';
import type { Identifier, IdentifierReservations } from '../identifier-reservations.js';
import { ErasureCount } from './erasure-count.js';
import { identifiersIn } from './identifiers.js';
import type { PersonalTraces } from './personal-traces.js';

export interface ErasureParts {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly repository: Repository;
  readonly vault: Pick<Vault, 'countOf' | 'eraseSubject'>;
  readonly reservations: IdentifierReservations;
  readonly traces: PersonalTraces;
}

/**
 * Forgets somebody (GDPR Art. 17). That they are nobody any more is decided first, in the log: their sessions end with it, and
 * from then on it is done to the end by whoever finds it begun, however often somebody dies on the way. Each step may be done again.
 */
export class SubjectErasure {
  /** A request and whoever follows the log come to the same at the same moment. */
  private readonly underWay = new Map<UserId, Promise<ErasedUser>>();

  constructor(private readonly parts: ErasureParts) {}

  /** Begins it; nothing of the person can be used from now on. @throws Refused */
  async begin(userId: UserId, command: EraseUser, context: CommandContext): Promise<Position | undefined> {
    return administerAccount(this.parts.repository, userId, command, context);
  }

  /** As the log has it. @throws Refused `erasure-unknown` */
  async report(userId: UserId): Promise<ErasedUser> {
    return demandErased((await this.parts.repository.load(user, userStream(userId))).state);
  }

  /**
   * Destroys what is left of the person.
   * @param context of each step
   * @throws Refused `erasure-unknown`, and NotYetErased where it has to be tried again
   */
  complete(userId: UserId, context: () => CommandContext): Promise<ErasedUser> {
    const known = this.underWay.get(userId);
    if (known !== undefined) return known;
    const completion = this.destroy(userId, context).finally(() => this.underWay.delete(userId));
    this.underWay.set(userId, completion);
    return completion;
  }

  private async destroy(userId: UserId, context: () => CommandContext): Promise<ErasedUser> {
    const { store, codec, vault, traces } = this.parts;
    const begun = await this.report(userId);
    if (begun.outcome !== null) {
      // A vault that was restored from a back-up has again what the log says is gone.
      await vault.eraseSubject(userId);
      return begun;
    }
    // The streams of reservations are called after what is in them: they are found only as long as it can be read.
    const identifiers = identifiersIn(await this.historyOf(userId));
    if (begun.inventory === null) {
      const inventory = {
        identifiers: await this.countHeld(identifiers, userId),
        credentials: await vault.countOf(userId),
        mails: await traces.countMails(userId),
      };
      await this.record(userId, { type: 'TakeErasureInventory', inventory }, context());
    }
    for (const identifier of identifiers)
      await this.parts.reservations.release({ identifier, holder: userId }, context());
    await vault.eraseSubject(userId);
    await traces.removeMails(userId);
    const readModels = await traces.clearReadModels(userId);
    const counted = await new ErasureCount(store, codec).of(userId, await traces.streamsOf(userId));
    return this.record(userId, { type: 'CompleteErasure', outcome: { ...counted, readModels } }, context());
  }

  private async historyOf(userId: UserId): Promise<UserEvent[]> {
    const { store, codec } = this.parts;
    const recorded: RecordedEvent[] = [];
    for await (const event of store.readStream(userStream(userId), 0)) recorded.push(event);
    return (await codec.decode(recorded)).map(({ event }) => event as UserEvent);
  }

  private async countHeld(identifiers: readonly Identifier[], userId: UserId): Promise<number> {
    const holders = await Promise.all(identifiers.map((each) => this.parts.reservations.holderOf(each)));
    return holders.filter((holder) => holder === userId).length;
  }

  private async record(userId: UserId, command: ForgetUser, context: CommandContext): Promise<ErasedUser> {
    return demandErased((await this.parts.repository.execute(user, userStream(userId), command, context)).state);
  }
}
