import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type UserId, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { newestCredential } from '#domain/user/credentials.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { ClaimTokens, type PresentedClaimToken } from '#tokens/claim-token.js';
import { Credentials, type HandedOutCredential } from '../credential/credentials.js';
import { type ProviderAccount, asProvider } from './providers.js';

/** A provider with what it needs to work. */
export interface EquippedProvider {
  readonly account: ProviderAccount;
  readonly credential: HandedOutCredential;
}

/** Hands providers their credentials for their claim tokens, all or none; repeated, the same ones. */
export class ClaimProviders extends Command<readonly EquippedProvider[]> {
  constructor(
    readonly claimTokens: readonly string[],
    readonly claimedBy: UserId,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ClaimProviders)
export class ClaimProvidersHandler implements ICommandHandler<ClaimProviders> {
  constructor(
    private readonly repository: Repository,
    private readonly claimTokens: ClaimTokens,
    private readonly credentials: Credentials,
  ) {}

  /** @throws Refused `claim-token-unknown`, `claim-token-expired`, `account-suspended` or `credential-ended` */
  async execute({ claimTokens, claimedBy, context }: ClaimProviders): Promise<readonly EquippedProvider[]> {
    const presented = claimTokens.map((token) => {
      const parts = this.claimTokens.parse(token);
      if (parts === null) throw new Refused('claim-token-unknown');
      return parts;
    });
    for (const each of presented) await this.demandClaimable(each, context);
    return Promise.all(presented.map((each) => this.claim(each, claimedBy, context)));
  }

  private async demandClaimable({ userId, secretHash }: PresentedClaimToken, { now }: CommandContext): Promise<void> {
    const { state } = await this.repository.load(user, userStream(userId));
    user.decide(state, { type: 'ClaimProvider', presentedHash: secretHash, now });
  }

  private async claim({ userId, secretHash }: PresentedClaimToken, claimedBy: UserId, context: CommandContext) {
    const command = { type: 'ClaimProvider', presentedHash: secretHash, now: context.now } as const;
    const { state } = await this.repository.execute(user, userStream(userId), command, context);
    const account = asProvider(state);
    const sessionId = newestCredential(account.credentials);
    if (sessionId === null) throw new Refused('claim-token-unknown');
    return { account, credential: await this.credentials.open(account, sessionId, secretHash, claimedBy, context) };
  }
}
