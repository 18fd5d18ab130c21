import type { EventCatalogue } from './event-catalogue.js';

/** What an event is to the rules: its name and its facts. Who, when and why are in the envelope around it. */
export interface DomainEvent {
  readonly type: string;
  readonly data: object;
}

/**
 * The rules of one kind of stream. Both functions are pure: time, ids, hashes and random values come in with the
 * command.
 */
export interface Decider<State, Command, Event extends DomainEvent> {
  /** Every event that may stand in the stream, and how it is stored. */
  readonly events: EventCatalogue<Event>;
  readonly initial: State;
  /** The state after one more event; `occurredAt` is the envelope's. Never throws: what is in the log has happened. */
  evolve(state: State, event: Event, occurredAt: Date): State;
  /**
   * What the command makes happen; nothing if it is so already.
   * @throws Refused if the rules forbid it.
   */
  decide(state: State, command: Command): readonly Event[];
}
