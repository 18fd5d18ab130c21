import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { passwordReset, passwordResetStream } from '#domain/password-reset/password-reset.js';
import { readable } from '#domain/personal.js';
import type { ClientTrace } from '#domain/session/session-events.js';
import { Repository } from '#event-store/repository.js';
import { MailTokens } from '#tokens/mail-token.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { ANONYMOUS, type RequestContext, derivedId } from '../request-context.js';
import { OutwardBudgets } from '../throttling/outward-budgets.js';
import { Accounts } from '../user/accounts.js';

/** Somebody has forgotten the password of the account with this e-mail address, if there is one. */
export class RequestPasswordReset extends Command<void> {
  constructor(
    readonly email: string,
    readonly client: ClientTrace,
    readonly request: RequestContext,
  ) {
    super();
  }
}

/**
 * Does the same for an address that somebody has and for one that nobody has: one event. The mail is sent afterwards, by who
 * follows the log (SEC-33, SEC-34).
 */
@CommandHandler(RequestPasswordReset)
export class RequestPasswordResetHandler implements ICommandHandler<RequestPasswordReset> {
  constructor(
    private readonly repository: Repository,
    private readonly accounts: Accounts,
    private readonly digest: IdentifierDigest,
    private readonly tokens: MailTokens,
    private readonly budgets: OutwardBudgets,
  ) {}

  /** @throws Refused `requests-throttled` */
  async execute({ email, client, request }: RequestPasswordReset): Promise<void> {
    await this.budgets.spend('password-reset', { source: readable(client.ipAddress), destination: email });
    const digest = this.digest.of('email', email);
    const account = await this.accounts.byEmailDigest(digest);
    const userId = account === null || account.credentialId === null ? null : account.id;
    const requestId = derivedId(request.commandId, 'password reset');
    const tokenHash = this.tokens.hashOf('password-reset', digest, requestId);
    const command = { type: 'RequestPasswordReset', requestId, userId, tokenHash, now: request.now } as const;
    await this.repository.execute(passwordReset, passwordResetStream(digest), command, { ...request, ...ANONYMOUS });
  }
}
