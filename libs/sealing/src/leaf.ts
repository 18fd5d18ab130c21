import type { RecordedEvent } from '#event-store/event-store.js';
import { canonicalJson } from './canonical-json.js';
import { HASH_BYTES, sha256 } from './merkle-tree.js';
import { retentionClassOf } from './retention-class.js';

/** What an event is on its way through a hash: as it stands in the log, what is sealed in it stays sealed. */
export type HashedEvent = Pick<
  RecordedEvent,
  'stream' | 'revision' | 'id' | 'type' | 'data' | 'metadata' | 'recordedAt'
>;

/**
 * What the tree has of an event, and keeps when the event is gone. Its bytes: hash of the event (32), position (8), time of
 * recording (6), class of its retention (1), numbers with the highest byte first.
 */
export interface Leaf {
  readonly eventHash: Buffer;
  /** A decimal number. */
  readonly position: string;
  /** Epoch milliseconds. */
  readonly recordedAt: number;
  readonly retentionClass: number;
}

const POSITION = HASH_BYTES;
const RECORDED_AT = POSITION + 8;
const RECORDED_AT_BYTES = 6;
const CLASS = RECORDED_AT + RECORDED_AT_BYTES;
export const LEAF_BYTES = CLASS + 1;

/** The members of an event in their order, as JSON (RFC 8785). */
export const canonicalEvent = ({ stream, revision, id, type, data, metadata, recordedAt }: HashedEvent): string =>
  canonicalJson({ data, id, metadata, recordedAt: recordedAt.toISOString(), revision, stream, type });

/** The SHA-256 of the event. */
export const eventHash = (event: HashedEvent): Buffer => sha256(canonicalEvent(event));

/** The bytes of the leaves of events, one after the other. */
export function leavesOf(events: readonly RecordedEvent[]): Buffer {
  const bytes = Buffer.alloc(events.length * LEAF_BYTES);
  let at = 0;
  for (const event of events) {
    bytes.set(eventHash(event), at);
    bytes.writeBigUInt64BE(BigInt(event.position), at + POSITION);
    bytes.writeUIntBE(event.recordedAt.getTime(), at + RECORDED_AT, RECORDED_AT_BYTES);
    bytes[at + CLASS] = retentionClassOf(event.stream);
    at += LEAF_BYTES;
  }
  return bytes;
}

export const countOf = (leaves: Buffer) => leaves.length / LEAF_BYTES;

/** The bytes of one of them. */
export const leafAt = (leaves: Buffer, index: number): Buffer =>
  leaves.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES);

/** At most so many of them. */
export const firstLeaves = (leaves: Buffer, count: number): Buffer =>
  leaves.subarray(0, Math.max(0, count) * LEAF_BYTES);

export const positionIn = (leaf: Buffer): bigint => leaf.readBigUInt64BE(POSITION);

export const readLeaf = (leaf: Buffer): Leaf => ({
  eventHash: leaf.subarray(0, HASH_BYTES),
  position: String(positionIn(leaf)),
  recordedAt: leaf.readUIntBE(RECORDED_AT, RECORDED_AT_BYTES),
  retentionClass: leaf[CLASS] ?? 0,
});
