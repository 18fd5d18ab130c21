import { hash } from 'node:crypto';

/** SHA-256, 32 bytes. */
export type Hash = Buffer;

export const HASH_BYTES = 32;

const LEAF = 0x00;
const NODE = 0x01;

export const sha256 = (data: string | Uint8Array): Hash => hash('sha256', data, 'buffer');

/** Of no leaves at all. */
export const EMPTY_ROOT: Hash = sha256('');

/** RFC 9162 §2.1.1. */
export function leafHash(entry: Uint8Array): Hash {
  const data = Buffer.allocUnsafe(entry.length + 1);
  data[0] = LEAF;
  data.set(entry, 1);
  return sha256(data);
}

// Hashing happens at once, so one place serves for all.
const pair = Buffer.alloc(1 + 2 * HASH_BYTES, NODE);

/** RFC 9162 §2.1.1. */
export function nodeHash(left: Hash, right: Hash): Hash {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return sha256(pair);
}

/** The hash of the subtree over the leaves from `index * 2^level` on, `2^level` of them, all of which there are. */
export type Subtrees = (level: number, index: number) => Promise<Hash>;

/** The hash over the leaves `from` to before `to`, where the tree has such a subtree (RFC 9162 §2.1.1). */
export async function rangeHash(subtrees: Subtrees, from: number, to: number): Promise<Hash> {
  const count = to - from;
  if (count === 0) return EMPTY_ROOT;
  const half = leftHalf(count);
  if (count === 1 || count === 2 * half) return subtrees(Math.log2(count), from / count);
  return nodeHash(await rangeHash(subtrees, from, from + half), await rangeHash(subtrees, from + half, to));
}

/** The hashes that lead from a leaf to the root of the tree of a size, from below (RFC 9162 §2.1.3.1). */
export async function inclusionPath(subtrees: Subtrees, index: number, size: number): Promise<Hash[]> {
  const path: Hash[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + leftHalf(to - from);
    if (index < middle) {
      path.unshift(await rangeHash(subtrees, middle, to));
      to = middle;
    } else {
      path.unshift(await rangeHash(subtrees, from, middle));
      from = middle;
    }
  }
  return path;
}

/** The hashes that show that the tree of one size begins as that of a smaller one, which is not empty (RFC 9162 §2.1.4.1). */
export async function consistencyPath(subtrees: Subtrees, first: number, second: number): Promise<Hash[]> {
  const path: Hash[] = [];
  let [from, to] = [0, second];
  while (to !== first) {
    const middle = from + leftHalf(to - from);
    if (first <= middle) {
      path.unshift(await rangeHash(subtrees, middle, to));
      to = middle;
    } else {
      path.unshift(await rangeHash(subtrees, from, middle));
      from = middle;
    }
  }
  // Where it is the whole left half of everything, the other side has it already.
  return from === 0 ? path : [await rangeHash(subtrees, from, to), ...path];
}

/** Whether a leaf is where it is said to be in a tree (RFC 9162 §2.1.3.2). */
export function includes(
  tree: { readonly size: number; readonly root: Hash },
  leaf: { readonly index: number; readonly hash: Hash },
  path: readonly Hash[],
): boolean {
  if (!(leaf.index >= 0 && leaf.index < tree.size)) return false;
  let [fn, sn] = [leaf.index, tree.size - 1];
  let hash = leaf.hash;
  for (const sibling of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else hash = nodeHash(hash, sibling);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && hash.equals(tree.root);
}

/** Whether a tree begins as a smaller one did (RFC 9162 §2.1.4.2). */
export function isConsistent(
  first: { readonly size: number; readonly root: Hash },
  second: { readonly size: number; readonly root: Hash },
  path: readonly Hash[],
): boolean {
  if (first.size === second.size) return path.length === 0 && first.root.equals(second.root);
  if (!(first.size > 0 && first.size < second.size)) return false;
  const hashes = Number.isInteger(Math.log2(first.size)) ? [first.root, ...path] : [...path];
  const seed = hashes.shift();
  if (seed === undefined) return false;
  let [fn, sn] = [first.size - 1, second.size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  let [fr, sr] = [seed, seed];
  for (const sibling of hashes) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(sibling, fr), nodeHash(sibling, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else sr = nodeHash(sr, sibling);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && fr.equals(first.root) && sr.equals(second.root);
}

/** The largest power of two below a number of leaves, from 2 on. */
const leftHalf = (count: number) => 2 ** (Math.ceil(Math.log2(count)) - 1);
