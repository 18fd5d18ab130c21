import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignedHead } from '#domain/sealing/sealing.js';
import { EventCodec } from '#event-store/codec.js';
import { systemContext } from '#event-store/envelope.js';
import { type Position, type RecordedEvent, StoreUnavailable } from '#event-store/event-store.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';
import { leavesBetween } from '../leaves-between.js';
import { headsFrom } from '../heads.js';
import { newSealingKey } from '../signed-head.js';
import { LogCopy, eventsIn } from '../testing/log-copy.js';
import { NOW, SealingFixture } from '../testing/sealing-fixture.js';
import { type VerifyParts, verifyLog } from './verify-log.js';

const DAY_MS = 86_400_000;
const at = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index];
  if (item === undefined) throw new RangeError('there is no such item');
  return item;
};
const without = (events: readonly RecordedEvent[], index: number) => events.toSpliced(index, 1);
const placed = (event: RecordedEvent, n: number): RecordedEvent => ({ ...event, position: String(n) as Position });

async function* each<Item>(items: readonly Item[]): AsyncIterable<Item> {
  yield* items;
}

describe('verifying the log (SEC-155)', () => {
  let fixture: SealingFixture;
  let events: RecordedEvent[];
  let heads: SignedHead[];
  beforeAll(async () => {
    fixture = await SealingFixture.open();
    for (const count of [120, 3, 150, 40]) {
      await fixture.append(count);
      if (count === 150) await fixture.sealer.rotateKey();
      await fixture.seal();
    }
    await fixture.append(5);
    await fixture.follow();
    events = await eventsIn(fixture.store);
    heads = [];
    for await (const { signed } of headsFrom(fixture.store, 1)) heads.push(signed);
  });
  afterAll(() => fixture.close());

  const verify = async (log: readonly RecordedEvent[], more: Partial<VerifyParts> = {}) => {
    const store = new LogCopy(log);
    return verifyLog({
      store,
      leaves: fixture.leaves,
      leavesOfLog: (after, through) => leavesBetween(store, after, through),
      outside: null,
      key: null,
      range: { from: null, to: null },
      now: NOW,
      progressed() {},
      ...more,
    });
  };
  /** The last position that a head has signed. */
  const sealedTo = () => Number(heads.at(-1)?.head.position);

  it('finds nothing wrong with what was sealed, also where the key was replaced', async () => {
    const key = (await fixture.sealed.keys())[1]?.publicKey ?? null;
    const verdict = await verify(events, { outside: each(heads), key });
    expect(verdict).toMatchObject({ fault: null, events: events.length, heads: 5, outside: 5, aged: 0 });
    expect(verdict.sealedTo).toBe(String(sealedTo()));
  });

  it('finds any event that was changed, in any part of it, and where', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(events.length - 1), fc.nat(6), async (index, part) => {
        const event = at(events, index);
        const changes: Partial<RecordedEvent>[] = [
          { data: { ...event.data, n: -1 } },
          { metadata: { ...event.metadata, actor: 'somebody else' } },
          { type: 'SomethingElse' },
          { id: randomUUID() },
          { revision: event.revision + 1_000 },
          { stream: `${event.stream}x` },
          { recordedAt: new Date(event.recordedAt.getTime() + 1) },
        ];
        const { fault } = await verify(events.with(index, { ...event, ...changes[part] }));
        expect(fault).toMatchObject({ kind: 'changed', position: event.position });
      }),
      { numRuns: 60 },
    ));

  it('finds any event that was removed, and where; at the end as a log that was cut', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(events.length - 1), async (index) => {
        const { fault } = await verify(without(events, index));
        const kind = index === events.length - 1 ? 'cut' : 'removed';
        expect(fault).toMatchObject({ kind, position: at(events, index).position });
      }),
      { numRuns: 60 },
    ));

  it('finds any event that was removed, also if all behind it have moved up', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(events.length - 3), async (index) => {
        const moved = without(events, index).map((event, n) => placed(event, n + 1));
        const { fault } = await verify(moved);
        expect(fault).toMatchObject({ kind: 'removed', position: at(events, index).position });
      }),
      { numRuns: 30 },
    ));

  it('finds any event that was inserted, and where', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(events.length - 2), async (index) => {
        const added = { ...at(events, index), id: randomUUID(), stream: 'thing-inserted' };
        const moved = events.toSpliced(index, 0, added).map((event, n) => placed(event, n + 1));
        const { fault } = await verify(moved);
        expect(fault).toMatchObject({ kind: 'inserted', position: at(events, index).position });
      }),
      { numRuns: 30 },
    ));

  it('finds any two events that have changed places, and where the first of them stands', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(events.length - 1), fc.nat(events.length - 1), async (one, other) => {
        fc.pre(one !== other);
        const [a, b] = [at(events, one), at(events, other)];
        const swapped = events.with(one, { ...b, position: a.position }).with(other, { ...a, position: b.position });
        const { fault } = await verify(swapped);
        expect(fault).toMatchObject({ kind: 'reordered', position: at(events, Math.min(one, other)).position });
      }),
      { numRuns: 60 },
    ));

  it('finds an event between two positions that were next to each other', async () => {
    const spread = await SealingFixture.open();
    await spread.append(10);
    const apart = (await eventsIn(spread.store)).map((event) => placed(event, 10 * Number(event.position)));
    await spread.follow(spread.leaves, new LogCopy(apart));
    const store = new LogCopy(apart.toSpliced(4, 0, placed({ ...at(apart, 3), id: randomUUID() }, 45)));
    const leavesOfLog: VerifyParts['leavesOfLog'] = (after, through) => leavesBetween(store, after, through);
    const { fault } = await verify([], { store, leaves: spread.leaves, leavesOfLog });
    expect(fault).toMatchObject({ kind: 'inserted', position: '45' });
    await spread.close();
  });

  it('finds a log that was cut, and from the heads that were handed out also if its leaves were, too', async () => {
    const cut = events.slice(0, 200);
    expect((await verify(cut)).fault).toMatchObject({ kind: 'cut', position: '201' });
    const other = await SealingFixture.otherLeaves();
    await fixture.follow(other.leaves, new LogCopy(cut));
    const leaves = other.leaves;
    expect((await verify(cut, { leaves })).fault).toBeNull();
    const { fault } = await verify(cut, { leaves, outside: each(heads) });
    expect(fault).toMatchObject({ kind: 'cut', position: '201' });
    await other.close();
  });

  it('is not changed when somebody is erased, since what is sealed is hashed sealed (SEC-159)', async () => {
    const keys = new MemoryKeys();
    const store = new MemoryEventStore(() => NOW);
    const codec = new EventCodec(keys);
    const named = { type: 'ProfileChanged', data: { userId: 'ada', firstNames: 'Ada', lastName: 'Lovelace' } };
    const context = systemContext(NOW);
    await store.append('user-ada', 'no-stream', [await codec.encode(named, randomUUID(), 'user-ada', context)]);
    const other = await SealingFixture.otherLeaves();
    await fixture.follow(other.leaves, store);
    const leavesOfLog: VerifyParts['leavesOfLog'] = (after, through) => leavesBetween(store, after, through);
    const before = await codec.decode(await eventsIn(store));
    keys.destroy('ada');
    const after = await codec.decode(await eventsIn(store));
    expect(before[0]?.event.data).toMatchObject({ firstNames: 'Ada' });
    expect(after[0]?.event.data).toMatchObject({ firstNames: { erased: true } });
    expect((await verify([], { store, leaves: other.leaves, leavesOfLog })).fault).toBeNull();
    await other.close();
  });

  it('lets events be gone that are kept no longer, and no others (SEC-165)', async () => {
    const recordedAt = new Date(NOW.getTime() - 91 * DAY_MS);
    const old = await SealingFixture.open('SQLite', recordedAt);
    await old.append(20, 'thing');
    await old.append(20, 'attempts');
    await old.append(20, 'thing');
    await old.seal();
    const all = await eventsIn(old.store);
    const look = (log: readonly RecordedEvent[], now = NOW) => {
      const store = new LogCopy(log);
      const leavesOfLog: VerifyParts['leavesOfLog'] = (after, through) => leavesBetween(store, after, through);
      return verify([], { store, leaves: old.leaves, leavesOfLog, now });
    };
    const tidied = all.filter(({ stream }) => !stream.startsWith('attempts'));
    expect(await look(tidied)).toMatchObject({ fault: null, aged: 20 });
    const tooSoon = await look(tidied, new Date(recordedAt.getTime() + 90 * DAY_MS));
    expect(tooSoon.fault).toMatchObject({ kind: 'removed', position: '21' });
    expect((await look(without(tidied, 3))).fault).toMatchObject({ kind: 'removed', position: '4' });
    await old.close();
  });

  it.each([50, 130, 200])(
    'tells leaves that were altered from a log that was, also behind heads (leaf %i)',
    async (n) => {
      const other = await SealingFixture.otherLeaves();
      await fixture.follow(other.leaves, new LogCopy(events.with(n, { ...at(events, n), type: 'SomethingElse' })));
      const { fault } = await verify(events, { leaves: other.leaves });
      expect(fault).toMatchObject({ kind: 'leaves-altered', position: at(events, n).position });
      await other.close();
    },
  );

  it('finds by the heads between which of them an event was changed together with its leaf', async () => {
    const changed = events.with(130, { ...at(events, 130), type: 'SomethingElse' });
    const other = await SealingFixture.otherLeaves();
    await fixture.follow(other.leaves, new LogCopy(changed));
    const { fault } = await verify(changed, { leaves: other.leaves });
    expect(fault?.kind).toBe('changed');
    const before = heads.findLast(({ head }) => Number(head.position) < 131);
    expect(fault?.position).toBe(String(Number(before?.head.position) + 1));
    await other.close();
  });

  const withHead = (number: number, change: (signed: SignedHead) => SignedHead) =>
    events.map((event) => {
      const signed = event.data as unknown as SignedHead;
      return event.type === 'LogSealed' && event.revision === number
        ? { ...event, data: { ...event.data, ...change(signed) } }
        : event;
    });

  it('finds a head that was forged, whatever else was made to fit', async () => {
    const forged = withHead(2, ({ head, signature }) => ({
      head: { ...head, rootHash: head.rootHash.toLowerCase() },
      signature,
    }));
    const other = await SealingFixture.otherLeaves();
    await fixture.follow(other.leaves, new LogCopy(forged));
    const place = forged.find(({ type, revision }) => type === 'LogSealed' && revision === 2);
    const { fault } = await verify(forged, { leaves: other.leaves });
    expect(fault).toMatchObject({ kind: 'bad-signature', position: place?.position });
    await other.close();
  });

  it('finds a log that was written and sealed anew, by heads that were handed out or by the key', async () => {
    const other = await SealingFixture.open();
    await other.append(30);
    await other.seal();
    const theirs = await eventsIn(other.store);
    const store = new LogCopy(theirs);
    const leavesOfLog: VerifyParts['leavesOfLog'] = (after, through) => leavesBetween(store, after, through);
    const parts = { store, leaves: other.leaves, leavesOfLog };
    expect((await verify([], parts)).fault).toBeNull();
    expect((await verify([], { ...parts, outside: each(heads) })).fault?.kind).toBe('another-log');
    const key = (await fixture.sealed.keys())[0]?.publicKey ?? null;
    expect((await verify([], { ...parts, key })).fault?.kind).toBe('unknown-key');
    await other.close();
  });

  it('finds a history that the same key has signed anew, by the heads of the one before', async () => {
    const other = await SealingFixture.otherLeaves();
    const changed = events.slice(0, 125).with(123, { ...at(events, 123), type: 'SomethingElse' });
    const { repository, store } = await fixture.continued(changed);
    await fixture.follow(other.leaves, store);
    const again = fixture.newSealer(NOW, other.leaves, repository);
    expect(await again.seal((await other.leaves.end()).size)).not.toBeNull();
    const leavesOfLog: VerifyParts['leavesOfLog'] = (after, through) => leavesBetween(store, after, through);
    const parts = { store, leaves: other.leaves, leavesOfLog };
    expect((await verify([], parts)).fault).toBeNull();
    const { fault } = await verify([], { ...parts, outside: each(heads) });
    expect(fault?.kind).toBe('heads-differ');
    await other.close();
  });

  it('takes heads that two processes have handed out one after the other', async () => {
    const twice = [...heads.slice(0, 3), ...heads.slice(1, 4), ...heads.slice(2)];
    expect((await verify(events, { outside: each(twice) })).fault).toBeNull();
    const late = at(heads, 1);
    const forged = { head: { ...late.head, rootHash: at(heads, 0).head.rootHash }, signature: late.signature };
    expect((await verify(events, { outside: each([...twice, forged]) })).fault?.kind).toBe('bad-signature');
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['no head', {}],
    ['a head of nothing', { head: {}, signature: '' }],
    ['text', { head: 'head', signature: 7 }],
  ])('says so where %s stands in the place of a head', async (_, data) => {
    const place = events.findIndex(({ type, revision }) => type === 'LogSealed' && revision === 2);
    const altered = events.with(place, { ...at(events, place), data: data as RecordedEvent['data'] });
    const { fault } = await verify(altered, { outside: each(heads) });
    expect(fault).toMatchObject({ kind: 'changed', position: at(events, place).position });
  });

  it('does not believe a key that somebody else has announced, and that has signed nothing', async () => {
    const key = (await fixture.sealed.keys())[0]?.publicKey ?? '';
    const other = await SealingFixture.open();
    await other.append(30);
    await other.seal();
    await other.announce(key);
    const store = new LogCopy(await eventsIn(other.store));
    const leavesOfLog: VerifyParts['leavesOfLog'] = (after, through) => leavesBetween(store, after, through);
    const parts = { store, leaves: other.leaves, leavesOfLog };
    expect((await verify([], parts)).fault).toBeNull();
    expect((await verify([], { ...parts, key })).fault?.kind).toBe('unknown-key');
    await other.close();
  });

  it('finds an event that cannot even be read', async () => {
    const store = new LogCopy(events);
    const leavesOfLog: VerifyParts['leavesOfLog'] = async (after, through) => {
      // A store reads a little further than it has to.
      if (Number(after) < 77 && Number(through) > 60) throw new SyntaxError('Unexpected token');
      return leavesBetween(store, after, through);
    };
    const { fault } = await verify([], { store, leavesOfLog });
    expect(fault).toMatchObject({ kind: 'changed', position: '77' });
    const lost: VerifyParts['leavesOfLog'] = () => Promise.reject(new StoreUnavailable('nobody answers'));
    await expect(verify([], { store, leavesOfLog: lost })).rejects.toThrow('nobody answers');
  });

  it('does not believe a key of somebody else', async () => {
    const { fault } = await verify(events, { key: newSealingKey().publicKey });
    expect(fault).toMatchObject({ kind: 'unknown-key', position: null });
  });

  it('finds a log without its heads, if some were handed out', async () => {
    const headless = events.filter(({ stream }) => stream !== 'sealing-heads');
    expect((await verify(headless)).fault?.kind).toBe('removed');
    const { fault } = await verify([], { outside: each(heads) });
    expect(fault?.kind).toBe('cut');
  });

  it('has nothing to say of a log that was never sealed', async () => {
    const other = await SealingFixture.otherLeaves();
    expect(await verify(events.slice(0, 10), { leaves: other.leaves })).toMatchObject({ fault: null, log: null });
    await other.close();
  });

  it('says so when there are fewer leaves than were signed', async () => {
    const other = await SealingFixture.otherLeaves();
    const { fault } = await verify(events, { leaves: other.leaves });
    expect(fault).toMatchObject({ kind: 'leaves-altered', position: null });
    await other.close();
  });
});
