import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { passwordReset, passwordResetStream } from '#domain/password-reset/password-reset.js';
import { Refused } from '#domain/refused.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { splitMailToken } from '#tokens/mail-token.js';
import { ANONYMOUS, type RequestContext } from '../request-context.js';
import { SecondFactors } from '../second-factor/second-factors.js';
import { Accounts } from '../user/accounts.js';
import { Passwords } from '../user/passwords.js';

/** Somebody who got the mail chooses a password. It opens no session, and a second factor stays (SEC-60). */
export class RedeemPasswordReset extends Command<Position | undefined> {
  constructor(
    readonly token: string,
    readonly newPassword: string,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(RedeemPasswordReset)
export class RedeemPasswordResetHandler implements ICommandHandler<RedeemPasswordReset> {
  constructor(
    private readonly repository: Repository,
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly secondFactors: SecondFactors,
  ) {}

  /** @throws Refused `reset-token-unknown`, `reset-token-expired`, or why the password cannot be chosen: then the token stays good */
  async execute({ token, newPassword, request }: RedeemPasswordReset): Promise<Position | undefined> {
    const parts = splitMailToken(token);
    if (parts === null) throw new Refused('reset-token-unknown');
    const { subject: digest, hash: presentedHash } = parts;
    const admit = { type: 'AdmitPasswordReset', presentedHash, now: request.now } as const;
    const context: CommandContext = { ...request, ...ANONYMOUS };
    const { state } = await this.repository.execute(passwordReset, passwordResetStream(digest), admit, context);
    const account = await this.accounts.byEmailDigest(digest);
    // The address is somebody else's now, or the account may not be used (SEC-54).
    if (state === null || account === null || account.id !== state.userId) throw new Refused('reset-token-unknown');
    const hasSecondFactor = await this.secondFactors.isEnrolled(account.id);
    const chosen = await this.passwords.choose(newPassword, account, hasSecondFactor);
    return this.passwords.reset(
      account,
      chosen,
      { id: state.requestId, requestedAt: state.requestedAt },
      {
        ...context,
        actor: account.id,
        actorKind: 'user',
      },
    );
  }
}
