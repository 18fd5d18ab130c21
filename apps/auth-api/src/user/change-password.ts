import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { needsCode } from '#domain/access/access.js';
import { Refused } from '#domain/refused.js';
import { credentialOf } from '#domain/user/password-change.js';
import { demandAnotherPassword } from '#domain/user/password-policy.js';
import { type ActiveUser, nameOf } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { type SecondFactorCode, SecondFactors } from '../second-factor/second-factors.js';
import { Passwords } from './passwords.js';

/** What somebody types who wants another password. */
interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
}

/** Somebody who knows their password chooses another one; their other sessions end (SEC-08, SEC-09). */
export class ChangePassword extends Command<Position | undefined> {
  constructor(
    /** Their session goes on. */
    readonly caller: AuthenticatedCaller,
    readonly change: PasswordChange,
    /** Looked at only where it is needed. */
    readonly code: SecondFactorCode | null,
    readonly ipAddress: string | null,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** A service that has made sure who somebody is gives them another password; all their sessions end (ucloud-users-api §5.7). */
export class ResetPassword extends Command<Position | undefined> {
  constructor(
    readonly account: ActiveUser,
    readonly newPassword: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ChangePassword)
export class ChangePasswordHandler implements ICommandHandler<ChangePassword> {
  constructor(
    private readonly passwords: Passwords,
    private readonly secondFactors: SecondFactors,
  ) {}

  /** @throws Refused `password-wrong`, `second-factor-wrong`, `step-up-required`, or why the new one cannot be chosen */
  async execute({ caller, change: { currentPassword, newPassword }, code, ipAddress, context }: ChangePassword) {
    const { account, session, sessionId } = caller;
    const replaces = credentialOf(account);
    const hasSecondFactor = await this.secondFactors.isEnrolled(account.id);
    // What costs nobody anything comes first: then neither a guess nor a code is spent on what is refused anyway.
    demandAnotherPassword(currentPassword, newPassword);
    const chosen = await this.passwords.choose(newPassword, account, hasSecondFactor);
    const codeCounts = needsCode(session, hasSecondFactor, code !== null, context.now);
    const guess = { username: nameOf(account), password: currentPassword, source: { ipAddress, deviceToken: null } };
    if ((await this.passwords.prove(guess, () => Promise.resolve(account), context)) === null)
      throw new Refused('password-wrong');
    if (codeCounts && code !== null) await this.secondFactors.show(account.id, code, context);
    const spare = { id: sessionId, epoch: session.epoch };
    return this.passwords.change(account, chosen, { replaces, spare }, context);
  }
}

@CommandHandler(ResetPassword)
export class ResetPasswordHandler implements ICommandHandler<ResetPassword> {
  constructor(
    private readonly passwords: Passwords,
    private readonly secondFactors: SecondFactors,
  ) {}

  /** @throws Refused `password-not-applicable`, or why the new one cannot be chosen */
  async execute({ account, newPassword, context }: ResetPassword) {
    credentialOf(account);
    const hasSecondFactor = await this.secondFactors.isEnrolled(account.id);
    const chosen = await this.passwords.choose(newPassword, account, hasSecondFactor);
    return this.passwords.reset(account, chosen, null, context);
  }
}
