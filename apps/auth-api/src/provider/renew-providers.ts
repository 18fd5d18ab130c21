import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type UserId, sessionStream, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import type { ProviderKey } from '#domain/user/provider.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { Credentials, credentialIdOf } from '../credential/credentials.js';
import type { EquippedProvider } from './claim-providers.js';
import { chosenId } from '../request-context.js';
import { ProviderKeys } from './provider-keys.js';
import { type ProviderAccount, Providers, asProvider } from './providers.js';

/** Gives providers other keys and other credentials, one after the other; what each had is void at once. */
export class RenewProviders extends Command<readonly EquippedProvider[]> {
  constructor(
    readonly providerIds: readonly string[],
    readonly renewedBy: UserId,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RenewProviders)
export class RenewProvidersHandler implements ICommandHandler<RenewProviders> {
  constructor(
    private readonly repository: Repository,
    private readonly providers: Providers,
    private readonly keys: ProviderKeys,
    private readonly credentials: Credentials,
  ) {}

  /** @throws Refused `provider-unknown`, `account-suspended` or `provider-renewed-meanwhile` */
  async execute({ providerIds, renewedBy, context }: RenewProviders): Promise<readonly EquippedProvider[]> {
    await this.repository.demandSameCommand(session, sessionStream(credentialIdOf(context, 0)), context);
    const accounts = await Promise.all(providerIds.map((id) => this.providers.find(id)));
    // None is renewed where one cannot be.
    for (const account of accounts) user.decide(account, renewal(account, account.provider.key, 0, context));
    const renewed: EquippedProvider[] = [];
    for (const [index, account] of accounts.entries())
      renewed.push(await this.equip(await this.renew(account, index, context), index, renewedBy, context));
    return renewed;
  }

  private async renew(before: ProviderAccount, index: number, context: CommandContext): Promise<ProviderAccount> {
    const stream = userStream(before.id);
    if (await this.repository.isRepeated(user, stream, context)) return this.providers.byId(before.id);
    const key = await this.keys.make(before.id);
    try {
      const { state, repeated } = await this.repository.execute(
        user,
        stream,
        renewal(before, key, index, context),
        context,
      );
      await this.keys.erase(repeated ? key : before.provider.key);
      return asProvider(state);
    } catch (error) {
      // After any other error nobody knows whether the key is in use.
      if (error instanceof Refused) await this.keys.erase(key);
      throw error;
    }
  }

  private async equip(account: ProviderAccount, index: number, renewedBy: UserId, context: CommandContext) {
    const sessionId = credentialIdOf(context, index);
    const credential = await this.credentials.open(account, sessionId, chosenId(context), renewedBy, context);
    return { account, credential };
  }
}

const renewal = ({ provider }: ProviderAccount, key: ProviderKey, index: number, context: CommandContext) =>
  ({
    type: 'RenewProvider',
    replaces: provider.key.kid,
    key,
    sessionId: credentialIdOf(context, index),
    now: context.now,
  }) as const;
