import { Refused } from '#domain/refused.js';
import type { Balance } from '#throttling/budgets.js';

/**
 * @param least what must be left of each: 1 before something is spent, 0 after it
 * @throws Refused with the wait for the last of them to be renewed: the strictest answers (SEC-22)
 */
export function demandLeft(
  balances: readonly Balance[],
  least: 0 | 1,
  refusal: 'login-throttled' | 'requests-throttled',
): void {
  const waits = balances.filter(({ left }) => left < least).map(({ renewedInMs }) => renewedInMs);
  if (waits.length === 0) return;
  throw new Refused(refusal, undefined, { retryAfterSeconds: Math.max(1, Math.ceil(Math.max(...waits) / 1_000)) });
}
