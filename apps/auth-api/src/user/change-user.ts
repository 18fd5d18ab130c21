import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type UserId, userStream } from '#domain/ids.js';
import { type UserCommand, user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';

/** What is decided on an account by its own stream and nothing beside it. */
type Change = Extract<UserCommand, { readonly type: 'AcceptAgreement' | 'ChangeProfile' }>;

/** Its owner changes an account. */
export class ChangeUser extends Command<Position | undefined> {
  constructor(
    readonly userId: UserId,
    readonly change: Change,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ChangeUser)
export class ChangeUserHandler implements ICommandHandler<ChangeUser> {
  constructor(private readonly repository: Repository) {}

  /** @throws Refused */
  async execute({ userId, change, context }: ChangeUser) {
    const { position } = await this.repository.execute(user, userStream(userId), change, context);
    return position;
  }
}
