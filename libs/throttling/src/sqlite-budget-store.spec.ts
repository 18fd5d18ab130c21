import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseUnusable } from '#database/database.js';
import { SqliteBudgetStore } from './sqlite-budget-store.js';
import { budgetStoreContract } from './testing/budget-store-contract.js';

budgetStoreContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'authlog-'));
  const store = SqliteBudgetStore.open(join(folder, 'throttle.db'));
  const remove = async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  };
  return { store, remove };
});

describe('the file of the budgets', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'authlog-'));
    file = join(folder, 'throttle.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const HOUR = 3_600_000;

  it('still knows after a restart what was spent', async () => {
    const before = SqliteBudgetStore.open(file);
    for (let n = 0; n < 3; n += 1) await before.add('ada', HOUR);
    await before.close();
    const after = SqliteBudgetStore.open(file);
    expect((await after.add('ada', HOUR)).points).toBe(4);
    await after.close();
  });

  it('counts for several processes together, and gives no two of them the same count (SEC-23)', async () => {
    const stores = Array.from({ length: 4 }, () => SqliteBudgetStore.open(file));
    const adds = stores.flatMap((store) => Array.from({ length: 50 }, () => store.add('ada', HOUR)));
    const counts = (await Promise.all(adds)).map(({ points }) => points);
    expect(new Set(counts).size).toBe(200);
    for (const store of stores) {
      expect((await store.read('ada'))?.points).toBe(200);
      await store.close();
    }
  });

  it('does not keep what has expired', async () => {
    const store = SqliteBudgetStore.open(file);
    await store.add('ada', HOUR);
    await store.close();
    const db = new Database(file);
    const rows = () => db.prepare('SELECT count(*) FROM budget').pluck().get();
    db.exec("INSERT INTO budget VALUES ('eve', 7, 1)");
    expect(rows()).toBe(2);
    await SqliteBudgetStore.open(file).close();
    expect(rows()).toBe(1);
    db.close();
  });

  it('is refused when it is damaged, with what to do about it', () => {
    writeFileSync(file, 'this is no database, but long enough to be taken for one '.repeat(100));
    expect(() => SqliteBudgetStore.open(file)).toThrow(DatabaseUnusable);
    expect(() => SqliteBudgetStore.open(file)).toThrow(`${file} is damaged or no SQLite database: delete it`);
    expect(() => SqliteBudgetStore.open(join(folder, 'no', 'throttle.db'))).toThrow(DatabaseUnusable);
  });
});
