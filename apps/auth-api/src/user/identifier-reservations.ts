import { Injectable } from '@nestjs/common';
import { type UserId, userStream } from '#domain/ids.js';
import { type IdentifierKind, isLeftBehind, reservation, reservationStream } from '#domain/reservation/reservation.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';

/** A user name or e-mail address that somebody is to hold alone. */
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
@Injectable()
export class IdentifierReservations {
  constructor(
    private readonly repository: Repository,
    private readonly digest: IdentifierDigest,
  ) {}

  /** @throws Refused `username-taken` or `email-taken` */
  async reserve(identifier: Identifier, candidate: UserId, context: CommandContext): Promise<Reserved> {
    const { kind } = identifier;
    const stream = this.streamOf(identifier);
    const { state: current } = await this.repository.load(reservation, stream);
    const leftBehind = current.status === 'reserved' && isLeftBehind(current, context.now);
    const abandoned = leftBehind ? await this.abandon(current.holder, context) : null;
    const { commandId } = context;
    const command = { type: 'ReserveIdentifier', kind, holder: candidate, commandId } as const;
    const { state, events } = await this.repository.execute(
      reservation,
      stream,
      abandoned === null ? command : { ...command, abandoned },
      decidedEachTime(context),
    );
    return { identifier, holder: state.status === 'free' ? candidate : state.holder, fresh: events.length > 0 };
  }

  async confirm({ identifier, holder }: Reserved, context: CommandContext): Promise<void> {
    const command = { type: 'ConfirmIdentifier', holder } as const;
    await this.repository.execute(reservation, this.streamOf(identifier), command, decidedEachTime(context));
  }

  async release({ identifier, holder }: Reserved, context: CommandContext): Promise<void> {
    const command = { type: 'ReleaseIdentifier', holder } as const;
    await this.repository.execute(reservation, this.streamOf(identifier), command, decidedEachTime(context));
  }

  /** Makes sure that the account of a command that died will never be; null if it is there after all. */
  private async abandon(holder: UserId, context: CommandContext): Promise<UserId | null> {
    const command = { type: 'AbandonUserCreation' } as const;
    const { state } = await this.repository.execute(user, userStream(holder), command, decidedEachTime(context));
    return state.status === 'abandoned' ? holder : null;
  }

  private streamOf = ({ kind, value }: Identifier) => reservationStream(kind, this.digest.of(kind, value));
}

/** One command reserves, confirms or releases on the same stream; each step is decided on what is so now. */
function decidedEachTime({ fingerprint: _, ...context }: CommandContext): CommandContext {
  return context;
}
