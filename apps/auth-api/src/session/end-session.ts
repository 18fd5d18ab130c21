import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '#domain/access/access.js';
import { type SessionId, sessionStream } from '#domain/ids.js';
import { session } from '#domain/session/session.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { type RequestContext, actorOf } from '../request-context.js';

/** Ends one of the caller's sessions. */
export class EndSession extends Command<Position | undefined> {
  constructor(
    readonly sessionId: SessionId,
    readonly caller: Caller,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(EndSession)
export class EndSessionHandler implements ICommandHandler<EndSession> {
  constructor(private readonly repository: Repository) {}

  async execute({ sessionId, caller, request }: EndSession): Promise<Position | undefined> {
    const command = { type: 'EndSession', owner: caller.userId, reason: 'ended-by-owner' } as const;
    const context = { ...request, ...actorOf(caller) };
    return (await this.repository.execute(session, sessionStream(sessionId), command, context)).position;
  }
}
