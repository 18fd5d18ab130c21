import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { NotYetErased } from '#accounts/erasure/personal-traces.js';
import { SubjectErasure } from '#accounts/erasure/subject-erasure.js';
import type { UserId } from '#domain/ids.js';
import type { EraseUser as Erasure } from '#domain/user/erasure.js';
import type { ErasedUser } from '#domain/user/user-state.js';
import { type CommandContext, systemContext } from '#event-store/envelope.js';

/** Forgets somebody, and says how far that has come. */
export class EraseUser extends Command<ErasedUser> {
  constructor(
    readonly userId: UserId,
    readonly erasure: Erasure,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(EraseUser)
export class EraseUserHandler implements ICommandHandler<EraseUser> {
  constructor(private readonly erasure: SubjectErasure) {}

  /** @throws Refused */
  async execute({ userId, erasure, context }: EraseUser): Promise<ErasedUser> {
    await this.erasure.begin(userId, erasure, context);
    const { correlationId, commandId: causationId, now } = context;
    try {
      return await this.erasure.complete(userId, () => ({
        ...systemContext(now, 'erasure'),
        correlationId,
        causationId,
      }));
    } catch (error) {
      if (!(error instanceof NotYetErased)) throw error;
      // Whoever follows the log goes on with it.
      return this.erasure.report(userId);
    }
  }
}
