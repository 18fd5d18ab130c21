import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frontier, frontierOf } from './frontier.js';
import {
  EMPTY_ROOT,
  type Hash,
  type Subtrees,
  consistencyPath,
  includes,
  inclusionPath,
  isConsistent,
  leafHash,
  nodeHash,
  rangeHash,
} from './merkle-tree.js';

/** The definition of RFC 9162 §2.1.1, as it is written. */
function mth(leaves: readonly Hash[]): Hash {
  const [first] = leaves;
  if (first === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return first;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const hex = (text: string) => Buffer.from(text, 'hex');
const subtreesOf =
  (leaves: readonly Hash[]): Subtrees =>
  async (level, index) =>
    mth(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
const someLeaves = (count: number) => Array.from({ length: count }, (_, n) => leafHash(Buffer.from(`entry ${n}`)));

/** Of the implementations of RFC 6962, which hash the same: google/certificate-transparency, transparency-dev/merkle. */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const KNOWN = ENTRIES.map((entry) => leafHash(hex(entry)));

describe('the Merkle tree (RFC 9162 §2.1)', () => {
  it('has the roots that others have of the same leaves', () => {
    const frontier = Frontier.empty();
    expect(frontier.root().toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const [index, leaf] of KNOWN.entries()) {
      frontier.add(leaf);
      expect(frontier.root().toString('hex')).toBe(ROOTS[index]);
    }
  });

  it('gives the paths that others give', async () => {
    const inclusion = await inclusionPath(subtreesOf(KNOWN), 0, 8);
    expect(inclusion.map((one) => one.toString('hex'))).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    const consistency = await consistencyPath(subtreesOf(KNOWN), 6, 8);
    expect(consistency.map((one) => one.toString('hex'))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
  });

  it('is what the definition says, grown leaf by leaf or put together from its parts', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(70), async (size) => {
        const leaves = someLeaves(size);
        const frontier = Frontier.empty();
        for (const leaf of leaves) frontier.add(leaf);
        expect(frontier.root()).toEqual(mth(leaves));
        expect(await rangeHash(subtreesOf(leaves), 0, size)).toEqual(mth(leaves));
        expect((await frontierOf(size, subtreesOf(leaves))).hashes).toEqual(frontier.hashes);
      }),
    ));

  it('shows every leaf to be in it, and nowhere else, and no other leaf', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 70 }), fc.nat(69), fc.nat(69), async (size, some, other) => {
        const index = some % size;
        const leaves = someLeaves(size);
        const path = await inclusionPath(subtreesOf(leaves), index, size);
        const tree = { size, root: mth(leaves) };
        const leaf = { index, hash: leaves[index] ?? EMPTY_ROOT };
        expect(includes(tree, leaf, path)).toBe(true);
        expect(includes(tree, { ...leaf, hash: leafHash(Buffer.from('another')) }, path)).toBe(false);
        if (other !== index) expect(includes(tree, { ...leaf, index: other }, path)).toBe(false);
        expect(includes(tree, leaf, [...path, EMPTY_ROOT])).toBe(false);
        if (path.length > 0) expect(includes(tree, leaf, path.slice(1))).toBe(false);
      }),
    ));

  it('shows of every size that it has only grown since, and of another tree that it is another', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), async (one, another) => {
        const [first, second] = [Math.min(one, another), Math.max(one, another)];
        const leaves = someLeaves(second);
        const path = await consistencyPath(subtreesOf(leaves), first, second);
        const [before, after] = [first, second].map((size) => ({ size, root: mth(leaves.slice(0, size)) }));
        if (before === undefined || after === undefined) throw new Error('there are two');
        expect(isConsistent(before, after, path)).toBe(true);
        expect(isConsistent({ ...before, root: EMPTY_ROOT }, after, path)).toBe(false);
        expect(isConsistent(before, { ...after, root: EMPTY_ROOT }, path)).toBe(false);
        expect(isConsistent(before, after, [...path, EMPTY_ROOT])).toBe(false);
      }),
    ));
});
