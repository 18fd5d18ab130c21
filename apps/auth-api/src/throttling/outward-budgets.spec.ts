import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refused } from '#domain/refused.js';
import { Budgets } from '#throttling/budgets.js';
import { SqliteBudgetStore } from '#throttling/sqlite-budget-store.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { type OutwardAction, OutwardBudgets } from './outward-budgets.js';

const HOUR = 3_600_000;
const HERE = '192.0.2.7';
const ADA = 'ada@example.org';

let folder: string;
let store: SqliteBudgetStore;
let outward: OutwardBudgets;
const open = () => {
  store = SqliteBudgetStore.open(join(folder, 'throttle.db'));
  const budgets = new Budgets(store, { failed() {}, lost() {}, found() {} });
  outward = new OutwardBudgets(budgets, new IdentifierDigest(Buffer.alloc(32, 7)));
};
beforeEach(() => {
  // The store has no clock but the machine's.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2030-01-01T00:00:00.000Z') });
  folder = mkdtempSync(join(tmpdir(), 'authlog-'));
  open();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
  vi.useRealTimers();
});
const after = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** How long to wait, in seconds; 0 if the request is let through. */
const ask = async (source: string | null, destination: string, action: OutwardAction = 'password-reset') => {
  try {
    await outward.spend(action, { source, destination });
    return 0;
  } catch (error) {
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ code: 'requests-throttled' });
    return error instanceof Refused ? error.details.retryAfterSeconds : undefined;
  }
};
const letThrough = async (count: number, request: (n: number) => Parameters<typeof ask>) => {
  const waits = await Promise.all(Array.from({ length: count }, (_, n) => ask(...request(n))));
  return waits.filter((wait) => wait === 0).length;
};

describe('asking for what reaches out', () => {
  it('reaches nobody more than five times an hour and ten times a day, from wherever it is asked (SEC-29)', async () => {
    const fromAnywhere = (n: number): [string, string] => [`198.51.${n}.1`, ADA];
    expect(await letThrough(50, fromAnywhere)).toBe(5);
    expect(await ask(HERE, 'ADA@Example.org')).toBe(3_600);
    expect(await ask(HERE, 'eve@example.org')).toBe(0);
    after(HOUR);
    expect(await letThrough(50, fromAnywhere)).toBe(5);
    after(HOUR);
    expect(await letThrough(50, fromAnywhere)).toBe(0);
    expect(await ask(HERE, ADA)).toBe(22 * 3_600);
    after(22 * HOUR);
    expect(await ask(HERE, ADA)).toBe(0);
  });

  it('comes from one client fifty times an hour and two hundred times a day at most (SEC-29)', async () => {
    const toAnybody = (n: number): [string, string] => [HERE, `user-${Date.now()}-${n}@example.org`];
    for (let hour = 0; hour < 4; hour += 1) {
      expect(await letThrough(80, toAnybody)).toBe(50);
      after(HOUR);
    }
    expect(await letThrough(80, toAnybody)).toBe(0);
    expect(await ask('192.0.2.8', ADA)).toBe(0);
  });

  it('comes from one network five hundred times an hour at most (SEC-29)', async () => {
    const fromNetwork = (n: number): [string, string] => [`2001:db8:0:${n}::1`, `user-${n}@example.org`];
    expect(await letThrough(520, fromNetwork)).toBe(500);
    expect(await ask('2001:db8:1::1', ADA)).toBe(0);
  });

  it('costs a destination nothing where the source is refused', async () => {
    await letThrough(50, (n) => [HERE, `user-${n}@example.org`]);
    expect(await letThrough(10, () => [HERE, ADA])).toBe(0);
    expect(await letThrough(10, () => ['203.0.113.9', ADA])).toBe(3);
  });

  it('leaves something for others where one network asks for a destination again and again (SEC-21)', async () => {
    expect(await letThrough(50, (n) => [`192.0.2.${n}`, ADA])).toBe(3);
    expect(await ask('203.0.113.9', ADA)).toBe(0);
    after(HOUR);
    expect(await letThrough(50, () => [HERE, ADA])).toBe(2);
    after(HOUR);
    expect(await ask(HERE, ADA)).toBe(22 * 3_600);
    expect(await letThrough(50, () => ['203.0.113.9', ADA])).toBe(3);
  });

  it('is counted for each action, for all whose address is not known together, and over a restart', async () => {
    expect(await letThrough(6, () => [HERE, ADA])).toBe(3);
    expect(await letThrough(6, () => [HERE, ADA, 'email-change'])).toBe(3);
    expect(await letThrough(60, (n) => [null, `user-${n}@example.org`])).toBe(50);
    await store.close();
    open();
    expect(await ask(HERE, ADA)).toBe(3_600);
    expect(await ask(null, 'eve@example.org')).toBe(3_600);
  });

  it('goes on within a tenth while the counters cannot be used (SEC-28)', async () => {
    await store.close();
    expect(await letThrough(10, () => [HERE, ADA])).toBe(1);
    expect(await letThrough(10, (n) => ['203.0.113.9', `user-${n}@example.org`])).toBe(5);
  });
});
