import { type UserId, userStream } from '#domain/ids.js';
import {
  type IdentifierKind,
  type Reservation,
  isLeftBehind,
  reservation,
  reservationStream,
} from '#domain/reservation/reservation.js';
import { claimsEmail } from '#domain/user/email-change.js';
import { type User, nameOf } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';
import type { IdentifierDigest } from '#vault/identifier-digest.js';
import { decidedEachTime } from './decided-each-time.js';

/** A user name, an e-mail address, or an identity at an identity provider, that somebody is to hold alone. */
export interface Identifier {
  readonly kind: IdentifierKind;
  readonly value: string;
}

/** Who holds an identifier now. */
export interface Reserved {
  readonly identifier: Identifier;
  /** The candidate, or the account that the same command chose when it was first carried out. */
  readonly holder: UserId;
  /** Whether it was reserved just now. */
  readonly fresh: boolean;
}

/**
 * Unique values, each in a stream of its own (design §2): reserved before the account is made, confirmed after it, and
 * released if that fails.
 */
export class IdentifierReservations {
  constructor(
    private readonly repository: Repository,
    private readonly digest: IdentifierDigest,
  ) {}

  /** @throws Refused `username-taken`, `email-taken` or `identity-taken` */
  async reserve(identifier: Identifier, candidate: UserId, context: CommandContext): Promise<Reserved> {
    const { kind } = identifier;
    const stream = this.streamOf(identifier);
    const current = await this.releasedIfErased(identifier, context);
    const givenUp = current.status === 'free' ? null : await this.givenUpBy(current, identifier, context);
    const { commandId } = context;
    const command = { type: 'ReserveIdentifier', kind, holder: candidate, commandId } as const;
    const { state, events } = await this.repository.execute(
      reservation,
      stream,
      givenUp === null ? command : { ...command, givenUpBy: givenUp },
      decidedEachTime(context),
    );
    return { identifier, holder: state.status === 'free' ? candidate : state.holder, fresh: events.length > 0 };
  }

  /** Who has it or is about to; null for nobody. */
  async holderOf(identifier: Identifier): Promise<UserId | null> {
    const state = await this.find(identifier);
    return state.status === 'free' ? null : state.holder;
  }

  async find(identifier: Identifier): Promise<Reservation> {
    return (await this.repository.load(reservation, this.streamOf(identifier))).state;
  }

  async confirm({ identifier, holder }: Omit<Reserved, 'fresh'>, context: CommandContext): Promise<void> {
    const command = { type: 'ConfirmIdentifier', holder } as const;
    await this.repository.execute(reservation, this.streamOf(identifier), command, decidedEachTime(context));
  }

  async release({ identifier, holder }: Omit<Reserved, 'fresh'>, context: CommandContext): Promise<void> {
    const command = { type: 'ReleaseIdentifier', holder } as const;
    await this.repository.execute(reservation, this.streamOf(identifier), command, decidedEachTime(context));
  }

  /** Makes sure that an account which is not there never comes to be. */
  async abandonCreation(holder: UserId, context: CommandContext): Promise<User> {
    const abandon = { type: 'AbandonUserCreation' } as const;
    return (await this.repository.execute(user, userStream(holder), abandon, decidedEachTime(context))).state;
  }

  /** Nobody is who held it, and it is free, also where erasing them did not come to that. */
  private async releasedIfErased(identifier: Identifier, context: CommandContext): Promise<Reservation> {
    const stream = this.streamOf(identifier);
    const { state } = await this.repository.load(reservation, stream);
    if (state.status === 'free') return state;
    const { holder } = state;
    const { state: account } = await this.repository.load(user, userStream(holder));
    if (account.status !== 'erased') return state;
    const release = { type: 'ReleaseIdentifier', holder } as const;
    return (await this.repository.execute(reservation, stream, release, decidedEachTime(context))).state;
  }

  /**
   * The holder, made sure never to use the identifier: an account that a command which died was to make, or one whose e-mail
   * address it is not any more, or never came to be. Null if it is theirs, or may still become theirs.
   */
  private async givenUpBy(
    current: Exclude<Reservation, { status: 'free' }>,
    { kind, value }: Identifier,
    context: CommandContext,
  ): Promise<UserId | null> {
    const { holder } = current;
    // Whoever comes back for an identity goes on where the command stopped.
    if (kind === 'idp' || current.commandId === context.commandId) return null;
    if (current.status === 'reserved' && !isLeftBehind(current, context.now)) return null;
    if (current.status === 'held' && kind === 'name') return null;
    const state = await this.abandonCreation(holder, context);
    if (state.status === 'abandoned') return holder;
    if (state.status !== 'active') return null;
    // An account has the name that it was made with, and no other that was reserved for it.
    if (kind === 'name') return normaliseIdentifier(nameOf(state)) === normaliseIdentifier(value) ? null : holder;
    if (claimsEmail(state, value, context.now)) return null;
    const makeRoom = { type: 'YieldEmail', email: value } as const;
    const after = (await this.repository.execute(user, userStream(holder), makeRoom, decidedEachTime(context))).state;
    return after.status === 'active' && !claimsEmail(after, value, context.now) ? holder : null;
  }

  private streamOf = ({ kind, value }: Identifier) =>
    reservationStream(kind, kind === 'idp' ? this.digest.exactly(kind, value) : this.digest.of(kind, value));
}
