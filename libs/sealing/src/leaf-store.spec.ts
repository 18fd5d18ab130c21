import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { LOG_START, type Position, type RecordedEvent } from '#event-store/event-store.js';
import { Frontier } from './frontier.js';
import { leafAt, leavesOf } from './leaf.js';
import { LeavesAddedElsewhere, TILE } from './leaf-store.js';
import { includes, inclusionPath, leafHash, rangeHash } from './merkle-tree.js';
import { SealingFixture } from './testing/sealing-fixture.js';

/** Positions are further apart than events: other programs write to the same log. */
const GAP = 10;
const someLeaves = (from: number, count: number) =>
  leavesOf(
    Array.from({ length: count }, (_, n): RecordedEvent => {
      const position = String((from + n + 1) * GAP) as Position;
      const place = { stream: `thing-${from + n}`, revision: 0, position, recordedAt: new Date(0) };
      return { id: 'i', type: 'SomethingHappened', data: {}, metadata: {}, ...place };
    }),
  );

describe.each(DATABASES)('leaves in %s', (kind) => {
  let other: Awaited<ReturnType<typeof SealingFixture.otherLeaves>>;
  beforeEach(async () => {
    other = await SealingFixture.otherLeaves(kind);
  });
  afterEach(() => other.close());

  it('make the tree of all of them, however they came, in rows that are full one after the other', async () => {
    const { leaves } = other;
    const frontier = Frontier.empty();
    let end = await leaves.end();
    expect(end).toEqual({ size: 0, position: LOG_START });
    for (const count of [1, 254, 1, 1, 600, 255]) {
      const some = someLeaves(end.size, count);
      for (let n = 0; n < count; n += 1) frontier.add(leafHash(leafAt(some, n)));
      end = await leaves.append(end, some);
      expect(await leaves.end()).toEqual({ size: frontier.size, position: String(frontier.size * GAP) });
      expect(await rangeHash(leaves.subtrees(), 0, end.size)).toEqual(frontier.root());
    }
    const tree = { size: end.size, root: frontier.root() };
    for (const index of [0, TILE - 1, TILE, end.size - 1]) {
      const path = await inclusionPath(leaves.subtrees(), index, end.size);
      expect(includes(tree, { index, hash: leafHash(await leaves.leaf(index)) }, path)).toBe(true);
    }
  });

  it('are found by the position of their event', async () => {
    const { leaves } = other;
    await leaves.append(await leaves.end(), someLeaves(0, TILE + 3));
    const at = (n: number) => String(n) as Position;
    expect(await leaves.indexOf(at(GAP))).toBe(0);
    expect(await leaves.indexOf(at((TILE + 1) * GAP))).toBe(TILE);
    expect(await leaves.indexOf(at(GAP + 1))).toBeNull();
    expect(await leaves.indexOf(at((TILE + 4) * GAP))).toBeNull();
    expect(await leaves.countBefore(at(GAP + 1))).toBe(1);
    expect(await leaves.countBefore(at(99_999))).toBe(TILE + 3);
  });

  it('are added by one at a time: who thinks they end elsewhere adds nothing', async () => {
    const { leaves } = other;
    const start = await leaves.end();
    const end = await leaves.append(start, someLeaves(0, 3));
    await expect(leaves.append(start, someLeaves(0, 5))).rejects.toThrow(LeavesAddedElsewhere);
    expect(await leaves.end()).toEqual(end);
    expect(await rangeHash(leaves.subtrees(), 0, 3)).toBeInstanceOf(Buffer);
    await expect(rangeHash(leaves.subtrees(), 0, 4)).rejects.toThrow(RangeError);
  });

  it('remember what was handed out of them', async () => {
    const { leaves } = other;
    expect(await leaves.deliveredTo('archive')).toBe(0);
    await leaves.markDelivered('archive', 1);
    await leaves.markDelivered('archive', 2);
    expect(await leaves.deliveredTo('archive')).toBe(2);
  });
});
