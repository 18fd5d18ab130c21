import type { Head } from '#domain/sealing/sealing.js';
import { Frontier } from '../frontier.js';
import { LEAF_BYTES, countOf, leafAt, positionIn } from '../leaf.js';
import { type Hash, leafHash } from '../merkle-tree.js';
import type { Comparison, Difference } from './compare-leaves.js';
import type { Fault } from './fault.js';

const EXPLAINED: Readonly<Record<Difference['kind'], string>> = {
  changed: 'is not the event that was sealed there',
  removed: 'is gone, although it is to be kept',
  inserted: 'was not there when what surrounds it was sealed',
  reordered: 'was sealed at another place',
  cut: 'and all behind it are gone: the log ends before',
};

/** The heads of the log in their order. */
interface Heads {
  /** Undefined behind the last one that can be believed. */
  readonly next: Head | undefined;
  advance(): Promise<void>;
}

/**
 * Builds the tree anew, leaf by leaf, and compares it with every head. Heads decide: where the log and the leaves do not agree, the
 * one that makes the signed tree is right.
 */
export class SignedStretches {
  /** The first, once the tree has come to it. */
  private difference: Difference | null = null;
  /** The tree as it was before the first difference, and what the log has from there on, until a head has decided. */
  private disputed: { readonly tree: Frontier; readonly asInLog: Buffer[] } | null = null;
  private decided: Fault | null = null;
  private first: bigint | null = null;
  /** The position up to which heads have signed what there is. */
  private signedTo: bigint | null = null;

  /** @param tree of all that is before the first leaf */
  constructor(private readonly tree: Frontier = Frontier.empty()) {}

  get root(): Hash {
    return this.tree.root();
  }

  get size(): number {
    return this.tree.size;
  }

  /** What is wrong so far; for good once a head has decided. */
  get fault(): Fault | null {
    return this.decided ?? (this.difference === null ? null : asFault(this.difference));
  }

  /**
   * Goes on by leaves that were compared with the log.
   * @param heads the next one of which seals at least so many leaves
   */
  async add(kept: Buffer, comparison: Comparison, heads: Heads): Promise<void> {
    while (heads.next?.size === this.size) await this.meet(heads);
    const { first, asInLog } = comparison;
    this.disputed?.asInLog.push(asInLog);
    for (let n = 0; n < countOf(kept); n += 1) {
      if (first?.index === n) this.dispute(first, asInLog);
      const leaf = leafAt(kept, n);
      this.first ??= positionIn(leaf);
      this.tree.add(leafHash(leaf));
      while (heads.next?.size === this.size) await this.meet(heads);
    }
    if (first !== null && first.index >= countOf(kept)) this.dispute(first, asInLog);
  }

  /** Up to the difference the log has the same leaves. */
  private dispute(difference: Difference, asInLog: Buffer): void {
    if (this.difference !== null) return;
    this.difference = difference;
    this.disputed = { tree: this.tree.copy(), asInLog: [asInLog.subarray(difference.index * LEAF_BYTES)] };
  }

  private async meet(heads: Heads): Promise<void> {
    const head = heads.next;
    if (head === undefined) return;
    this.settle(head, this.root.toString('base64url') === head.rootHash);
    await heads.advance();
  }

  /** Hears whether a head has signed the leaves that there are. */
  settle(head: Head, isKept: boolean): void {
    if (this.decided === null && !isKept) this.decided = this.decide(head);
    // The leaves are those that were signed, so it is the log that is not.
    if (this.decided === null && this.difference !== null) this.decided = asFault(this.difference);
    if (this.decided !== null) this.disputed = null;
    else this.signedTo = BigInt(head.position);
  }

  private decide(head: Head): Fault {
    const { difference } = this;
    if (difference !== null && this.isLogSigned(head))
      return {
        kind: 'leaves-altered',
        position: difference.position,
        message: `The leaf of the event at ${difference.position} was altered; the log itself is as head ${head.number} has signed it.`,
      };
    if (difference !== null) return asFault(difference);
    const from = String(this.signedTo === null ? (this.first ?? head.position) : this.signedTo + 1n);
    return {
      kind: 'changed',
      position: from,
      message: `From ${from} to ${head.position} an event and its leaf are not what head ${head.number} has signed.`,
    };
  }

  /** Whether the events that stand in the log make the tree that was signed. */
  private isLogSigned({ size, rootHash }: Head): boolean {
    if (this.disputed === null) return false;
    const { tree, asInLog } = this.disputed;
    for (const leaves of asInLog)
      for (let n = 0; n < countOf(leaves) && tree.size < size; n += 1) tree.add(leafHash(leafAt(leaves, n)));
    return tree.size === size && tree.root().toString('base64url') === rootHash;
  }
}

const asFault = ({ kind, position }: Difference): Fault => ({
  kind,
  position,
  message: `The event at ${position} ${EXPLAINED[kind]}.`,
});
