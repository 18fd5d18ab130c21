import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { LiveSessions } from '../access/live-sessions.js';
import { ANONYMOUS, type RequestContext, actorOf } from '../request-context.js';

/** Ends the session that a refresh token belongs to. */
export class LogOut extends Command<Position | undefined> {
  constructor(
    readonly refreshToken: string,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(LogOut)
export class LogOutHandler implements ICommandHandler<LogOut> {
  constructor(
    private readonly repository: Repository,
    private readonly refreshTokens: RefreshTokens,
    private readonly sessions: LiveSessions,
  ) {}

  async execute({ refreshToken, request }: LogOut): Promise<Position | undefined> {
    const token = this.refreshTokens.parse(refreshToken);
    if (token === null) throw new Refused('refresh-token-unknown');
    const { sessionId: id, presented } = token;
    const { owner } = await this.sessions.find(id, request.now);
    const actor = owner === null ? ANONYMOUS : actorOf({ userId: owner.id, role: owner.role, sessionId: id });
    const { position } = await this.repository.execute(
      session,
      sessionStream(id),
      { type: 'LogOut', presented, reason: 'logout', now: request.now },
      { ...request, ...actor },
    );
    return position;
  }
}
