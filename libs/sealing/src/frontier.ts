import { EMPTY_ROOT, type Hash, nodeHash } from './merkle-tree.js';

/** The right edge of a tree: all that it takes to add leaves and to say what the root is. */
export class Frontier {
  private constructor(
    private count: number,
    /** The hashes of the perfect subtrees of which the tree consists, the largest first. */
    private readonly subtrees: Hash[],
  ) {}

  static empty = () => new Frontier(0, []);

  /** @param subtrees of the perfect subtrees from the left, one for each bit of the size @throws RangeError if there are others */
  static of(size: number, subtrees: readonly Hash[]): Frontier {
    if (subtrees.length !== subtreeLevels(size).length)
      throw new RangeError('The subtrees are not those of a tree of this size.');
    return new Frontier(size, [...subtrees]);
  }

  get size(): number {
    return this.count;
  }

  /** From the left; see `subtreeLevels`. */
  get hashes(): readonly Hash[] {
    return this.subtrees;
  }

  /** @param leaf its leaf hash */
  add(leaf: Hash): void {
    let hash = leaf;
    for (let rest = this.count; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.subtrees.pop();
      if (left === undefined) throw new RangeError('A subtree is missing.');
      hash = nodeHash(left, hash);
    }
    this.subtrees.push(hash);
    this.count += 1;
  }

  copy = () => new Frontier(this.count, [...this.subtrees]);

  root(): Hash {
    const [last, ...others] = this.subtrees.toReversed();
    return last === undefined ? EMPTY_ROOT : others.reduce((right, left) => nodeHash(left, right), last);
  }
}

/** How large the perfect subtrees are, from the left, of which a tree consists: 2^level leaves each. */
export function subtreeLevels(size: number): number[] {
  const levels: number[] = [];
  for (let [level, rest] = [0, size]; rest > 0; [level, rest] = [level + 1, Math.floor(rest / 2)])
    if (rest % 2 === 1) levels.unshift(level);
  return levels;
}

/** The hashes of those subtrees, of a tree that is there. */
export async function frontierOf(
  size: number,
  subtree: (level: number, index: number) => Promise<Hash>,
): Promise<Frontier> {
  const hashes: Hash[] = [];
  let from = 0;
  for (const level of subtreeLevels(size)) {
    hashes.push(await subtree(level, from / 2 ** level));
    from += 2 ** level;
  }
  return Frontier.of(size, hashes);
}
