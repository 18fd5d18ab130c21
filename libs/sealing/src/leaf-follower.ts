import { setTimeout as delay } from 'node:timers/promises';
import { type EventStore, LOG_START, type RecordedEvent, hasReached } from '#event-store/event-store.js';
import { leavesOf, readLeaf } from './leaf.js';
import { type LeafEnd, type LeafStore, LeavesAddedElsewhere } from './leaf-store.js';
import { isAged } from './retention-class.js';

/** What the leaves are of is not what stands in the log; the message says where. */
export class LogDiverges extends Error {
  override readonly name = 'LogDiverges';
}

/** What is read of a long log is written in larger parts. */
const SLICES_TOGETHER = 8;

export interface LeafFollowerParts {
  readonly store: EventStore;
  readonly leaves: LeafStore;
  readonly now: () => Date;
  /** At the end of the log it waits so long, so that what comes one by one is written together. */
  readonly gatherMs: number;
  /** @param isBehind whether there is more in the log already */
  readonly advanced: (end: LeafEnd, isBehind: boolean) => void;
}

/**
 * Makes leaves of the log from where they end, until the signal ends it. Where others do, too, each goes on behind what was added.
 * @throws LogDiverges if the log is not the one that the leaves are of
 */
export async function followLog(parts: LeafFollowerParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted)
    try {
      await followFrom(parts, await parts.leaves.end(), signal);
    } catch (error) {
      if (!(error instanceof LeavesAddedElsewhere)) throw error;
    }
}

async function followFrom(parts: LeafFollowerParts, from: LeafEnd, signal: AbortSignal): Promise<void> {
  const { store, leaves, gatherMs, advanced } = parts;
  await demandSameLog(parts, from);
  let end = from;
  advanced(end, false);
  let gathered: Buffer[] = [];
  for await (const { events, caughtUp } of store.subscribeAll({ after: end.position, signal })) {
    if (events.length > 0) gathered.push(leavesOf(events));
    if (!caughtUp && gathered.length < SLICES_TOGETHER) continue;
    if (gathered.length > 0) {
      end = await leaves.append(end, Buffer.concat(gathered));
      gathered = [];
      advanced(end, !caughtUp);
    }
    if (caughtUp) await delay(gatherMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A log that was restored from a back-up, or exchanged, goes on differently at the same positions. */
async function demandSameLog({ store, leaves, now }: LeafFollowerParts, { size }: LeafEnd): Promise<void> {
  if (size === 0) return;
  const bytes = await leaves.leaf(size - 1);
  const last = readLeaf(bytes);
  const after = size === 1 ? LOG_START : readLeaf(await leaves.leaf(size - 2)).position;
  const event = await eventAfter(store, after);
  if (event?.position === last.position ? leavesOf([event]).equals(bytes) : isAged(last, now())) return;
  throw new LogDiverges(`the log does not have the event at ${last.position} that the leaves have`);
}

async function eventAfter(store: EventStore, position: string): Promise<RecordedEvent | undefined> {
  const after = position as typeof LOG_START;
  if (hasReached(after, await store.head())) return undefined;
  const ended = new AbortController();
  for await (const { events, caughtUp } of store.subscribeAll({ after, signal: ended.signal })) {
    const [first] = events;
    if (first !== undefined || caughtUp) {
      ended.abort();
      return first;
    }
  }
  return undefined;
}
