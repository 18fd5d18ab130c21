import type { EventCatalogue } from './event-catalogue.js';

/** What an event is to the rules: its name and its facts. Who, when and why are in the envelope around it. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

/** How the events of a stream add up to its state. */
export interface Fold<State, Event extends DomainEvent> {
  readonly initial: State;
  /**
   * Set where streams grow long: a snapshot of the state may then be kept, so the state holds no personal data and
   * survives a structured clone. Raised with every change of `State`, `evolve` or what it calls.
   */
  readonly foldVersion?: number;
  /** The state after one more event; `occurredAt` is the envelope's. Never throws: what is in the log has happened. */
  evolve(state: State, event: Event, occurredAt: Date): State;
}

/** The rules of one kind of stream, pure: time, ids, hashes and random values come in with the command. */
export interface Decider<State, Command, Event extends DomainEvent> extends Fold<State, Event> {
  /** Every event that may stand in the stream, and how it is stored. */
  readonly events: EventCatalogue<Event>;
  /**
   * What the command makes happen; nothing if it is so already.
   * @throws Refused if the rules forbid it.
   */
  decide(state: State, command: Command): readonly Event[];
}
