import type { Budget, Budgets } from '#throttling/budgets.js';
import { demandLeft } from './demand-left.js';
import type { GuessCounter } from './guess-counter.js';

/** A budget of failures, and whose share of it a guess uses. */
export interface Share {
  readonly budget: Budget;
  readonly key: string;
}

/**
 * Counts guesses in budgets of failures. Only failures are counted, when they are known, so right guesses use up nothing
 * however many arrive together (SEC-23, SEC-24). Of wrong ones that race each other no more are answered than may fail:
 * exactly, on whatever processes, since each gets another count. Several processes may look at some more at the same moment,
 * and tell nobody what they saw.
 */
export function budgetCounter(budgets: Budgets, shares: readonly [Share, ...Share[]]): GuessCounter {
  const demandSomeLeft = async () => {
    const balances = await Promise.all(shares.map(({ budget, key }) => budgets.look(budget, key)));
    demandLeft(balances, 1, 'login-throttled');
    return Math.min(...balances.map(({ left }) => left));
  };
  return {
    key: shares[0].key,
    admit: demandSomeLeft,
    failed: async () => demandLeft(await spend(budgets, shares), 0, 'login-throttled'),
    succeeded: async () => void (await demandSomeLeft()),
  };
}

/** How each of them stands after one more failure. */
export const spend = (budgets: Budgets, shares: readonly Share[]) =>
  Promise.all(shares.map(({ budget, key }) => budgets.spend(budget, key)));
