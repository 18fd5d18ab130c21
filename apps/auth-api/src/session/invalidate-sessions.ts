import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { type RequestContext, actorOf } from '../request-context.js';

/** Ends all sessions of the caller, or all but the one it is asked in: one event, however many there are. */
export class InvalidateSessions extends Command<Position | undefined> {
  constructor(
    readonly keepCurrent: boolean,
    readonly caller: AuthenticatedCaller,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(InvalidateSessions)
export class InvalidateSessionsHandler implements ICommandHandler<InvalidateSessions> {
  constructor(private readonly repository: Repository) {}

  async execute({ keepCurrent, caller, request }: InvalidateSessions): Promise<Position | undefined> {
    const { sessionId: id, session, userId } = caller;
    const spare = keepCurrent ? { id, epoch: session.epoch } : null;
    const context = { ...request, ...actorOf(caller) };
    return (await this.repository.execute(user, userStream(userId), { type: 'InvalidateSessions', spare }, context))
      .position;
  }
}
