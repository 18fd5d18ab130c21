import type { DomainEvent } from './decider.js';

/** A stored payload, as JSON.parse gives it. */
export type StoredData = Readonly<Record<string, unknown>>;

/** How events of one type are stored. */
export interface EventDescription<Data> {
  /** The schema version that is written today, from 1. A change of `Data` raises it and adds an upcaster. */
  readonly schema: number;
  /** One step each, from that version to the next; pure, and able to meet the erased marker. */
  readonly upcasters?: Readonly<Record<number, (data: StoredData) => StoredData>>;
  /** The fields that are sealed in the log, and whose key seals them. */
  readonly personal?: { readonly fields: readonly (keyof Data & string)[]; subject(data: Data): string };
}

/** The events of one kind of stream by name; leaving one out does not compile. */
export type EventCatalogue<Event extends DomainEvent> = {
  readonly [Type in Event['type']]: EventDescription<Extract<Event, { type: Type }>['data']>;
};
