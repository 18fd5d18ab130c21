import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { requiredActions, scopesWhile } from '#domain/access/required-actions.js';
import { type UserId, asSessionId, sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import { kindOf } from '#domain/user/user-creation.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { Settings } from '#host/settings.js';
import { RefreshTokens } from '#tokens/refresh-token.js';
import { LiveSessions } from '../access/live-sessions.js';
import { chosenId, derivedId } from '../request-context.js';
import { SessionTokenIssuer, type SessionTokens } from '../session/session-tokens.js';
import { Passwords } from './passwords.js';
import { type NewUser, UserRegistration, isPerson } from '#accounts/user-registration.js';

/** Makes accounts, all or none, and opens a session for each, in their order (ucloud-users-api §5.9). */
export class CreateUsers extends Command<readonly SessionTokens[]> {
  constructor(
    readonly users: readonly NewUser[],
    readonly createdBy: UserId,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(CreateUsers)
export class CreateUsersHandler implements ICommandHandler<CreateUsers> {
  constructor(
    private readonly repository: Repository,
    private readonly registration: UserRegistration,
    private readonly refreshTokens: RefreshTokens,
    private readonly tokens: SessionTokenIssuer,
    private readonly sessions: LiveSessions,
    private readonly passwords: Passwords,
    private readonly settings: Settings,
  ) {}

  async execute({ users, createdBy, context }: CreateUsers): Promise<readonly SessionTokens[]> {
    // The last thing the command does. After it no password is chosen any more: what became known of one since is no
    // reason to refuse what was done.
    const repeated = await this.repository.isRepeated(session, sessionStream(sessionIdOf(context, 0)), context);
    const checked = repeated ? users : await Promise.all(users.map((wanted) => this.checked(wanted)));
    const accounts = await this.registration.register(checked, context);
    return Promise.all(accounts.map((account, index) => this.provision(account, index, createdBy, context)));
  }

  /** @throws Refused if it may not have this password */
  private async checked(wanted: NewUser): Promise<NewUser> {
    if (!isPerson(wanted)) return wanted;
    const { role, registeredBy } = wanted;
    const account = { kind: kindOf(role), registeredBy, claims: wanted };
    const { text, ...checked } = await this.passwords.choose(wanted.password, account, false);
    return { ...wanted, password: text, ...checked };
  }

  private async provision(owner: ActiveUser, index: number, createdBy: UserId, context: CommandContext) {
    const id = sessionIdOf(context, index);
    const { token, secretHash } = this.refreshTokens.issue(id, chosenId(context));
    const client = { ipAddress: null, userAgent: null };
    const none = { hasSecondFactor: false, secondFactorAsserted: false, passwordTooShort: false };
    const facts = { policy: this.settings.secondFactor, ...none };
    const scopes = scopesWhile(requiredActions(owner, facts));
    const { state, position, repeated } = await this.repository.execute(
      session,
      sessionStream(id),
      { type: 'Provision', owner, createdBy, secretHash, scopes, ...client, now: context.now },
      context,
    );
    // The user may have been suspended, or have ended the sessions, since the command was carried out first.
    if (repeated) await this.sessions.demandAlive(id, context.now);
    if (state.status !== 'open') throw new Refused('session-ended');
    return this.tokens.issue({ id, session: state, owner, position }, token, context.now);
  }
}

const sessionIdOf = ({ commandId }: CommandContext, index: number) =>
  asSessionId(derivedId(commandId, `session ${index}`));
