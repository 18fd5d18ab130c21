import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type SessionId, type UserId, sessionStream, userStream } from '#domain/ids.js';
import { session } from '#domain/session/session.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';

/** An administrator ends one session of a user, or all of them: one event, however many there are (SEC-71). */
export class EndUserSessions extends Command<Position | undefined> {
  constructor(
    readonly userId: UserId,
    /** Null for all. */
    readonly sessionId: SessionId | null,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(EndUserSessions)
export class EndUserSessionsHandler implements ICommandHandler<EndUserSessions> {
  constructor(private readonly repository: Repository) {}

  /** @throws Refused `session-unknown` or `user-unknown` */
  async execute({ userId, sessionId, context }: EndUserSessions): Promise<Position | undefined> {
    if (sessionId === null) {
      const command = { type: 'InvalidateSessions', spare: null } as const;
      return (await this.repository.execute(user, userStream(userId), command, context)).position;
    }
    const command = { type: 'EndSession', owner: userId, reason: 'ended-by-administrator' } as const;
    return (await this.repository.execute(session, sessionStream(sessionId), command, context)).position;
  }
}
