import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type UserId, userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';

/** Somebody corrects their name; null or blank leaves it as it is (ucloud-users-api §5.10). */
export class ChangeProfile extends Command<Position | undefined> {
  constructor(
    readonly userId: UserId,
    readonly firstNames: string | null,
    readonly lastName: string | null,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ChangeProfile)
export class ChangeProfileHandler implements ICommandHandler<ChangeProfile> {
  constructor(private readonly repository: Repository) {}

  async execute({ userId, firstNames, lastName, context }: ChangeProfile) {
    const command = { type: 'ChangeProfile', firstNames, lastName } as const;
    const { position } = await this.repository.execute(user, userStream(userId), command, context);
    return position;
  }
}
