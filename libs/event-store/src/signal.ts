/** Wakes those who wait for news. */
export class Signal {
  private readonly waiting = new Set<() => void>();

  notify(): void {
    for (const wake of this.waiting) wake();
  }

  /** Resolves at the next `notify`, at once if there already `isNews`, or when the signal aborts. */
  async wait(signal: AbortSignal, isNews: () => boolean): Promise<void> {
    if (signal.aborted || isNews()) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  get hasWaiters(): boolean {
    return this.waiting.size > 0;
  }
}
