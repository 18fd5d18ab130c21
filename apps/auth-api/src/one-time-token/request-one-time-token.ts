import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type OneTimeTokenId, asOneTimeTokenId, oneTimeTokenStream } from '#domain/ids.js';
import { oneTimeToken } from '#domain/one-time-token/one-time-token.js';
import { Refused } from '#domain/refused.js';
import { Repository } from '#event-store/repository.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { type RequestContext, actorOf, derivedId } from '../request-context.js';
import { SessionTokenIssuer } from '../session/session-tokens.js';

/** A token that is good once, and the id by which a service claims it. */
export interface IssuedOneTimeToken {
  readonly accessToken: string;
  readonly jti: OneTimeTokenId;
}

/** Hands out a token that is good once, for some of the scopes of the caller's own. */
export class RequestOneTimeToken extends Command<IssuedOneTimeToken> {
  constructor(
    readonly audience: readonly string[],
    readonly caller: AuthenticatedCaller,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(RequestOneTimeToken)
export class RequestOneTimeTokenHandler implements ICommandHandler<RequestOneTimeToken> {
  constructor(
    private readonly repository: Repository,
    private readonly tokens: SessionTokenIssuer,
  ) {}

  async execute({ audience, caller, request }: RequestOneTimeToken): Promise<IssuedOneTimeToken> {
    const { userId, sessionId, scopes: grantedScopes, session, account: owner } = caller;
    const { now } = request;
    const jti = asOneTimeTokenId(derivedId(request.commandId, 'one-time-token'));
    const { state } = await this.repository.execute(
      oneTimeToken,
      oneTimeTokenStream(jti),
      { type: 'RequestOneTimeToken', userId, sessionId, audience, grantedScopes, now },
      { ...request, ...actorOf(caller) },
    );
    // Asked for again under the same idempotency key, when it had been claimed.
    if (state.status !== 'issued') throw new Refused('one-time-token-claimed');
    const issuedIn = { id: sessionId, session, owner };
    const accessToken = await this.tokens.issueOneTime(jti, issuedIn, audience, state.expiresAt, now);
    return { accessToken, jti };
  }
}
