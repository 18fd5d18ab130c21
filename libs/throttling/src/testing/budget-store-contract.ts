import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BudgetStore } from '../budget-store.js';

/** What a store under test needs: an empty one, and its removal. */
export interface BudgetStoreFixture {
  readonly store: BudgetStore;
  remove(): Promise<void>;
}

const MINUTE = 60_000;

/** The one suite that every adapter of the budget store passes. */
export function budgetStoreContract(name: string, open: () => Promise<BudgetStoreFixture>): void {
  describe(`${name}: the budget store contract`, () => {
    let fixture: BudgetStoreFixture;
    beforeEach(async () => {
      // The stores have no clock but the machine's: it is the process that says when a window ends.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2030-01-01T00:00:00.000Z') });
      fixture = await open();
    });
    afterEach(async () => {
      vi.useRealTimers();
      await fixture.remove();
    });
    const after = (ms: number) => vi.setSystemTime(Date.now() + ms);

    it('knows nothing of a key under which nothing was spent', async () =>
      expect(await fixture.store.read('ada')).toBeNull());

    it('counts what is spent under each key', async () => {
      const { store } = fixture;
      expect(await store.add('ada', MINUTE)).toEqual({ points: 1, endsInMs: MINUTE });
      expect(await store.add('ada', MINUTE)).toEqual({ points: 2, endsInMs: MINUTE });
      expect(await store.add('eve', MINUTE)).toEqual({ points: 1, endsInMs: MINUTE });
      expect(await store.read('ada')).toEqual({ points: 2, endsInMs: MINUTE });
    });

    it('forgets at the end of the window, which no further spending moves', async () => {
      const { store } = fixture;
      await store.add('ada', MINUTE);
      after(MINUTE - 1);
      expect(await store.add('ada', MINUTE)).toEqual({ points: 2, endsInMs: 1 });
      expect(await store.read('ada')).toEqual({ points: 2, endsInMs: 1 });
      after(1);
      expect(await store.read('ada')).toBeNull();
      expect(await store.add('ada', MINUTE)).toEqual({ points: 1, endsInMs: MINUTE });
    });

    it('gives each of two hundred at the same moment another count (SEC-23)', async () => {
      const all = await Promise.all(Array.from({ length: 200 }, () => fixture.store.add('ada', MINUTE)));
      const counts = all.map(({ points }) => points);
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    });
  });
}
