import { Injectable } from '@nestjs/common';
import { type Budget, Budgets } from '#throttling/budgets.js';
import { networksOf } from '#throttling/client-address.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { demandLeft } from './demand-left.js';

const WINDOW_MS = 600_000;
/** A whole campus may log in from one address when a lecture begins, */
const FROM_ONE_CLIENT: Budget = { name: 'login-start-from-client', limit: 3_000, windowMs: WINDOW_MS };
/** and several from one network. */
const FROM_ONE_NETWORK: Budget = { name: 'login-start-from-network', limit: 10_000, windowMs: WINDOW_MS };

/** How many logins may be begun elsewhere, by where people are: each of them is an event, and nobody has shown anything yet (SEC-29). */
@Injectable()
export class LoginStarts {
  constructor(
    private readonly budgets: Budgets,
    private readonly digest: IdentifierDigest,
  ) {}

  /** @param source the canonical address; null for not known: all of those are one. @throws Refused `requests-throttled` */
  async spend(source: string | null): Promise<void> {
    const { address, network } = networksOf(source);
    const balances = [
      await this.budgets.spend(FROM_ONE_CLIENT, this.digest.of('address', address)),
      await this.budgets.spend(FROM_ONE_NETWORK, this.digest.of('network', network)),
    ];
    demandLeft(balances, 0, 'requests-throttled');
  }
}
