interface Group {
  present: number;
  underWay: number;
  readonly waiting: (() => void)[];
}

/**
 * Keeps guesses at one account that arrive together from all being looked at: as many go side by side as may fail, the
 * others wait for their turn and are admitted anew, so that right passwords that arrive together all succeed (SEC-23).
 */
export class AdmissionGate {
  private readonly groups = new Map<string, Group>();

  /** @param admit how many may be under way now; throws if none may */
  async whileAdmitted<Result>(key: string, admit: () => Promise<number>, work: () => Promise<Result>): Promise<Result> {
    const group = this.groups.get(key) ?? { present: 0, underWay: 0, waiting: [] };
    this.groups.set(key, group);
    group.present += 1;
    try {
      for (let most = await admit(); group.underWay >= most; most = await admit())
        await new Promise<void>((proceed) => group.waiting.push(proceed));
      group.underWay += 1;
      try {
        return await work();
      } finally {
        group.underWay -= 1;
      }
    } finally {
      group.present -= 1;
      // Who leaves without having worked passes the turn on, too.
      group.waiting.shift()?.();
      if (group.present === 0) this.groups.delete(key);
    }
  }
}
