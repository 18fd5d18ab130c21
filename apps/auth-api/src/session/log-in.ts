import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type ProviderLogin, ProviderSessions } from '#accounts/saml/provider-sessions.js';
import { MULTI_FACTOR } from '#domain/access/access.js';
import { requiredActions, scopesWhile } from '#domain/access/required-actions.js';
import { type SessionId, asSessionId, sessionStream } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import { challenge, challengeStream, challengedFederation } from '#domain/challenge/challenge.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { FederatedLogin } from '#domain/session/federation.js';
import { session } from '#domain/session/session.js';
import type { ClientTrace } from '#domain/session/session-events.js';
import { type LoginService, endOfLogin } from '#domain/session/session-limits.js';
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
  /** Whether the second factor was shown that they have here; one that an identity provider saw is another. */
  readonly secondFactorShown: boolean;
  /** Who vouches for them; left out where they were authenticated here. */
  readonly federated?: FederatedLogin;
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

/** The first factor was right; a code of the second one is still to be shown. */
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
    private readonly providerSessions: ProviderSessions,
    private readonly settings: Settings,
  ) {}

  /** @throws SamlRefused `session-over` if the identity provider has ended its session meanwhile */
  async execute(command: LogIn): Promise<SessionTokens | PendingChallenge> {
    try {
      return await this.logIn(command);
    } catch (error) {
      const { federated } = command.authentication;
      if (federated === undefined || !(error instanceof SamlRefused)) throw error;
      throw error.from(federated.federation.identityProvider);
    }
  }

  private async logIn(command: LogIn): Promise<SessionTokens | PendingChallenge> {
    const { account, amr, passwordTooShort, secondFactorShown } = command.authentication;
    const hasSecondFactor = await this.secondFactors.isEnrolled(account.id);
    if (hasSecondFactor && !secondFactorShown) return this.challenge(command);
    const secondFactorAsserted = amr.includes(MULTI_FACTOR);
    const facts = { policy: this.settings.secondFactor, hasSecondFactor, passwordTooShort, secondFactorAsserted };
    return this.open(command, scopesWhile(requiredActions(account, facts)));
  }

  private async challenge({ authentication, service, request }: LogIn): Promise<PendingChallenge> {
    const { account, amr, passwordTooShort, federated } = authentication;
    const challengeId = derivedId(request.commandId, 'challenge');
    const login = { kind: 'login', service: service.name, epoch: account.sessionEpoch } as const;
    const byPassword = passwordTooShort ? { ...login, passwordTooShort } : login;
    const issue = {
      type: 'IssueChallenge',
      userId: account.id,
      now: request.now,
      ...(federated === undefined
        ? { purpose: byPassword }
        : { purpose: { ...login, federated: challengedFederation(federated, amr) }, nameId: federated.nameId }),
    } as const;
    await this.repository.execute(challenge, challengeStream(challengeId), issue, { ...request, ...ANONYMOUS });
    return { challengeId };
  }

  private async open(
    { authentication, service, client, request }: LogIn,
    scopes: readonly string[],
  ): Promise<SessionTokens> {
    const { account, amr, federated } = authentication;
    const id = asSessionId(derivedId(request.commandId, 'session'));
    const { token, secretHash } = this.refreshTokens.issue(id, chosenId(request));
    const opening = { owner: account, service, amr, secretHash, scopes, ...client, now: request.now };
    const context = { ...request, ...actorOf({ userId: account.id, role: account.role, sessionId: id }) };
    const atProvider = federated === undefined ? null : providerLogin(id, account, service, federated, request.now);
    if (atProvider !== null) await this.providerSessions.register(atProvider, context);
    const { state, position, repeated } = await this.repository.execute(
      session,
      sessionStream(id),
      { type: 'LogIn', ...opening, ...(federated === undefined ? {} : { federated }) },
      context,
    );
    if (atProvider !== null) await this.providerSessions.confirm(atProvider, context);
    // Repeated with its idempotency key, after the session it opened has ended.
    if (repeated) await this.sessions.demandAlive(id, request.now);
    if (state.status !== 'open') throw new Refused('session-ended');
    return this.tokens.issue({ id, session: state, owner: account, position }, token, request.now);
  }
}

/** @throws SamlRefused `account-not-usable` where the person was erased who was about to log in */
function providerLogin(
  sessionId: SessionId,
  { id: userId, role }: ActiveUser,
  service: LoginService,
  { federation, nameId, sessionEndsAt, begunAt }: FederatedLogin,
  now: Date,
): ProviderLogin {
  const name = readable(nameId);
  if (name === null) throw new SamlRefused('account-not-usable');
  const { identityProvider } = federation;
  const endsAt = endOfLogin(role, service, sessionEndsAt, now);
  return { identityProvider, nameId: name, userId, sessionId, endsAt, begunAt };
}
