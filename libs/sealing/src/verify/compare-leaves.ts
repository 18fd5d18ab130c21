import { type Leaf, countOf, leafAt, positionIn, readLeaf } from '../leaf.js';
import { isAged } from '../retention-class.js';
import type { LogFaultKind } from './fault.js';

/** Where a stretch of the log is not what its leaves say. */
export interface Difference {
  readonly kind: LogFaultKind;
  readonly position: string;
  /** How many leaves of the stretch are before it. */
  readonly index: number;
  /** The hash of the event that stands there; null if there is none. */
  readonly found: Buffer | null;
}

/** What a stretch of the log was compared to find. */
export interface Comparison {
  readonly first: Difference | null;
  /** The leaves as the log has them, and those of events that may be gone. */
  readonly asInLog: Buffer;
  readonly events: number;
  /** Events that are gone because they were kept long enough. */
  readonly aged: number;
}

/**
 * Compares the leaves that are kept of a stretch of the log with those of the events that stand there now.
 * @param logEnd the position of the last event of the log; null where only a part of it is there
 */
export function compareLeaves(kept: Buffer, found: Buffer, logEnd: bigint | null, now: Date): Comparison {
  if (kept.equals(found)) return { first: null, asInLog: found, events: countOf(found), aged: 0 };
  const asInLog: Buffer[] = [];
  let first: Difference | null = null;
  let aged = 0;
  let [k, f] = [0, 0];
  while (k < countOf(kept) || f < countOf(found)) {
    const ours = k < countOf(kept) ? leafAt(kept, k) : undefined;
    const theirs = f < countOf(found) ? leafAt(found, f) : undefined;
    if (ours !== undefined && (theirs === undefined || positionIn(ours) < positionIn(theirs))) {
      const leaf = readLeaf(ours);
      if (isAged(leaf, now)) {
        aged += 1;
        asInLog.push(ours);
      } else
        first ??= {
          kind: kindOfGap(leaf, found, f, logEnd),
          position: leaf.position,
          index: k,
          found: null,
        };
      k += 1;
      continue;
    }
    if (theirs === undefined) break;
    asInLog.push(theirs);
    const { position, eventHash } = readLeaf(theirs);
    if (ours === undefined || positionIn(theirs) < positionIn(ours))
      first ??= { kind: 'inserted', position, index: k, found: eventHash };
    else {
      if (!ours.equals(theirs))
        first ??= { kind: kindOfChange(kept, k, found, f), position, index: k, found: eventHash };
      k += 1;
    }
    f += 1;
  }
  return { first, asInLog: Buffer.concat(asInLog), events: countOf(found), aged };
}

/** At its position stands no event: it is gone, or comes later than it should. */
function kindOfGap({ eventHash, position }: Leaf, found: Buffer, f: number, logEnd: bigint | null): LogFaultKind {
  for (let later = f; later < countOf(found); later += 1)
    if (readLeaf(leafAt(found, later)).eventHash.equals(eventHash)) return 'reordered';
  return logEnd !== null && BigInt(position) > logEnd ? 'cut' : 'removed';
}

/** At the same position stands another event: by itself, or because what is around it has moved. */
function kindOfChange(kept: Buffer, k: number, found: Buffer, f: number): LogFaultKind {
  const hashAt = (leaves: Buffer, index: number): Leaf['eventHash'] | undefined =>
    index < countOf(leaves) ? readLeaf(leafAt(leaves, index)).eventHash : undefined;
  const [ours, theirs] = [hashAt(kept, k), hashAt(found, f)];
  const [oursNext, theirsNext] = [hashAt(kept, k + 1), hashAt(found, f + 1)];
  if (ours === undefined || theirs === undefined) return 'changed';
  const isMovedUp = oursNext?.equals(theirs) === true;
  const isMovedDown = theirsNext?.equals(ours) === true;
  if (isMovedUp && isMovedDown) return 'reordered';
  if (isMovedUp) return 'removed';
  if (isMovedDown) return 'inserted';
  return 'changed';
}
