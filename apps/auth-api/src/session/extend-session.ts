import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { asSessionId, sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import { Repository } from '#event-store/repository.js';
import { Settings } from '#host/settings.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { type AuthenticatedCaller, CallerAuthentication } from '../access/caller-authentication.js';
import { LiveSessions } from '../access/live-sessions.js';
import { type RequestContext, actorOf, chosenId, derivedId } from '../request-context.js';
import { SessionTokenIssuer, type SessionTokens } from './session-tokens.js';

/** What a service asks for when it extends somebody's access token (ucloud-users-api §4.9). */
export interface RequestedExtension {
  /** The access token to extend. */
  readonly accessToken: string;
  readonly scopes: readonly string[];
  readonly lifetimeMs: number;
  readonly refreshable: boolean;
}

/** Derives a narrower session from the one that an access token belongs to. */
export class ExtendSession extends Command<SessionTokens<string | null>> {
  constructor(
    readonly requested: RequestedExtension,
    readonly caller: AuthenticatedCaller,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(ExtendSession)
export class ExtendSessionHandler implements ICommandHandler<ExtendSession> {
  constructor(
    private readonly repository: Repository,
    private readonly refreshTokens: RefreshTokens,
    private readonly callers: CallerAuthentication,
    private readonly sessions: LiveSessions,
    private readonly tokens: SessionTokenIssuer,
    private readonly settings: Settings,
  ) {}

  async execute({ requested, caller, request }: ExtendSession): Promise<SessionTokens<string | null>> {
    const { now } = request;
    const presented = await this.callers.authenticate(requested.accessToken);
    const parent = await this.sessions.find(presented.sessionId, now);
    const id = asSessionId(derivedId(request.commandId, 'session'));
    const first = requested.refreshable ? this.refreshTokens.issue(id, chosenId(request)) : null;
    const { state, position, repeated } = await this.repository.execute(
      session,
      sessionStream(id),
      {
        type: 'ExtendSession',
        parent,
        presented: { scopes: presented.scopes, expiresAt: presented.tokenExpiresAt },
        extender: { id: caller.userId, allowedScopes: this.settings.tokenExtension.get(caller.username) ?? [] },
        scopes: requested.scopes,
        lifetimeMs: requested.lifetimeMs,
        secretHash: first?.secretHash ?? null,
        now,
      },
      { ...request, ...actorOf(caller) },
    );
    if (repeated) await this.sessions.demandAlive(id, now);
    if (state.status !== 'open') throw new Refused('session-ended');
    const extended = { id, session: state, owner: presented.account, position };
    return this.tokens.issue(extended, first?.token ?? null, now);
  }
}
