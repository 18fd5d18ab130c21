import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { BudgetStore, Spent } from './budget-store.js';

/** Counts for this process alone, and forgets at its end. */
export class MemoryBudgetStore implements BudgetStore {
  // The window comes with each key, and whoever asks knows the limit.
  private readonly limiter = new RateLimiterMemory({ points: 0, duration: 0, keyPrefix: '' });

  async read(key: string): Promise<Spent | null> {
    const found = await this.limiter.get(key);
    // A window that has ended stays until its timer fires.
    return found === null || found.msBeforeNext <= 0
      ? null
      : { points: found.consumedPoints, endsInMs: found.msBeforeNext };
  }

  async add(key: string, windowMs: number): Promise<Spent> {
    const { consumedPoints, msBeforeNext } = await this.limiter.penalty(key, 1, { customDuration: windowMs / 1_000 });
    return { points: consumedPoints, endsInMs: msBeforeNext };
  }

  async close(): Promise<void> {}
}
