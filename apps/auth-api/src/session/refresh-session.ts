import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import { Repository } from '#event-store/repository.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { LiveSessions } from '../access/live-sessions.js';
import { ANONYMOUS, type RequestContext, actorOf } from '../request-context.js';
import { SessionTokenIssuer, type SessionTokens } from './session-tokens.js';

/** Gives a new access token, and where the session rotates a new refresh token, for a refresh token. */
export class RefreshSession extends Command<SessionTokens> {
  constructor(
    readonly refreshToken: string,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(RefreshSession)
export class RefreshSessionHandler implements ICommandHandler<RefreshSession> {
  constructor(
    private readonly repository: Repository,
    private readonly refreshTokens: RefreshTokens,
    private readonly sessions: LiveSessions,
    private readonly tokens: SessionTokenIssuer,
  ) {}

  async execute({ refreshToken, request }: RefreshSession): Promise<SessionTokens> {
    const token = this.refreshTokens.parse(refreshToken);
    if (token === null) throw new Refused('refresh-token-unknown');
    const { sessionId: id, presented, successor } = token;
    const { surroundings, owner } = await this.sessions.find(id, request.now);
    const actor = owner === null ? ANONYMOUS : actorOf({ userId: owner.id, role: owner.role, sessionId: id });
    const { state, events, position } = await this.repository.execute(
      session,
      sessionStream(id),
      {
        type: 'RefreshSession',
        id,
        presented,
        successorHash: successor.secretHash,
        surroundings,
        now: request.now,
      },
      { ...request, ...actor },
    );
    for (const { type, data } of events)
      if (type === 'SessionEnded') throw new Refused('refresh-token-reused').of(data.userId);
    if (state.status !== 'open' || owner === null) throw new Refused('session-ended');
    const next = state.rotates ? successor.token : refreshToken;
    return this.tokens.issue({ id, session: state, owner, position }, next, request.now);
  }
}
