import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type UserId, userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';

/** Keeps a user from being erased, or does so no longer. */
export class HoldUser extends Command<Position | undefined> {
  constructor(
    readonly userId: UserId,
    readonly what: 'PlaceLegalHold' | 'LiftLegalHold',
    readonly reason: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(HoldUser)
export class HoldUserHandler implements ICommandHandler<HoldUser> {
  constructor(private readonly repository: Repository) {}

  /** @throws Refused */
  async execute({ userId, what: type, reason, context }: HoldUser): Promise<Position | undefined> {
    return (await this.repository.execute(user, userStream(userId), { type, reason }, context)).position;
  }
}
