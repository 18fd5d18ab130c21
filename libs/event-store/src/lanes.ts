/** One lane per key: work on the same key takes turns, work on different keys goes side by side. */
export class Lanes {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Starts when all earlier work on the key has ended, well or badly. */
  async inTurn<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.last.get(key);
    const mine = before === undefined ? work() : before.then(work, work);
    this.last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.last.get(key) === mine) this.last.delete(key);
    }
  }
}
