import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { MULTI_FACTOR } from '#domain/access/access.js';
import { requiredActions, scopesWhile } from '#domain/access/required-actions.js';
import { asSessionId, sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { challenge, challengeStream } from '#domain/challenge/challenge.js';
import { session } from '#domain/session/session.js';
import type { ClientTrace } from '#domain/session/session-events.js';
import type { LoginService } from '#domain/session/session-limits.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { Repository } from '#event-store/repository.js';
import { Settings } from '#host/settings.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { LiveSessions } from '../access/live-sessions.js';
import { ANONYMOUS, type RequestContext, actorOf, chosenId, derivedId } from '../request-context.js';
import { SecondFactors } from '../second-factor/second-factors.js';
import { SessionTokenIssuer, type SessionTokens } from './session-tokens.js';

/** Somebody has proved who they are, and by which methods (RFC 8176). */
export interface Authentication {
  readonly account: ActiveUser;
  readonly amr: readonly string[];
  /** Whether they did so by a password that is too short by now (SEC-01). */
  readonly passwordTooShort: boolean;
}

/** Opens a session for somebody who has just proved who they are, or asks for the second factor they have. */
export class LogIn extends Command<SessionTokens | PendingChallenge> {
  constructor(
    readonly authentication: Authentication,
    readonly service: LoginService,
    readonly client: ClientTrace,
    readonly request: RequestContext,
  ) {
    super();
  }
}

/** The password was right; a code of the second factor is still to be shown. */
export interface PendingChallenge {
  readonly challengeId: string;
}

@CommandHandler(LogIn)
export class LogInHandler implements ICommandHandler<LogIn> {
  constructor(
    private readonly repository: Repository,
    private readonly refreshTokens: RefreshTokens,
    private readonly tokens: SessionTokenIssuer,
    private readonly secondFactors: SecondFactors,
    private readonly sessions: LiveSessions,
    private readonly settings: Settings,
  ) {}

  async execute(command: LogIn): Promise<SessionTokens | PendingChallenge> {
    const { account, amr, passwordTooShort } = command.authentication;
    const hasSecondFactor = await this.secondFactors.isEnrolled(account.id);
    if (hasSecondFactor && !amr.includes(MULTI_FACTOR)) return this.challenge(command);
    const secondFactorAsserted = amr.includes(MULTI_FACTOR);
    const facts = { policy: this.settings.secondFactor, hasSecondFactor, secondFactorAsserted, passwordTooShort };
    return this.open(command, scopesWhile(requiredActions(account, facts)));
  }

  private async challenge({ authentication, service, request }: LogIn): Promise<PendingChallenge> {
    const { account, passwordTooShort } = authentication;
    const challengeId = derivedId(request.commandId, 'challenge');
    const login = { kind: 'login', service: service.name, epoch: account.sessionEpoch } as const;
    const purpose = passwordTooShort ? { ...login, passwordTooShort } : login;
    const issue = { type: 'IssueChallenge', userId: account.id, purpose, now: request.now } as const;
    await this.repository.execute(challenge, challengeStream(challengeId), issue, { ...request, ...ANONYMOUS });
    return { challengeId };
  }

  private async open(
    { authentication: { account, amr }, service, client, request }: LogIn,
    scopes: readonly string[],
  ): Promise<SessionTokens> {
    const id = asSessionId(derivedId(request.commandId, 'session'));
    const { token, secretHash } = this.refreshTokens.issue(id, chosenId(request));
    const { state, position, repeated } = await this.repository.execute(
      session,
      sessionStream(id),
      { type: 'LogIn', owner: account, service, amr, secretHash, scopes, ...client, now: request.now },
      { ...request, ...actorOf({ userId: account.id, role: account.role, sessionId: id }) },
    );
    // Repeated with its idempotency key, after the session it opened has ended.
    if (repeated) await this.sessions.demandAlive(id, request.now);
    if (state.status !== 'open') throw new Refused('session-ended');
    return this.tokens.issue({ id, session: state, owner: account, position }, token, request.now);
  }
}
