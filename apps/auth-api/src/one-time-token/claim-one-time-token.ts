import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '#domain/access/access.js';
import { type OneTimeTokenId, oneTimeTokenStream } from '#domain/ids.js';
import { oneTimeToken } from '#domain/one-time-token/one-time-token.js';
import { Repository } from '#event-store/repository.js';
import { LiveSessions } from '../access/live-sessions.js';
import { type RequestContext, actorOf } from '../request-context.js';

/** A service makes sure that it is the first and only one to accept a one-time token. */
export class ClaimOneTimeToken extends Command<void> {
  /** @param intendedUse the scopes that the service is about to accept it for; none to leave that unchecked */
  constructor(
    readonly jti: OneTimeTokenId,
    readonly intendedUse: readonly string[],
    readonly caller: Caller,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(ClaimOneTimeToken)
export class ClaimOneTimeTokenHandler implements ICommandHandler<ClaimOneTimeToken> {
  constructor(
    private readonly repository: Repository,
    private readonly sessions: LiveSessions,
  ) {}

  async execute({ jti, intendedUse, caller, request }: ClaimOneTimeToken): Promise<void> {
    const { now } = request;
    const stream = oneTimeTokenStream(jti);
    const { state } = await this.repository.load(oneTimeToken, stream);
    const sessionAlive = state.status === 'issued' && (await this.sessions.isAlive(state.sessionId, now));
    await this.repository.execute(
      oneTimeToken,
      stream,
      { type: 'ClaimOneTimeToken', claimedBy: caller.userId, intendedUse, sessionAlive, now },
      { ...request, ...actorOf(caller) },
    );
  }
}
