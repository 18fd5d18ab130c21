import type { Log } from '#host/log.js';
import type { Metrics } from '#host/metrics.js';
import type { Stores } from '#host/stores.js';
import { Budgets } from '#throttling/budgets.js';

/** The budgets of this installation; the log and the metrics say when their store fails (SEC-28). */
export const watchedBudgets = ({ budgets }: Stores, metrics: Metrics, log: Log): Budgets =>
  new Budgets(budgets, {
    failed: () => metrics.budgetStoreFailures.inc(),
    lost: (error) =>
      log.error({ error }, 'the counters of guesses cannot be used: this process counts by itself, more strictly'),
    found: () => log.info({}, 'the counters of guesses are used again'),
  });
