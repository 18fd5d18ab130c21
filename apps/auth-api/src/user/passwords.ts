import { Injectable } from '@nestjs/common';
import { type CredentialId, userStream } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import { requiresSecondFactor } from '#domain/second-factor/requirement.js';
import { demandPassword, isTooShort, minPasswordLength } from '#domain/user/password-policy.js';
import type { AnsweredReset, ChangePassword } from '#domain/user/password-change.js';
import type { SkippedBreachCheck } from '#domain/user/user-events.js';
import { type ActiveUser, type SparedSession, nameOf } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { Settings } from '#host/settings.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { Vault } from '#vault/vault.js';
import { GuessBudgets, type GuessSource } from '../throttling/guess-budgets.js';
import { BreachedPasswords } from './breached-passwords.js';
import { isCommonPassword } from './common-passwords.js';

/** Somebody says what the password of an account is. */
export interface PasswordGuess {
  /** As it was typed. */
  readonly username: string;
  readonly password: string;
  readonly source: GuessSource;
}

/** Somebody has shown the password of an account. */
export interface ProvenPassword {
  readonly account: ActiveUser;
  /** What the vault has of it. */
  readonly kept: string;
}

/** A password that its owner may choose. */
export interface ChosenPassword {
  readonly text: string;
  readonly breachCheck?: SkippedBreachCheck;
}

/** The passwords of accounts: compared within the budget of guesses, chosen by the policy, replaced. */
@Injectable()
export class Passwords {
  constructor(
    private readonly repository: Repository,
    private readonly vault: Vault,
    private readonly hasher: PasswordHasher,
    private readonly guesses: GuessBudgets,
    private readonly breached: BreachedPasswords,
    private readonly settings: Settings,
  ) {}

  /**
   * Null for a wrong password and for an account that is not there alike. Wherever it is asked for, a wrong one counts: it is
   * the same secret (SEC-19).
   * @throws Refused `login-throttled`
   */
  async prove(
    { username, password, source }: PasswordGuess,
    find: () => Promise<ActiveUser | null>,
    context: CommandContext,
  ): Promise<ProvenPassword | null> {
    const look = async () => {
      const { account, kept } = await this.keptOf(find);
      if (account === null || kept === null) await this.hasher.verifyNothing(password);
      else if (await this.hasher.verify(kept, password)) return { opened: { account, kept }, owner: account.id };
      const reason = account?.credentialId ? 'wrong-password' : 'unknown-account';
      return { failure: { reason, userId: account?.id ?? null } } as const;
    };
    return this.guesses.within({ username, source }, look, context);
  }

  /** Whether the password, which is right, has become too short for the account (SEC-01). */
  isTooShort(password: string, account: ActiveUser, hasSecondFactor: boolean): boolean {
    return isTooShort(password, hasSecondFactor || this.isSecondFactorRequired(account), account.registeredBy);
  }

  /** @throws Refused if the owner may not choose this password */
  async choose(
    password: string | null,
    account: Pick<ActiveUser, 'kind' | 'registeredBy' | 'claims'>,
    hasSecondFactor: boolean,
  ): Promise<ChosenPassword> {
    const { username, email, firstNames, lastName } = account.claims;
    const words = [username, email, firstNames, lastName].map((word) => readable(word)).filter((word) => word !== null);
    const localParts = words.map((word) => word.split('@')[0] ?? word);
    demandPassword(password, {
      // Where every login needs another factor, too, it may be shorter (SEC-01).
      minLength: minPasswordLength(hasSecondFactor || this.isSecondFactorRequired(account)),
      isCommon: isCommonPassword,
      contextWords: [...words, ...localParts, 'authlog'],
    });
    const finding = await this.breached.find(password);
    if (finding === 'breached') throw new Refused('password-breached');
    return finding === 'clear' ? { text: password } : { text: password, breachCheck: finding };
  }

  /**
   * Of who has proved the old one.
   * @param replaces what was verified
   * @param spare the session that goes on
   */
  async change(
    account: ActiveUser,
    password: ChosenPassword,
    { replaces, spare }: { readonly replaces: CredentialId; readonly spare: SparedSession },
    context: CommandContext,
  ): Promise<Position | undefined> {
    return this.replace(account, password, { replaces, reset: null, spare }, context);
  }

  /**
   * Also ends the waits for guesses at the old one (SEC-20).
   * @param reset the request by mail that this answers; null if a service has made sure who it is
   */
  async reset(
    account: ActiveUser,
    password: ChosenPassword,
    reset: AnsweredReset | null,
    context: CommandContext,
  ): Promise<Position | undefined> {
    const position = await this.replace(account, password, { replaces: null, reset, spare: null }, context);
    await this.guesses.forget(nameOf(account), context);
    return position;
  }

  /** The new one is kept before the event that refers to it, the old one erased after it; of a refused change nothing stays. */
  private async replace(
    { id }: ActiveUser,
    { text, ...checked }: ChosenPassword,
    how: Pick<ChangePassword, 'replaces' | 'reset' | 'spare'>,
    context: CommandContext,
  ): Promise<Position | undefined> {
    const credentialId = await this.vault.keep('password', id, await this.hasher.hash(text));
    const command = { type: 'ChangePassword', ...how, ...checked, credentialId } as const;
    try {
      const { events, position } = await this.repository.execute(user, userStream(id), command, context);
      // What the log says was replaced: another change may have been quicker than this one's look at the account.
      for (const { type, data } of events)
        if (type === 'PasswordChanged' && data.replaced !== undefined) await this.vault.erase(data.replaced);
      return position;
    } catch (error) {
      // After any other error nobody knows whether it is in use.
      if (error instanceof Refused) await this.vault.erase(credentialId);
      throw error;
    }
  }

  private isSecondFactorRequired = (account: Pick<ActiveUser, 'kind' | 'registeredBy'>) =>
    requiresSecondFactor(account, this.settings.secondFactor);

  /** An account, and what is kept of its password; null where there is none. */
  private async keptOf(find: () => Promise<ActiveUser | null>) {
    const look = async () => {
      const account = await find();
      const credentialId = account?.credentialId ?? null;
      return { account, credentialId, kept: credentialId === null ? null : await this.vault.reveal(credentialId) };
    };
    const found = await look();
    // Another login has just hashed the same password anew (SEC-14): it must not make this one wrong (SEC-23).
    return found.credentialId !== null && found.kept === null ? look() : found;
  }
}
