import { SEALING_HEADS, type SignedHead, sealing } from '#domain/sealing/sealing.js';
import { type EventStore, LOG_START, type Position, type RecordedEvent, hasReached } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import { frontierOf } from '../frontier.js';
import { headNumbered, headsFrom } from '../heads.js';
import { LEAF_BYTES, countOf, leafAt, readLeaf } from '../leaf.js';
import { type LeafStore, TILE } from '../leaf-store.js';
import { consistencyPath } from '../merkle-tree.js';
import { type BundleEnd, type BundleStart, asLine } from './bundle-lines.js';

/** There is nothing to put into a bundle; the message says why. */
export class NothingToBundle extends Error {
  override readonly name = 'NothingToBundle';
}

export interface BundleParts {
  readonly store: EventStore;
  readonly repository: Repository;
  readonly leaves: LeafStore;
}

/**
 * The lines of a bundle of the sealed events from one position to another: events, heads, and the proof that they are part of the
 * signed tree.
 * @throws NothingToBundle
 */
export async function* bundleLines(
  { store, repository, leaves }: BundleParts,
  range: { readonly from: Position | null; readonly to: Position | null },
): AsyncIterable<string> {
  const { state } = await repository.load(sealing, SEALING_HEADS);
  const sealed = state.status === 'none' ? 0 : (state.last?.size ?? 0);
  if (state.status === 'none' || state.last === null || sealed === 0)
    throw new NothingToBundle('Nothing was sealed yet: the service does it while it runs.');
  const first = range.from === null ? 0 : await leaves.countBefore(range.from);
  const behind = range.to === null ? sealed : await leaves.countBefore(next(range.to));
  const end = Math.min(behind, sealed);
  if (first >= end)
    throw new NothingToBundle(`No event there is sealed; the last that is, is at ${state.last.position}.`);

  const announced = state.keys.map(async ({ publicKey, announcedBy }) => ({
    publicKey,
    announcedBy: announcedBy === 0 ? null : ((await headNumbered(store, announcedBy)) ?? null),
  }));
  const before = await frontierOf(first, leaves.subtrees());
  const start: BundleStart = {
    bundle: 'authlog-audit',
    format: 1,
    log: state.log,
    keys: await Promise.all(announced),
    leavesBefore: first,
    before: before.hashes.map((hash) => hash.toString('base64url')),
  };
  yield JSON.stringify(start);

  const counts = { leaves: end - first, events: 0, heads: 0 };
  const after = first === 0 ? LOG_START : (readLeaf(await leaves.leaf(first - 1)).position as Position);
  const events = new EventsInOrder(store, after);
  const heads = headsFrom(store, await numberOfHeadOver(store, state.last.number, first + 1))[Symbol.asyncIterator]();
  let head = await headOf(heads);
  for (let from = first; from < end;) {
    const to = Math.min(end, (Math.floor(from / TILE) + 1) * TILE, head?.head.size ?? end);
    const row = await leaves.leavesOfTile(Math.floor(from / TILE));
    const group = row.subarray((from % TILE) * LEAF_BYTES, ((from % TILE) + to - from) * LEAF_BYTES);
    yield JSON.stringify({ leaves: group.toString('base64url') });
    const last = readLeaf(leafAt(group, countOf(group) - 1)).position as Position;
    for await (const event of events.through(last)) {
      counts.events += 1;
      yield JSON.stringify(asLine(event));
    }
    for (; head !== undefined && head.head.size === to; head = await headOf(heads)) {
      counts.heads += 1;
      yield JSON.stringify(head);
    }
    from = to;
  }
  await events.close();

  const signed = await headNumbered(store, await numberOfHeadOver(store, state.last.number, end));
  if (signed === undefined) throw new NothingToBundle('The head that has sealed these events is not in the log.');
  const path = await consistencyPath(leaves.subtrees(), end, signed.head.size);
  const last: BundleEnd = { end: counts, head: signed, consistency: path.map((hash) => hash.toString('base64url')) };
  yield JSON.stringify(last);
}

const next = (position: Position) => String(BigInt(position) + 1n) as Position;

const headOf = async (heads: AsyncIterator<{ readonly signed: SignedHead }>): Promise<SignedHead | undefined> => {
  const { value, done } = await heads.next();
  return done === true ? undefined : value.signed;
};

/** The number of the first head that has signed so many leaves. */
async function numberOfHeadOver(store: EventStore, last: number, size: number): Promise<number> {
  let [low, high] = [1, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await headNumbered(store, middle);
    if (found !== undefined && found.head.size >= size) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The events of the log, taken up to one place after the other. */
class EventsInOrder {
  private readonly ended = new AbortController();
  private readonly slices: AsyncIterator<{ readonly events: readonly RecordedEvent[]; readonly caughtUp: boolean }>;
  private ready: RecordedEvent[] = [];
  private isOver = false;

  constructor(store: EventStore, after: Position) {
    this.slices = store.subscribeAll({ after, signal: this.ended.signal })[Symbol.asyncIterator]();
  }

  async *through(end: Position): AsyncIterable<RecordedEvent> {
    for (;;) {
      const [event] = this.ready;
      if (event !== undefined && !hasReached(end, event.position)) return;
      if (event !== undefined) {
        this.ready.shift();
        yield event;
      } else if (this.isOver) return;
      else {
        const { value, done } = await this.slices.next();
        if (done === true) return;
        this.ready = [...value.events];
        this.isOver = value.caughtUp;
      }
    }
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.slices.return?.();
  }
}
