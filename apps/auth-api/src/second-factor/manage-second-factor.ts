import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { challenge, challengeStream } from '#domain/challenge/challenge.js';
import type { UserId } from '#domain/ids.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { derivedId } from '../request-context.js';
import { type OfferedSecondFactor, type SecondFactorCode, SecondFactors } from './second-factors.js';

/** Makes the secrets of a second factor; it counts once the challenge was answered with a code of it. */
export class OfferSecondFactor extends Command<OfferedSecondFactor & { readonly challengeId: string }> {
  constructor(
    readonly account: ActiveUser,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** Makes new recovery codes; needs a code of the factor (SEC-42, SEC-43). */
export class ReplaceRecoveryCodes extends Command<readonly string[]> {
  constructor(
    readonly userId: UserId,
    readonly code: SecondFactorCode,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** Its owner removes it, and shows a code of it (SEC-43); who needs one replaces it instead (SEC-44). */
export class RemoveSecondFactor extends Command<void> {
  constructor(
    readonly account: ActiveUser,
    readonly code: SecondFactorCode,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** An administrator removes it for somebody who has lost it (SEC-49). */
export class ResetSecondFactor extends Command<void> {
  constructor(
    readonly userId: UserId,
    readonly reason: string,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(OfferSecondFactor)
export class OfferSecondFactorHandler implements ICommandHandler<OfferSecondFactor> {
  constructor(
    private readonly repository: Repository,
    private readonly secondFactors: SecondFactors,
  ) {}

  async execute({ account, context }: OfferSecondFactor) {
    const offered = await this.secondFactors.offer(account, context);
    const challengeId = derivedId(context.commandId, 'challenge');
    const purpose = { kind: 'enrolment', credentialId: offered.credentialId } as const;
    const command = { type: 'IssueChallenge', userId: account.id, purpose, now: context.now } as const;
    await this.repository.execute(challenge, challengeStream(challengeId), command, context);
    return { ...offered, challengeId };
  }
}

@CommandHandler(ReplaceRecoveryCodes)
export class ReplaceRecoveryCodesHandler implements ICommandHandler<ReplaceRecoveryCodes> {
  constructor(private readonly secondFactors: SecondFactors) {}

  async execute({ userId, code, context }: ReplaceRecoveryCodes) {
    await this.secondFactors.show(userId, code, context);
    return this.secondFactors.replaceRecoveryCodes(userId, context);
  }
}

@CommandHandler(RemoveSecondFactor)
export class RemoveSecondFactorHandler implements ICommandHandler<RemoveSecondFactor> {
  constructor(private readonly secondFactors: SecondFactors) {}

  async execute({ account, code, context }: RemoveSecondFactor): Promise<void> {
    await this.secondFactors.show(account.id, code, context);
    await this.secondFactors.remove(account, context);
  }
}

@CommandHandler(ResetSecondFactor)
export class ResetSecondFactorHandler implements ICommandHandler<ResetSecondFactor> {
  constructor(private readonly secondFactors: SecondFactors) {}

  execute({ userId, reason, context }: ResetSecondFactor): Promise<void> {
    return this.secondFactors.reset(userId, reason, context);
  }
}
