import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestDatabase } from '#database/testing/test-database.js';
import { PostgresBudgetStore } from './postgres-budget-store.js';
import { budgetStoreContract } from './testing/budget-store-contract.js';

budgetStoreContract('PostgreSQL', async () => {
  const database = await TestDatabase.create();
  const store = await PostgresBudgetStore.open(database.server);
  const remove = async () => {
    await store.close();
    await database.remove();
  };
  return { store, remove };
});

describe('the schema of the budgets', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await TestDatabase.create();
  });
  afterEach(() => database.remove());
  const HOUR = 3_600_000;
  const open = () => PostgresBudgetStore.open(database.server);

  it('still knows after a restart what was spent', async () => {
    const before = await open();
    for (let n = 0; n < 3; n += 1) await before.add('ada', HOUR);
    await before.close();
    const after = await open();
    expect((await after.add('ada', HOUR)).points).toBe(4);
    await after.close();
  });

  it('counts for several processes together, and gives no two of them the same count (SEC-23)', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, open));
    const adds = stores.flatMap((store) => Array.from({ length: 50 }, () => store.add('ada', HOUR)));
    const counts = (await Promise.all(adds)).map(({ points }) => points);
    expect(new Set(counts).size).toBe(200);
    for (const store of stores) {
      expect((await store.read('ada'))?.points).toBe(200);
      await store.close();
    }
  });

  it('does not keep what has expired', async () => {
    const store = await open();
    await store.add('ada', HOUR);
    await store.close();
    await database.query("INSERT INTO authlog_throttling.budget VALUES ('eve', 7, 1)");
    await (await open()).close();
    expect(await database.query('SELECT key FROM authlog_throttling.budget')).toEqual([{ key: 'ada' }]);
  });
});
