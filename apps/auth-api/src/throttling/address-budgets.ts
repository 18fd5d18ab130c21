import { Injectable } from '@nestjs/common';
import { Settings } from '#host/settings.js';
import { type Budget, Budgets } from '#throttling/budgets.js';
import { networksOf } from '#throttling/client-address.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { type Share, budgetCounter, spend } from './budget-counter.js';
import type { GuessCounter } from './guess-counter.js';

const EVERYBODY = 'everybody';

/** How many guesses may fail by where they come from: a client, its wider network, and everywhere together (SEC-22). */
@Injectable()
export class AddressBudgets {
  private readonly address: Budget;
  private readonly network: Budget;
  private readonly service: Budget;

  constructor(
    private readonly budgets: Budgets,
    private readonly digest: IdentifierDigest,
    settings: Settings,
  ) {
    const { addressFailures, networkFailures, serviceFailures, windowMs } = settings.throttling;
    this.address = { name: 'failures-of-address', limit: addressFailures, windowMs };
    this.network = { name: 'failures-of-network', limit: networkFailures, windowMs };
    this.service = { name: 'failures', limit: serviceFailures, windowMs };
  }

  /** @param ipAddress a canonical one; null for not known: all of those are one client */
  counterOf(ipAddress: string | null): GuessCounter {
    return budgetCounter(this.budgets, this.sharesOf(ipAddress));
  }

  /** A wrong secret that is limited by other counters: its owner, at the same address, is not kept from using it. */
  async count(ipAddress: string | null): Promise<void> {
    await spend(this.budgets, this.sharesOf(ipAddress));
  }

  private sharesOf(ipAddress: string | null): readonly [Share, ...Share[]] {
    const { address, network } = networksOf(ipAddress);
    return [
      { budget: this.address, key: this.digest.of('address', address) },
      { budget: this.network, key: this.digest.of('network', network) },
      { budget: this.service, key: EVERYBODY },
    ];
  }
}
