import { SEALING_HEADS, type SealingEvent, type SealingPublicKey, type SignedHead } from '#domain/sealing/sealing.js';
import type { EventStore, Position, RecordedEvent } from '#event-store/event-store.js';

/** A head as it stands in the log. */
export interface StoredHead {
  /** Whoever did not write it checks it first (`isSignedHead`): it may be anything. */
  readonly signed: SignedHead;
  /** Of the event that it is in. */
  readonly position: Position;
  /** The event's number in its stream, which is the head's unless somebody has meddled. */
  readonly revision: number;
}

/**
 * The heads of the log from a number on, in order, as they stand there.
 * @param last the number of the last that is of interest; all when left out
 */
export async function* headsFrom(store: EventStore, number: number, last = Infinity): AsyncIterable<StoredHead> {
  for await (const event of store.readStream(SEALING_HEADS, Math.max(1, number))) {
    if (event.revision > last) return;
    yield { signed: headIn(event), position: event.position, revision: event.revision };
  }
}

/** The number of the last head that stands in the log now; 0 if there is none. */
export async function lastHeadNumber(store: EventStore): Promise<number> {
  let last = 0;
  for await (const { revision } of store.readStream(SEALING_HEADS, 1)) last = revision;
  return last;
}

/** The head with this number; undefined if it was not signed yet. */
export async function headNumbered(store: EventStore, number: number): Promise<SignedHead | undefined> {
  const event = await store.readEvent(SEALING_HEADS, number);
  return event && headIn(event);
}

/** The first public key, as the log has it; undefined before sealing has begun. */
export async function firstKeyIn(store: EventStore): Promise<SealingPublicKey | undefined> {
  const event = await store.readEvent(SEALING_HEADS, 0);
  return event && dataOf(event, 'SealingBegun')?.publicKey;
}

function headIn(event: RecordedEvent): SignedHead {
  const { head, signature } = dataOf(event, 'LogSealed') ?? {};
  return { head, signature } as SignedHead;
}

/** Nothing of it is personal, so nothing is sealed. */
const dataOf = <Type extends SealingEvent['type']>({ data }: RecordedEvent, _: Type) =>
  data as unknown as Partial<Extract<SealingEvent, { type: Type }>['data']> | null;
