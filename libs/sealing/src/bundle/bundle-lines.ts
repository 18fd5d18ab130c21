import type { SealingKeyId, SealingPublicKey, SignedHead } from '#domain/sealing/sealing.js';
import { type Position, type RecordedEvent, asPosition } from '#event-store/event-store.js';
import type { HashedEvent } from '../leaf.js';
import { HASH_BYTES } from '../merkle-tree.js';
import { isSignedHead } from '../signed-head.js';

/**
 * A bundle is lines of JSON: one of these first, then leaves (at most 256 together, and up to the next head), the events that
 * they are of, and each head where it has signed all that stands before it; at the end, `BundleEnd`. Hashes and
 * leaves are base64url.
 */
export interface BundleStart {
  readonly bundle: 'authlog-audit';
  readonly format: 1;
  readonly log: SealingKeyId;
  /** From the first on, each with the head that announces it under the key before. */
  readonly keys: readonly { readonly publicKey: SealingPublicKey; readonly announcedBy: SignedHead | null }[];
  /** How many leaves are before the first one here, */
  readonly leavesBefore: number;
  /** and the hashes of the perfect subtrees that they make, from the left. */
  readonly before: readonly string[];
}

export interface BundleLeaves {
  readonly leaves: string;
}

/** An event that stands in the log; what is personal is sealed. */
export interface BundleEvent {
  readonly position: Position;
  readonly event: Omit<HashedEvent, 'recordedAt'> & { readonly recordedAt: string };
}

export interface BundleEnd {
  readonly end: { readonly leaves: number; readonly events: number; readonly heads: number };
  /** The first head that has signed all leaves, */
  readonly head: SignedHead;
  /** and the proof that its tree begins with them (RFC 9162 §2.1.4). */
  readonly consistency: readonly string[];
}

/** What a line says. */
export type BundleLine =
  | { readonly kind: 'leaves'; readonly leaves: Buffer }
  | { readonly kind: 'event'; readonly event: RecordedEvent }
  | { readonly kind: 'head'; readonly signed: SignedHead }
  | { readonly kind: 'end'; readonly end: BundleEnd };

type Members = Readonly<Record<string, unknown>>;

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;
const isHashes = (value: unknown): value is readonly string[] =>
  Array.isArray(value) &&
  value.every((one) => typeof one === 'string' && Buffer.from(one, 'base64url').length === HASH_BYTES);

/** The first line; undefined if it is none. */
export function readStart(line: string): BundleStart | undefined {
  const value = parsed(line);
  if (value?.['bundle'] !== 'authlog-audit' || value['format'] !== 1) return undefined;
  const { log, keys, leavesBefore, before } = value;
  const areKeys =
    Array.isArray(keys) &&
    keys.length > 0 &&
    keys.every(
      (key: unknown) =>
        isObject(key) &&
        typeof key['publicKey'] === 'string' &&
        (key['announcedBy'] === null || isSignedHead(key['announcedBy'])),
    );
  const isStart = areKeys && typeof log === 'string' && isCount(leavesBefore) && isHashes(before);
  return isStart ? (value as unknown as BundleStart) : undefined;
}

/** Another line; undefined if it is none. */
export function readLine(line: string): BundleLine | undefined {
  const value = parsed(line);
  if (value === undefined) return undefined;
  if (typeof value['leaves'] === 'string') return { kind: 'leaves', leaves: Buffer.from(value['leaves'], 'base64url') };
  if (isEnd(value)) return { kind: 'end', end: value };
  if (isSignedHead(value)) return { kind: 'head', signed: value };
  const event = eventOf(value);
  return event === undefined ? undefined : { kind: 'event', event };
}

export const asLine = ({ position, stream, revision, id, type, data, metadata, recordedAt }: RecordedEvent) => ({
  position,
  event: { stream, revision, id, type, data, metadata, recordedAt: recordedAt.toISOString() },
});

function eventOf({ position, event }: Members): RecordedEvent | undefined {
  if (typeof position !== 'string' || !/^[1-9][0-9]{0,19}$/.test(position) || !isObject(event)) return undefined;
  const { stream, revision, id, type, data, metadata, recordedAt } = event;
  if (typeof stream !== 'string' || typeof id !== 'string' || typeof type !== 'string') return undefined;
  if (!Number.isSafeInteger(revision) || !isObject(data) || !isObject(metadata)) return undefined;
  const at = typeof recordedAt === 'string' ? new Date(recordedAt) : new Date(Number.NaN);
  if (!(at.getTime() >= 0)) return undefined;
  return {
    position: asPosition(position),
    stream,
    revision: Number(revision),
    id,
    type,
    data,
    metadata: metadata as RecordedEvent['metadata'],
    recordedAt: at,
  };
}

function isEnd(value: Members): value is Members & BundleEnd {
  const { end, head, consistency } = value;
  return (
    isObject(end) &&
    ['leaves', 'events', 'heads'].every((name) => isCount(end[name])) &&
    isSignedHead(head) &&
    isHashes(consistency)
  );
}

function parsed(line: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
