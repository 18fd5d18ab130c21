import { Injectable } from '@nestjs/common';
import { type UserId, userStream } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import { type Provider, providerName } from '#domain/user/provider.js';
import type { ActiveUser, User } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { Repository } from '#event-store/repository.js';
import { Accounts } from '../user/accounts.js';

/** The account of a provider. */
export type ProviderAccount = ActiveUser & { readonly provider: Provider };

/** Finds providers, also suspended ones: in the log, where they are never late. */
@Injectable()
export class Providers {
  constructor(
    private readonly repository: Repository,
    private readonly accounts: Accounts,
  ) {}

  /**
   * @param providerId exactly as it was registered: whoever verifies a token asks for what the token says
   * @throws Refused `provider-unknown`
   */
  async find(providerId: string): Promise<ProviderAccount> {
    const name = providerName(providerId);
    const id = await this.accounts.idOf(name);
    const account = id === null ? null : await this.byId(id);
    if (account === null || readable(account.claims.username) !== name) throw new Refused('provider-unknown');
    return account;
  }

  /** @throws Refused `provider-unknown` */
  async byId(id: UserId): Promise<ProviderAccount> {
    return asProvider((await this.repository.load(user, userStream(id))).state);
  }
}

/** @throws Refused `provider-unknown` */
export function asProvider(account: User): ProviderAccount {
  if (account.status !== 'active' || account.provider === null) throw new Refused('provider-unknown');
  return { ...account, provider: account.provider };
}
