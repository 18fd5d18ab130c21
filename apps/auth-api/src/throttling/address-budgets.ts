import { Injectable } from '@nestjs/common';
import { Settings } from '#host/settings.js';
import { type Budget, Budgets } from '#throttling/budgets.js';
import { networksOf } from '#throttling/client-address.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { demandLeft } from './demand-left.js';
import type { GuessCounter } from './guess-counter.js';

const EVERYBODY = 'everybody';

interface Share {
  readonly budget: Budget;
  readonly key: string;
}

/** Those that one guess draws on. */
type Drawn = readonly [ofAddress: Share, ofNetwork: Share, ofService: Share];

/**
 * How many guesses may fail by where they come from: a client, its wider network, and everywhere together (SEC-22). Only
 * failures are counted, when they are known, so right passwords use up nothing however many arrive together (SEC-23, SEC-24).
 * Of wrong ones that race each other no more are answered than may fail: exactly, on whatever processes, since each gets
 * another count. Several processes may look at some more at the same moment, and tell nobody what they saw.
 */
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
    const drawn = this.drawnOn(ipAddress);
    const demandSomeLeft = async () => {
      const balances = await Promise.all(drawn.map(({ budget, key }) => this.budgets.look(budget, key)));
      demandLeft(balances, 1, 'login-throttled');
      return Math.min(...balances.map(({ left }) => left));
    };
    return {
      key: drawn[0].key,
      admit: demandSomeLeft,
      failed: async () => demandLeft(await this.spend(drawn), 0, 'login-throttled'),
      succeeded: async () => void (await demandSomeLeft()),
    };
  }

  /** A wrong secret that is limited by other counters: its owner, at the same address, is not kept from using it. */
  async count(ipAddress: string | null): Promise<void> {
    await this.spend(this.drawnOn(ipAddress));
  }

  private spend = (drawn: Drawn) => Promise.all(drawn.map(({ budget, key }) => this.budgets.spend(budget, key)));

  private drawnOn(ipAddress: string | null): Drawn {
    const { address, network } = networksOf(ipAddress);
    return [
      { budget: this.address, key: this.digest.of('address', address) },
      { budget: this.network, key: this.digest.of('network', network) },
      { budget: this.service, key: EVERYBODY },
    ];
  }
}
