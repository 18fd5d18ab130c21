import { Injectable } from '@nestjs/common';
import { type CredentialId, type UserId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { requiresSecondFactor } from '#domain/second-factor/requirement.js';
import {
  type SecondFactor,
  type SecondFactorCommand,
  type SecondFactorEvent,
  secondFactor,
  secondFactorStream,
} from '#domain/second-factor/second-factor.js';
import { displayNameOf } from '#domain/user/display-name.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { Settings } from '#host/settings.js';
import { Vault } from '#vault/vault.js';
import { newRecoveryCodes, placeOf } from './recovery-codes.js';
import { newTotpSecret, stepOf, totpUri } from './totp.js';

/** A code of the authenticator app, or one of those that were written down. */
export interface SecondFactorCode {
  readonly kind: 'totp' | 'recovery';
  readonly text: string;
}

/** What is shown once to who enrols. */
export interface OfferedSecondFactor {
  readonly credentialId: CredentialId;
  /** Base32. */
  readonly secret: string;
  readonly uri: string;
  readonly recoveryCodes: readonly string[];
}

/** The second factors of accounts: the log says which counts and what was used, the vault has the secrets (SEC-37). */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly repository: Repository,
    private readonly vault: Vault,
    private readonly settings: Settings,
  ) {}

  async of(userId: UserId): Promise<SecondFactor> {
    return (await this.repository.load(secondFactor, secondFactorStream(userId))).state;
  }

  async isEnrolled(userId: UserId): Promise<boolean> {
    return (await this.of(userId)).enrolled !== null;
  }

  /** As it was a moment ago: for what is said in a token, not for what is decided. */
  async wasEnrolled(userId: UserId): Promise<boolean> {
    return (await this.repository.recent(secondFactor, secondFactorStream(userId))).state.enrolled !== null;
  }

  /** Counts for nothing until it is enrolled; an offer before it is void. */
  async offer(account: ActiveUser, context: CommandContext): Promise<OfferedSecondFactor> {
    const { id: userId } = account;
    const { offered: former } = await this.of(userId);
    const secret = newTotpSecret();
    const { codes, kept } = newRecoveryCodes();
    const credentialId = await this.vault.keep('totp', userId, secret);
    const recoveryCredentialId = await this.vault.keep('recovery-codes', userId, kept);
    const command = { type: 'OfferSecondFactor', userId, credentialId, recoveryCredentialId } as const;
    await this.repository.execute(secondFactor, secondFactorStream(userId), { ...command, now: context.now }, context);
    await this.erase(former);
    const uri = totpUri(secret, displayNameOf(account));
    return { credentialId, secret, uri, recoveryCodes: codes };
  }

  /** In place of the one that was there. @throws Refused `second-factor-wrong` or `login-throttled` */
  async enrol(userId: UserId, credentialId: CredentialId, code: string, context: CommandContext): Promise<void> {
    const { now } = context;
    const { enrolled: former } = await this.of(userId);
    const secret = await this.vault.reveal(credentialId);
    const step = secret === null ? null : stepOf(secret, code, now);
    const command = { type: 'EnrolSecondFactor', userId, credentialId, step, now } as const;
    const { events } = await this.repository.execute(secondFactor, secondFactorStream(userId), command, context);
    demandPassed(events);
    await this.erase(former);
  }

  /** @throws Refused `second-factor-wrong`, `second-factor-missing` or `login-throttled` */
  async show(userId: UserId, code: SecondFactorCode, context: CommandContext): Promise<void> {
    const { now } = context;
    const { enrolled } = await this.of(userId);
    if (enrolled === null) throw new Refused('second-factor-missing');
    const credentialId = code.kind === 'totp' ? enrolled.credentialId : enrolled.recoveryCredentialId;
    const shown = { credentialId, ...compared(code, await this.vault.reveal(credentialId), now) };
    const command = { type: 'ShowSecondFactor', userId, shown, now } as const;
    const { events } = await this.repository.execute(secondFactor, secondFactorStream(userId), command, context);
    demandPassed(events);
  }

  /** A new set; the old one is void (SEC-42). */
  async replaceRecoveryCodes(userId: UserId, context: CommandContext): Promise<readonly string[]> {
    const { enrolled } = await this.of(userId);
    const { codes, kept } = newRecoveryCodes();
    const recoveryCredentialId = await this.vault.keep('recovery-codes', userId, kept);
    const command = { type: 'ReplaceRecoveryCodes', userId, recoveryCredentialId, now: context.now } as const;
    await this.repository.execute(secondFactor, secondFactorStream(userId), command, context);
    if (enrolled !== null) await this.vault.erase(enrolled.recoveryCredentialId);
    return codes;
  }

  /** By its owner, who has shown a code of it. @throws Refused `second-factor-missing` or `second-factor-required` */
  async remove(account: ActiveUser, context: CommandContext): Promise<void> {
    const isRequired = requiresSecondFactor(account, this.settings.secondFactor);
    const { id: userId } = account;
    return this.takeAway({ type: 'RemoveSecondFactor', userId, isRequired, now: context.now }, context);
  }

  /** By an administrator. @throws Refused `second-factor-missing` */
  async reset(userId: UserId, reason: string, context: CommandContext): Promise<void> {
    return this.takeAway({ type: 'ResetSecondFactor', userId, reason, now: context.now }, context);
  }

  private async takeAway(command: SecondFactorCommand, context: CommandContext): Promise<void> {
    const { userId } = command;
    const { enrolled } = await this.of(userId);
    await this.repository.execute(secondFactor, secondFactorStream(userId), command, context);
    await this.erase(enrolled);
  }

  /** Nobody needs the secrets of a factor that counts no more. */
  private async erase(
    factor: { readonly credentialId: CredentialId; readonly recoveryCredentialId: CredentialId } | null,
  ): Promise<void> {
    if (factor === null) return;
    await this.vault.erase(factor.credentialId);
    await this.vault.erase(factor.recoveryCredentialId);
  }
}

function compared({ kind, text }: SecondFactorCode, kept: string | null, now: Date) {
  if (kind === 'totp') return { kind, step: kept === null ? null : stepOf(kept, text, now) };
  return { kind, code: kept === null ? null : placeOf(kept, text) };
}

/** A wrong code is recorded before it is refused. */
function demandPassed(events: readonly SecondFactorEvent[]): void {
  if (events.some(({ type }) => type === 'SecondFactorFailed')) throw new Refused('second-factor-wrong');
}
