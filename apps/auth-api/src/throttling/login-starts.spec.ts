import { beforeEach, describe, expect, it } from 'vitest';
import { Budgets } from '#throttling/budgets.js';
import { MemoryBudgetStore } from '#throttling/memory-budget-store.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { LoginStarts } from './login-starts.js';

let starts: LoginStarts;
beforeEach(() => {
  const budgets = new Budgets(new MemoryBudgetStore(), { failed() {}, lost() {}, found() {} });
  starts = new LoginStarts(budgets, new IdentifierDigest(Buffer.alloc(32, 7)));
});

/** How many of so many logins may be begun. */
const letThrough = async (count: number, source: (n: number) => string | null) => {
  const all = await Promise.allSettled(Array.from({ length: count }, async (_, n) => starts.spend(source(n))));
  return all.filter(({ status }) => status === 'fulfilled').length;
};

describe('beginning a login elsewhere', () => {
  it('is let to a campus behind one address, and not to whoever fills the log from it (SEC-29)', async () => {
    expect(await letThrough(3_100, () => '192.0.2.7')).toBe(3_000);
    await expect(starts.spend('192.0.2.7')).rejects.toMatchObject({
      code: 'requests-throttled',
      details: { retryAfterSeconds: expect.any(Number) },
    });
    expect(await letThrough(1, () => '198.51.100.7')).toBe(1);
  });

  it('is limited for a network, however many addresses it has', async () => {
    expect(await letThrough(11_000, (n) => `192.0.2.${n % 250}`)).toBe(10_000);
  });

  it('is limited together for all of whom nothing is known', async () => {
    expect(await letThrough(3_100, () => null)).toBe(3_000);
  });
});
