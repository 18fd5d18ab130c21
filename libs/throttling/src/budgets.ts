import type { BudgetStore, Spent } from './budget-store.js';
import { MemoryBudgetStore } from './memory-budget-store.js';

/** So much may be spent in a window, which opens with the first that is spent and ends after its time. */
export interface Budget {
  /** Tells what is spent of it from what is spent of others under the same key; never changes. */
  readonly name: string;
  readonly limit: number;
  /** Whole seconds. */
  readonly windowMs: number;
}

/** How a budget stands. */
export interface Balance {
  /** Negative where more was spent than there is. */
  readonly left: number;
  /** Until all of it is there again; 0 while nothing was spent. */
  readonly renewedInMs: number;
}

/** Told how it goes with the store that all processes share. */
export interface BudgetsObserver {
  /** It could not be read or written; told each time. */
  failed(): void;
  /** From now on this process counts for itself, more strictly. */
  lost(error: unknown): void;
  /** It can be written again. */
  found(): void;
}

/** What a process allows by itself, of a limit that all processes share: ten of them allow no more than that. */
const SHARE = 10;
const shareOf = (limit: number) => Math.max(1, Math.floor(limit / SHARE));

const balance = (limit: number, spent: Spent | null): Balance => ({
  left: limit - (spent?.points ?? 0),
  renewedInMs: spent?.endsInMs ?? 0,
});

/**
 * Budgets that all processes share. Where their store fails, each process counts for itself within a tenth of the limit:
 * nothing is ever without one (SEC-28). The library has such an insurance, too, but does not look at what it has counted
 * while the store can be read and not be written, and does not say why it stepped in.
 */
export class Budgets {
  private readonly own = new MemoryBudgetStore();
  private isLost = false;

  constructor(
    private readonly shared: BudgetStore,
    private readonly observer: BudgetsObserver,
  ) {}

  /** How it stands now. */
  async look({ name, limit }: Budget, key: string): Promise<Balance> {
    const place = `${name}:${key}`;
    const spent = await this.ask(() => this.shared.read(place));
    const spentHere = await this.own.read(place);
    const here = balance(shareOf(limit), spentHere);
    if (spent === undefined) return here;
    const together = balance(limit, spent);
    return spentHere !== null && here.left < together.left ? here : together;
  }

  /** Spends one. Exact: of any number at the same moment so many find something left as there was before. */
  async spend({ name, limit, windowMs }: Budget, key: string): Promise<Balance> {
    const place = `${name}:${key}`;
    const spent = await this.ask(() => this.shared.add(place, windowMs));
    if (spent === undefined) return balance(shareOf(limit), await this.own.add(place, windowMs));
    if (this.isLost) this.observer.found();
    this.isLost = false;
    return balance(limit, spent);
  }

  /** Undefined if the store fails. */
  private async ask<Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await question();
    } catch (error) {
      this.observer.failed();
      if (!this.isLost) this.observer.lost(error);
      this.isLost = true;
      return undefined;
    }
  }
}
