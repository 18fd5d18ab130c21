import { Injectable } from '@nestjs/common';
import { type Budget, Budgets } from '#throttling/budgets.js';
import { networksOf } from '#throttling/client-address.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { demandLeft } from './demand-left.js';

/** What sends something out, or costs something else outside, when somebody asks for it. */
export type OutwardAction = 'password-reset' | 'email-change';

/** Who asks, and whom it reaches. */
export interface OutwardRequest {
  /** The canonical IP address it comes from; null for not known: all of those are one. */
  readonly source: string | null;
  /** An e-mail address or whatever else names who is reached, in any spelling, known or not. */
  readonly destination: string;
}

interface Limits {
  readonly hourly: number;
  readonly daily: number;
}

/** Many people may ask from one address, */
const FROM_ONE_CLIENT: Limits = { hourly: 50, daily: 200 };
/** and who has a whole network has many addresses. */
const FROM_ONE_NETWORK: Limits = { hourly: 500, daily: 2_000 };
/** Nobody needs more letters than that, */
const TO_ONE_DESTINATION: Limits = { hourly: 5, daily: 10 };
/** and no network may use up what others can ask for. */
const FROM_ONE_NETWORK_TO_ONE_DESTINATION: Limits = { hourly: 3, daily: 5 };

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** How often somebody may ask for what is costly or reaches out, by where they ask from and by whom it reaches (SEC-29). */
@Injectable()
export class OutwardBudgets {
  constructor(
    private readonly budgets: Budgets,
    private readonly digest: IdentifierDigest,
  ) {}

  /**
   * To be called before anything is looked up, so that the answer tells nothing of who is known. Exact also for requests
   * that race each other. One that is refused for its source costs its destination nothing, and one that is refused for the
   * hour nothing of the day.
   * @throws Refused `requests-throttled`
   */
  async spend(action: OutwardAction, { source, destination }: OutwardRequest): Promise<void> {
    const { address, network } = networksOf(source);
    await this.spendOf(FROM_ONE_CLIENT, `${action}-from-client`, this.digest.of('address', address));
    await this.spendOf(FROM_ONE_NETWORK, `${action}-from-network`, this.digest.of('network', network));
    const pair = this.digest.of('network to destination', `${network} ${destination}`);
    await this.spendOf(FROM_ONE_NETWORK_TO_ONE_DESTINATION, `${action}-from-network-to`, pair);
    await this.spendOf(TO_ONE_DESTINATION, `${action}-to`, this.digest.of('destination', destination));
  }

  private async spendOf(limits: Limits, name: string, key: string): Promise<void> {
    const hourly: Budget = { name: `${name}-hourly`, limit: limits.hourly, windowMs: HOUR_MS };
    const daily: Budget = { name: `${name}-daily`, limit: limits.daily, windowMs: DAY_MS };
    // Where nothing of the day is left, the next hour brings nothing.
    demandLeft([await this.budgets.look(daily, key)], 1, 'requests-throttled');
    for (const budget of [hourly, daily]) demandLeft([await this.budgets.spend(budget, key)], 0, 'requests-throttled');
  }
}
