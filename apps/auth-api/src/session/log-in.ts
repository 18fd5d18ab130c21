import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { asSessionId, sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { ALL_WRITE } from '#domain/scope.js';
import { session } from '#domain/session/session.js';
import type { ClientTrace } from '#domain/session/session-events.js';
import type { LoginService } from '#domain/session/session-limits.js';
import type { ActiveUser } from '#domain/user/user.js';
import { Repository } from '#event-store/repository.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { type RequestContext, actorOf, derivedId } from '../request-context.js';
import { SessionTokenIssuer, type SessionTokens } from './session-tokens.js';

/** Somebody has proved who they are, and by which methods (RFC 8176). */
export interface Authentication {
  readonly account: ActiveUser;
  readonly amr: readonly string[];
}

/** Opens a session for somebody who has just proved who they are. */
export class LogIn extends Command<SessionTokens> {
  constructor(
    readonly authentication: Authentication,
    readonly service: LoginService,
    readonly client: ClientTrace,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(LogIn)
export class LogInHandler implements ICommandHandler<LogIn> {
  constructor(
    private readonly repository: Repository,
    private readonly refreshTokens: RefreshTokens,
    private readonly tokens: SessionTokenIssuer,
  ) {}

  async execute({ authentication: { account, amr }, service, client, request }: LogIn): Promise<SessionTokens> {
    const id = asSessionId(derivedId(request.commandId, 'session'));
    const { token, secretHash } = this.refreshTokens.issue(id, request.fingerprint && request.commandId);
    const { state, position } = await this.repository.execute(
      session,
      sessionStream(id),
      { type: 'LogIn', owner: account, service, amr, secretHash, scopes: [ALL_WRITE], ...client, now: request.now },
      { ...request, ...actorOf({ userId: account.id, role: account.role, sessionId: id }) },
    );
    // A login repeated with its idempotency key, after the session it opened has ended.
    if (state.status !== 'open') throw new Refused('session-ended');
    return this.tokens.issue({ id, session: state, owner: account, position }, token, request.now);
  }
}
