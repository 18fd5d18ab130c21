import { createPublicKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import type { Refused } from '#domain/refused.js';
import type { Position } from '#event-store/event-store.js';
import { canonicalJson } from './canonical-json.js';
import { HeadChain } from './head-chain.js';
import { headsFrom } from './heads.js';
import { LogDiverges } from './leaf-follower.js';
import { includes, isConsistent, leafHash } from './merkle-tree.js';
import { LeavesDiffer, SealingKeyMissing } from './sealer.js';
import { headHash } from './signed-head.js';
import { LogCopy, eventsIn } from './testing/log-copy.js';
import { NOW, SealingFixture } from './testing/sealing-fixture.js';

const bytes = (text: string) => Buffer.from(text, 'base64url');

describe.each(DATABASES)('sealing the log, with its leaves in %s,', (kind) => {
  let fixture: SealingFixture;
  beforeEach(async () => {
    fixture = await SealingFixture.open(kind);
  });
  afterEach(() => fixture.close());

  const heads = async () => {
    const all = [];
    for await (const { signed } of headsFrom(fixture.store, 1)) all.push(signed);
    return all;
  };

  it('signs heads that follow each other, which anybody can verify with the public key (SEC-155)', async () => {
    await fixture.append(5);
    const first = await fixture.seal();
    await fixture.append(5);
    const second = await fixture.seal();
    expect(first?.head).toMatchObject({ number: 1, size: 5, position: '5', previousHead: null, at: NOW.toISOString() });
    expect(second?.head).toMatchObject({ number: 2, size: 12, previousHead: first && headHash(first.head) });
    const [key] = await fixture.sealed.keys();
    const [head] = await heads();
    if (key === undefined || head === undefined) throw new Error('there is a head and its key');
    const message = Buffer.from(canonicalJson(head.head));
    expect(verify(null, message, createPublicKey(key.pem), bytes(head.signature))).toBe(true);
    expect(await fixture.sealed.latestHead()).toEqual(second);
    expect(await fixture.sealed.heads(1, 10)).toEqual([second]);
  });

  it('is due when there is more than the event of the last head, so that heads make no heads', async () => {
    expect(await fixture.sealer.isDue(0)).toBe(false);
    await fixture.append(1);
    await fixture.seal();
    expect(await fixture.sealer.isDue(await fixture.follow())).toBe(false);
    await fixture.append(1);
    expect(await fixture.sealer.isDue(await fixture.follow())).toBe(true);
  });

  it('is done by one of two at once, and the other goes on from its head', async () => {
    await fixture.append(3);
    const size = await fixture.follow();
    const other = fixture.newSealer();
    const signed = await Promise.all([fixture.sealer.seal(size), other.seal(size)]);
    expect(signed.filter((head) => head !== null)).toHaveLength(1);
    await fixture.append(3);
    expect((await other.seal(await fixture.follow()))?.head.number).toBe(2);
    expect(fixture.keys.secrets.size).toBe(1);
  });

  it('goes on under a key that the one before has announced', async () => {
    await fixture.append(3);
    await fixture.seal();
    const keyId = await fixture.sealer.rotateKey();
    await fixture.append(3);
    const after = await fixture.seal();
    expect(after?.head).toMatchObject({ number: 3, keyId });
    const keys = await fixture.sealed.keys();
    expect(keys.map(({ firstHead }) => firstHead)).toEqual([1, 3]);
    const chain = new HeadChain(keys[0]?.publicKey ?? '');
    for (const head of await heads()) expect(chain.follow(head)).toBeNull();
  });

  it('may begin with another key before anything is signed', async () => {
    expect(await fixture.sealer.rotateKey()).not.toBeNull();
    await fixture.append(3);
    expect((await fixture.seal())?.head.number).toBe(2);
  });

  it('is never older than the head before, whatever the clock says', async () => {
    await fixture.append(3);
    await fixture.seal();
    await fixture.append(3);
    const slow = fixture.newSealer(new Date(NOW.getTime() - 1_000));
    expect((await slow.seal(await fixture.follow()))?.head.at).toBe(NOW.toISOString());
  });

  it('waits for a key that is missing in the vault', async () => {
    await fixture.append(3);
    await fixture.seal();
    fixture.keys.secrets.clear();
    await fixture.append(3);
    await expect(fixture.seal()).rejects.toThrow(SealingKeyMissing);
  });

  it('goes on with leaves that were lost and made again from the log', async () => {
    await fixture.append(300);
    await fixture.seal();
    const other = await SealingFixture.otherLeaves(kind);
    const sealer = fixture.newSealer(NOW, other.leaves);
    await fixture.append(3);
    const size = await fixture.follow(other.leaves);
    expect((await sealer.seal(size))?.head.number).toBe(2);
    await other.close();
  });

  it('signs nothing with leaves of which the last head is not', async () => {
    await fixture.append(3);
    await fixture.seal();
    await fixture.append(3);
    const size = await fixture.follow();
    const nothing = kind === 'SQLite' ? 'zeroblob(length(leaves))' : "decode(repeat('00', length(leaves)), 'hex')";
    await fixture.query(`UPDATE leaf_tile SET leaves = ${nothing}`);
    await expect(fixture.newSealer().seal(size)).rejects.toThrow(LeavesDiffer);
  });

  it('does not go on with a log that is another one, or has lost its end', async () => {
    await fixture.append(3);
    await fixture.seal();
    await fixture.follow();
    const events = await eventsIn(fixture.store);
    await expect(fixture.follow(fixture.leaves, new LogCopy(events.slice(0, -1)))).rejects.toThrow(LogDiverges);
    const changed = events.map((event, n) => (n === events.length - 1 ? { ...event, type: 'Another' } : event));
    await expect(fixture.follow(fixture.leaves, new LogCopy(changed))).rejects.toThrow(LogDiverges);
    expect(await fixture.follow(fixture.leaves, new LogCopy(events))).toBe(events.length);
  });

  it('gives proofs that an event is in the tree, and that the tree has only grown', async () => {
    await fixture.append(300);
    const first = await fixture.seal();
    await fixture.append(300);
    const second = await fixture.seal();
    if (first === null || second === null) throw new Error('both were signed');
    const { index, leaf, path, size } = await fixture.sealed.inclusion('7' as Position);
    const root = bytes(second.head.rootHash);
    expect(includes({ size, root }, { index, hash: leafHash(bytes(leaf)) }, path.map(bytes))).toBe(true);
    const before = { size: first.head.size, root: bytes(first.head.rootHash) };
    const grown = await fixture.sealed.consistency(before.size);
    expect(isConsistent(before, { size: grown.second, root }, grown.path.map(bytes))).toBe(true);
  });

  it.each<[string, (fixture: SealingFixture) => Promise<unknown>, Refused['code']]>([
    ['of a position that is not sealed', ({ sealed }) => sealed.inclusion('99' as Position), 'position-not-sealed'],
    ['in a tree that is not signed', ({ sealed }) => sealed.inclusion('1' as Position, 99), 'tree-size-unknown'],
    ['from no tree at all', ({ sealed }) => sealed.consistency(0), 'tree-size-unknown'],
    ['from a larger tree', ({ sealed }) => sealed.consistency(4, 3), 'tree-size-unknown'],
  ])('gives no proof %s', async (_, ask, code) => {
    await expect(ask(fixture)).rejects.toMatchObject({ code: 'nothing-sealed' });
    await fixture.append(3);
    await fixture.seal();
    await expect(ask(fixture)).rejects.toMatchObject({ code });
  });
});
