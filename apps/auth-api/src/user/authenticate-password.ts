import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Refused } from '#domain/refused.js';
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
    const account = await this.passwords.prove(guess, find, { ...request, ...ANONYMOUS });
    if (account === null) throw new Refused('credentials-invalid');
    await this.upgrade.atLogin(account, guess.password, request);
    const { enrolled } = await this.secondFactors.of(account.id);
    const passwordTooShort = this.passwords.isTooShort(guess.password, account, enrolled !== null);
    return { account, amr: ['pwd'], passwordTooShort };
  }
}
