import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Refused } from '#domain/refused.js';
import { isLongEnoughAlone } from '#domain/user/password-policy.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { SecondFactors } from '../second-factor/second-factors.js';
import { ANONYMOUS, type RequestContext } from '../request-context.js';
import type { Authentication } from '../session/log-in.js';
import { Accounts } from './accounts.js';
import { PasswordUpgrade } from './password-upgrade.js';
import { type PasswordGuess, Passwords } from './passwords.js';

/** Finds out whether somebody is who they say, by their password. */
export class AuthenticatePassword extends Command<Authentication> {
  constructor(
    readonly guess: PasswordGuess,
    readonly request: RequestContext,
  ) {
    super();
  }
}

/** @throws Refused `credentials-invalid` for an unknown account and a wrong password alike, or `login-throttled` */
@CommandHandler(AuthenticatePassword)
export class AuthenticatePasswordHandler implements ICommandHandler<AuthenticatePassword> {
  constructor(
    private readonly accounts: Accounts,
    private readonly passwords: Passwords,
    private readonly upgrade: PasswordUpgrade,
    private readonly secondFactors: SecondFactors,
  ) {}

  async execute({ guess, request }: AuthenticatePassword): Promise<Authentication> {
    const find = () => this.accounts.byUsername(guess.username);
    const proven = await this.passwords.prove(guess, find, { ...request, ...ANONYMOUS });
    if (proven === null) throw new Refused('credentials-invalid');
    await this.upgrade.atLogin(proven, guess.password, request);
    const { account } = proven;
    const passwordTooShort = await this.isTooShort(guess.password, account);
    return { account, amr: ['pwd'], passwordTooShort, secondFactorShown: false };
  }

  private async isTooShort(password: string, account: ActiveUser): Promise<boolean> {
    if (isLongEnoughAlone(password)) return false;
    return this.passwords.isTooShort(password, account, await this.secondFactors.isEnrolled(account.id));
  }
}
