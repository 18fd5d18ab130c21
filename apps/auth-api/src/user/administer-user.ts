import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { administerAccount } from '#accounts/administer-account.js';
import type { UserId } from '#domain/ids.js';
import type { AdministerUser as Change } from '#domain/user/user-administration.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';

/** An administrator changes an account. */
export class AdministerUser extends Command<Position | undefined> {
  constructor(
    readonly userId: UserId,
    readonly change: Change,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(AdministerUser)
export class AdministerUserHandler implements ICommandHandler<AdministerUser> {
  constructor(private readonly repository: Repository) {}

  /** @throws Refused */
  async execute({ userId, change, context }: AdministerUser): Promise<Position | undefined> {
    return administerAccount(this.repository, userId, change, context);
  }
}
