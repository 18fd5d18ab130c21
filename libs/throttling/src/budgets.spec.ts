import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Budget, Budgets } from './budgets.js';
import { MemoryBudgetStore } from './memory-budget-store.js';
import { SqliteBudgetStore } from './sqlite-budget-store.js';

const HOUR = 3_600_000;
const budget: Budget = { name: 'guesses', limit: 20, windowMs: HOUR };

const observer = () => {
  const told: string[] = [];
  return { told, failed: () => {}, lost: () => void told.push('lost'), found: () => void told.push('found') };
};
const spendOften = async (budgets: Budgets, count: number, of = budget) => {
  const all = await Promise.all(Array.from({ length: count }, () => budgets.spend(of, 'ada')));
  return all.filter(({ left }) => left >= 0).length;
};

describe('a budget', () => {
  it('stands untouched until something is spent, for each key', async () => {
    const budgets = new Budgets(new MemoryBudgetStore(), observer());
    expect(await budgets.look(budget, 'ada')).toEqual({ left: 20, renewedInMs: 0 });
    expect((await budgets.spend(budget, 'ada')).left).toBe(19);
    expect((await budgets.look(budget, 'ada')).left).toBe(19);
    expect((await budgets.look(budget, 'eve')).left).toBe(20);
    expect((await budgets.look({ ...budget, name: 'letters' }, 'ada')).left).toBe(20);
  });

  it('lets as many through as there are, of any number at the same moment (SEC-23)', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 200 }), async (limit, count) => {
        const budgets = new Budgets(new MemoryBudgetStore(), observer());
        expect(await spendOften(budgets, count, { ...budget, limit })).toBe(Math.min(limit, count));
      }),
    ));
});

describe('budgets whose store fails', () => {
  let folder: string;
  let file: string;
  let store: SqliteBudgetStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'authlog-'));
    file = join(folder, 'throttle.db');
    store = SqliteBudgetStore.open(file);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('are a tenth, for each process by itself, and never none or without end (SEC-28)', async () => {
    await store.close();
    const [one, two] = [new Budgets(store, observer()), new Budgets(store, observer())];
    expect([await spendOften(one, 200), await spendOften(two, 200)]).toEqual([2, 2]);
    expect((await one.look(budget, 'ada')).left).toBeLessThan(0);
    expect(await spendOften(one, 5, { ...budget, name: 'letters', limit: 3 })).toBe(1);
  });

  it('are so, too, while it can be read and not be written (SEC-28)', async () => {
    const other = new Database(file);
    const budgets = new Budgets(store, observer());
    await budgets.spend(budget, 'ada');
    other.exec('BEGIN IMMEDIATE');
    expect(await spendOften(budgets, 4)).toBe(2);
    expect((await budgets.look(budget, 'ada')).left).toBeLessThan(0);
    other.exec('COMMIT');
    other.close();
    expect((await budgets.spend(budget, 'ada')).left).toBe(18);
    expect((await budgets.look(budget, 'ada')).left).toBeLessThan(0);
  });

  it('say so once, and again when it is written as before', async () => {
    const other = new Database(file);
    const watched = observer();
    const budgets = new Budgets(store, watched);
    other.exec('ALTER TABLE budget RENAME TO hidden');
    for (let n = 0; n < 3; n += 1) await budgets.look(budget, 'ada');
    await budgets.spend(budget, 'ada');
    expect(watched.told).toEqual(['lost']);
    other.exec('ALTER TABLE hidden RENAME TO budget');
    other.close();
    await budgets.look(budget, 'ada');
    await budgets.spend(budget, 'ada');
    expect(watched.told).toEqual(['lost', 'found']);
  });
});
