import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { attempts, attemptsStream } from '#domain/attempts/attempts.js';
import { type CredentialId, type UserId, userStream } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import { requiresSecondFactor } from '#domain/second-factor/requirement.js';
import { MIN_LENGTH_ALONE, MIN_LENGTH_WITH_SECOND_FACTOR, demandPassword } from '#domain/user/password-policy.js';
import { type ActiveUser, type SparedSession, user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { Settings } from '#host/settings.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { Vault } from '#vault/vault.js';
import { isCommonPassword } from './common-passwords.js';

/** Somebody who knows their password chooses another one; their other sessions end (SEC-08, SEC-09). */
export class ChangePassword extends Command<Position | undefined> {
  constructor(
    readonly account: ActiveUser,
    /** Goes on; it was opened by who is asking. */
    readonly session: SparedSession,
    readonly currentPassword: string,
    readonly newPassword: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** A service that has made sure who somebody is gives them another password; all their sessions end (ucloud-users-api §5.7). */
export class ResetPassword extends Command<Position | undefined> {
  constructor(
    readonly userId: UserId,
    readonly newPassword: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ChangePassword)
export class ChangePasswordHandler implements ICommandHandler<ChangePassword> {
  constructor(
    private readonly repository: Repository,
    private readonly vault: Vault,
    private readonly hasher: PasswordHasher,
    private readonly digest: IdentifierDigest,
    private readonly settings: Settings,
  ) {}

  /** @throws Refused `password-wrong`, or why the new one cannot be chosen */
  async execute({ account, session, currentPassword, newPassword, context }: ChangePassword) {
    demandChoosable(newPassword, account.claims, requiresSecondFactor(account, this.settings.secondFactor));
    const { credentialId } = account;
    if (credentialId === null)
      throw new Refused('password-not-applicable', `An account of type ${account.kind} has no password.`);
    await this.demandCurrent(account, credentialId, currentPassword, context);
    const kept = await this.vault.keep('password', account.id, await this.hasher.hash(newPassword));
    const command = { type: 'ChangePassword', replaces: credentialId, credentialId: kept, spare: session } as const;
    const { position } = await this.repository.execute(user, userStream(account.id), command, context);
    await this.vault.erase(credentialId);
    return position;
  }

  /** Guessing it here counts as guessing it at the login: it is the same secret (SEC-19). */
  private async demandCurrent(
    account: ActiveUser,
    credentialId: CredentialId,
    password: string,
    context: CommandContext,
  ) {
    const { now } = context;
    const stream = attemptsStream(this.digest.of('login', readable(account.claims.username) ?? account.id));
    await this.repository.execute(attempts, stream, { type: 'AdmitLogin', now }, context);
    const phc = await this.vault.reveal(credentialId);
    if (phc !== null && (await this.hasher.verify(phc, password))) {
      await this.repository.execute(attempts, stream, { type: 'RecordSuccessfulLogin', now }, context);
      return;
    }
    await this.repository.execute(
      attempts,
      stream,
      { type: 'RecordFailedLogin', reason: 'wrong-password', now },
      context,
    );
    throw new Refused('password-wrong');
  }
}

@CommandHandler(ResetPassword)
export class ResetPasswordHandler implements ICommandHandler<ResetPassword> {
  constructor(
    private readonly repository: Repository,
    private readonly vault: Vault,
    private readonly hasher: PasswordHasher,
    private readonly settings: Settings,
  ) {}

  /** @throws Refused `user-unknown`, `password-not-applicable`, or why the new one cannot be chosen */
  async execute({ userId, newPassword, context }: ResetPassword) {
    const { state: before } = await this.repository.load(user, userStream(userId));
    if (before.status !== 'active') throw new Refused('user-unknown');
    if (before.credentialId === null)
      throw new Refused('password-not-applicable', `An account of type ${before.kind} has no password.`);
    demandChoosable(newPassword, before.claims, requiresSecondFactor(before, this.settings.secondFactor));
    const credentialId = await this.vault.keep('password', userId, await this.hasher.hash(newPassword));
    const command = { type: 'ChangePassword', replaces: null, credentialId, spare: null } as const;
    const { position } = await this.repository.execute(user, userStream(userId), command, context);
    await this.vault.erase(before.credentialId);
    return position;
  }
}

/**
 * @param withSecondFactor whether every login of the account needs another factor, too: then it may be shorter (SEC-01)
 * @throws Refused if somebody with these names may not choose this password
 */
export function demandChoosable(
  password: string | null,
  { username, email, firstNames, lastName }: ActiveUser['claims'],
  withSecondFactor = false,
): asserts password is string {
  const words = [username, email, firstNames, lastName].map((word) => readable(word)).filter((word) => word !== null);
  const localParts = words.map((word) => word.split('@')[0] ?? word);
  demandPassword(password, {
    minLength: withSecondFactor ? MIN_LENGTH_WITH_SECOND_FACTOR : MIN_LENGTH_ALONE,
    isCommon: isCommonPassword,
    contextWords: [...words, ...localParts, 'authlog'],
  });
}
