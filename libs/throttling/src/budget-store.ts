/** What was spent under a key in the window that is open. */
export interface Spent {
  readonly points: number;
  readonly endsInMs: number;
}

/** Counts what is spent under keys; a port, so that processes on several machines can count together, too. */
export interface BudgetStore {
  /** Null while no window is open. */
  read(key: string): Promise<Spent | null>;

  /**
   * Spends one more, and opens a window if none is open; its length is that of the first who spends.
   * @returns what was spent with it: of any number at the same moment, on whatever processes, each gets another count
   */
  add(key: string, windowMs: number): Promise<Spent>;

  close(): Promise<void>;
}
