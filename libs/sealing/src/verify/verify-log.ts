import type { SealingPublicKey, SignedHead } from '#domain/sealing/sealing.js';
import { type EventStore, LOG_START, type Position, asPosition } from '#event-store/event-store.js';
import { HeadChain } from '../head-chain.js';
import { firstKeyIn, headsFrom, lastHeadNumber } from '../heads.js';
import { countOf, firstLeaves, leafAt, positionIn } from '../leaf.js';
import { type LeafStore, TILE } from '../leaf-store.js';
import { keyIdOf } from '../signed-head.js';
import { type Comparison, compareLeaves } from './compare-leaves.js';
import { type Fault, firstOf } from './fault.js';
import { HeadsInLog } from './heads-in-log.js';
import { compareOutside } from './heads-outside.js';
import { SignedStretches } from './signed-stretches.js';
import { unreadableIn } from './unreadable.js';

export interface VerifyParts {
  readonly store: EventStore;
  readonly leaves: LeafStore;
  /** The leaves of the events that stand in the log behind a position, up to another one. */
  readonly leavesOfLog: (after: Position, through: Position) => Promise<Buffer>;
  /** Heads that were handed out, oldest first; null if there are none. */
  readonly outside: AsyncIterable<SignedHead> | null;
  /** The key that must have signed a head; null to believe the log. */
  readonly key: SealingPublicKey | null;
  /** What of the log is read; the heads and the leaves always are, all of them. */
  readonly range: { readonly from: Position | null; readonly to: Position | null };
  readonly now: Date;
  readonly progressed: (done: number, whole: number) => void;
}

export interface Verdict {
  /** Null: nothing is wrong with what was looked at. */
  readonly fault: Fault | null;
  /** The id of the log's first key; null if nothing was sealed yet. */
  readonly log: string | null;
  readonly events: number;
  /** Events that are kept no longer, and are gone. */
  readonly aged: number;
  readonly heads: number;
  readonly outside: number;
  /** Up to which position a head has signed, and where the log ends. */
  readonly sealedTo: string;
  readonly logEnd: string;
}

/** So many rows of leaves are compared at a time, */
const ROWS = 32;
/** and so many stretches of the log are read ahead. */
const AHEAD = 4;

/** Verifies the log against its leaves, its signed heads, and what was handed out of them. */
export async function verifyLog(parts: VerifyParts): Promise<Verdict> {
  const { store, leaves, outside, key, now } = parts;
  // The service goes on meanwhile: heads are looked at up to this one, then the leaves there are, which are at least those sealed by
  // them, and then the end of the log, which is behind all of those.
  const { lastHead, firstKey, brokenHeads } = await headsOf(store);
  const { size } = await leaves.end();
  const logEnd = await store.head();
  const chain = firstKey === undefined ? null : new HeadChain(firstKey);
  const heads = await HeadsInLog.from(headsFrom(store, 1, lastHead), chain);
  const stretches = new SignedStretches();
  let [events, aged] = [0, 0];
  let unreadable: Fault | null = null;
  for await (const { kept, found: reading } of stretchesOf(parts, size)) {
    const found = await reading.catch(async (reason: unknown) => {
      unreadable ??= await unreadableIn(kept, parts.leavesOfLog, reason);
      return kept;
    });
    const compared = compareLeaves(kept, found, BigInt(logEnd), now);
    await stretches.add(kept, stretches.fault === null ? await named(compared, leaves) : compared, heads);
    events += compared.events;
    aged += compared.aged;
  }
  const sealed = heads.next?.size ?? 0;
  const beyond = sealed > size ? missingLeaves(sealed, size) : null;
  const fromOutside =
    outside === null || brokenHeads !== null
      ? { fault: null, count: 0 }
      : await compareOutside(outside, store, chain, logEnd);
  const ofKey = key !== null && chain?.hasSigned(key) !== true ? wrongKey(key) : null;
  const verdict = { log: chain?.log ?? null, events, aged, heads: heads.count, outside: fromOutside.count };
  return {
    ...verdict,
    fault: ofKey ?? firstOf([unreadable, stretches.fault, heads.fault, beyond, brokenHeads]) ?? fromOutside.fault,
    sealedTo: chain?.latest?.head.position ?? LOG_START,
    logEnd,
  };
}

/** Where the heads of the log end, and its first key; nothing of it if one of them is not even JSON any more. */
async function headsOf(store: EventStore) {
  try {
    return { lastHead: await lastHeadNumber(store), firstKey: await firstKeyIn(store), brokenHeads: null };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const brokenHeads: Fault = { kind: 'changed', position: null, message: 'A head in the log cannot be read.' };
    return { lastHead: 0, firstKey: undefined, brokenHeads };
  }
}

/** The leaves that are kept, in stretches, and the leaves of the events that stand there, read ahead. */
async function* stretchesOf({ leaves, leavesOfLog, range, progressed }: VerifyParts, size: number) {
  const pending: { readonly kept: Buffer; readonly found: Promise<Buffer> }[] = [];
  let [after, done] = [LOG_START, 0];
  for (let row = 0; ; row += ROWS) {
    const kept = firstLeaves(await leaves.leavesOfTiles(row, row + ROWS), size - row * TILE);
    if (kept.length > 0) {
      const through = asPosition(String(positionIn(leafAt(kept, countOf(kept) - 1))));
      const found = overlaps(range, after, through) ? leavesOfLog(after, through) : Promise.resolve(kept);
      // Whoever waits for it hears of a failure; until then nobody does.
      found.catch(() => undefined);
      pending.push({ kept, found });
      after = through;
    }
    if (kept.length > 0 && pending.length < AHEAD) continue;
    const next = pending.shift();
    if (next === undefined) return;
    yield next;
    done += countOf(next.kept);
    progressed(done, size);
  }
}

function overlaps({ from, to }: VerifyParts['range'], after: Position, through: Position): boolean {
  const isBefore = from !== null && BigInt(through) < BigInt(from);
  return !isBefore && (to === null || BigInt(after) < BigInt(to));
}

/** Whether what stands there was sealed at another place. */
async function named(comparison: Comparison, leaves: LeafStore): Promise<Comparison> {
  const { first } = comparison;
  if (first?.kind !== 'changed' || first.found === null) return comparison;
  const elsewhere = await leaves.positionOf(first.found);
  return elsewhere === null ? comparison : { ...comparison, first: { ...first, kind: 'reordered' } };
}

const missingLeaves = (sealed: number, there: number): Fault => ({
  kind: 'leaves-altered',
  position: null,
  message: `A head has sealed ${sealed} events, but there are leaves of ${there}: start the service, which makes them again from the log.`,
});

const wrongKey = (key: SealingPublicKey): Fault => ({
  kind: 'unknown-key',
  position: null,
  message: `The key ${keyIdOf(key)} has sealed nothing of this log.`,
});
