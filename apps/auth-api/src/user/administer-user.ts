import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type UserId, userStream } from '#domain/ids.js';
import type { Role } from '#domain/role.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';

/** What an administrator does with somebody's account. */
export type Administration =
  { readonly type: 'SuspendUser' | 'ReinstateUser' } | { readonly type: 'ChangeRole'; readonly role: Role };

/** Suspends an account, reinstates it, or gives it another role (design §4). */
export class AdministerUser extends Command<Position | undefined> {
  constructor(
    readonly userId: UserId,
    readonly by: UserId,
    readonly administration: Administration,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(AdministerUser)
export class AdministerUserHandler implements ICommandHandler<AdministerUser> {
  constructor(private readonly repository: Repository) {}

  /** @throws Refused `user-unknown`, `own-account` or `role-not-assignable` */
  async execute({ userId, by, administration, context }: AdministerUser) {
    const { position } = await this.repository.execute(user, userStream(userId), { ...administration, by }, context);
    return position;
  }
}
