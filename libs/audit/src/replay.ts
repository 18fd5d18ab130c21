import type { DomainEvent, Fold } from '#domain/decider.js';
import type { StreamName } from '#domain/ids.js';
import type { DecodedEvent, EventCodec } from '#event-store/codec.js';
import { type EventStore, type Position, type RecordedEvent, hasReached } from '#event-store/event-store.js';

/** Where the state of a stream is looked at. */
export type Cut =
  /** After everything up to a position of the log that was recorded by a time: clocks may be put back, and the log has one order. */
  | { readonly through: Position; readonly time: Date }
  /** After the event with this number. */
  | { readonly revision: number };

/** An event of the stream, by its place. */
export interface EventPlace {
  readonly position: Position;
  readonly revision: number;
  readonly recordedAt: Date;
  readonly id: string;
  readonly type: string;
}

/** A state, and for how long it was so: from the event that made it until the one that changed it. */
export interface StateAt<State> {
  readonly state: State;
  /** Null before the first event. */
  readonly since: EventPlace | null;
  /** Null where it is so still. */
  readonly until: EventPlace | null;
}

/** What a stream's state was, by the same rules that decide on it. Reads no further than the cut. */
export async function replay<State, Event extends DomainEvent>(
  { store, codec }: { readonly store: EventStore; readonly codec: EventCodec },
  fold: Fold<State, Event>,
  stream: StreamName,
  cut: Cut,
): Promise<StateAt<State>> {
  const before: RecordedEvent[] = [];
  let next: RecordedEvent | undefined;
  for await (const event of store.readStream(stream, 0)) {
    if (isBeyond(event, cut)) {
      next = event;
      break;
    }
    before.push(event);
  }
  const decoded = await codec.decode(before);
  const state = decoded.reduce<State>((sum, event) => evolved(fold, sum, event), fold.initial);
  const last = before.at(-1);
  return { state, since: last === undefined ? null : placeOf(last), until: next === undefined ? null : placeOf(next) };
}

export const evolved = <State, Event extends DomainEvent>(
  fold: Fold<State, Event>,
  state: State,
  { event, occurredAt }: DecodedEvent,
): State => fold.evolve(state, event as Event, occurredAt);

/** Whether the event is after a cut. */
export function isBeyond({ position, recordedAt, revision }: RecordedEvent, cut: Cut): boolean {
  if ('revision' in cut) return revision > cut.revision;
  return recordedAt > cut.time || !hasReached(cut.through, position);
}

const placeOf = ({ position, revision, recordedAt, id, type }: RecordedEvent): EventPlace => ({
  position,
  revision,
  recordedAt,
  id,
  type,
});
