import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ADMINISTRATION, administration } from '#domain/administration/administration.js';
import { type UserId, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import {
  type AdministerUser as Change,
  isAdministrator,
  withdrawsAdministration,
} from '#domain/user/user-administration.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
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

/** So often somebody else may change the account in between. */
const MAX_TRIES = 5;

@CommandHandler(AdministerUser)
export class AdministerUserHandler implements ICommandHandler<AdministerUser> {
  constructor(private readonly repository: Repository) {}

  /** @throws Refused */
  async execute(command: AdministerUser): Promise<Position | undefined> {
    for (let tries = 1; ; tries += 1)
      try {
        return await this.administer(command);
      } catch (error) {
        const isOther = error instanceof Refused && error.code === 'account-changed-meanwhile';
        if (!isOther || tries === MAX_TRIES) throw error;
      }
  }

  /**
   * Two streams, so the order is what counts: what is refused is refused before anything is written, the administration is
   * withdrawn before the account changes, and the account changes only if it is still what it was withdrawn from.
   */
  private async administer({ userId, change, context }: AdministerUser): Promise<Position | undefined> {
    const { state, position } = await this.repository.load(user, userStream(userId));
    const [event] = user.decide(state, change);
    if (event === undefined || state.status !== 'active') return position;
    if (withdrawsAdministration(state, change)) await this.withdraw(state, change.by, context);
    const seen = { ...change, seenEpoch: state.sessionEpoch };
    return (await this.repository.execute(user, userStream(userId), seen, context)).position;
  }

  private async withdraw({ id, sessionEpoch }: ActiveUser, by: UserId, context: CommandContext): Promise<void> {
    const { state } = await this.repository.load(user, userStream(by));
    await this.repository.execute(
      administration,
      ADMINISTRATION,
      {
        type: 'WithdrawAdministration',
        from: { userId: id, sessionEpoch },
        by: isAdministrator(state) ? { userId: by, sessionEpoch: state.sessionEpoch } : null,
      },
      context,
    );
  }
}
