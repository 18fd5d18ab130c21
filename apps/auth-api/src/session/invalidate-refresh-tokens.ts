import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '#domain/access/access.js';
import { sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import { Repository } from '#event-store/repository.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { type RequestContext, actorOf } from '../request-context.js';

/** Ends the sessions that refresh tokens belong to, whoever they are of; tokens of no living session are passed over. */
export class InvalidateRefreshTokens extends Command<void> {
  constructor(
    readonly refreshTokens: readonly string[],
    readonly caller: Caller,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(InvalidateRefreshTokens)
export class InvalidateRefreshTokensHandler implements ICommandHandler<InvalidateRefreshTokens> {
  constructor(
    private readonly repository: Repository,
    private readonly refreshTokens: RefreshTokens,
  ) {}

  async execute({ refreshTokens, caller, request }: InvalidateRefreshTokens): Promise<void> {
    await Promise.all(refreshTokens.map((token) => this.invalidate(token, caller, request)));
  }

  private async invalidate(refreshToken: string, caller: Caller, request: RequestContext): Promise<void> {
    const token = this.refreshTokens.parse(refreshToken);
    if (token === null) return;
    const { sessionId, presented } = token;
    const command = { type: 'LogOut', presented, reason: 'bulk-invalidation', now: request.now } as const;
    try {
      await this.repository.execute(session, sessionStream(sessionId), command, { ...request, ...actorOf(caller) });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
}
