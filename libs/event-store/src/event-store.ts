import type { StreamName } from '#domain/ids.js';
import type { StoredData } from '#domain/event-catalogue.js';

declare const positionBrand: unique symbol;

/** A place in the log, as a decimal number of up to 20 digits. Positions only ever grow. */
export type Position = string & { readonly [positionBrand]: true };

/** Before the first event of the log. */
export const LOG_START = '0' as Position;

/** Whether `position` is at or after `mark`. */
export const hasReached = (position: Position, mark: Position) =>
  position.length === mark.length ? position >= mark : position.length > mark.length;

/** How a position is written. */
export const POSITION = /^(?:0|[1-9][0-9]{0,19})$/;

/** @throws TypeError if the text is no position */
export function asPosition(text: string): Position {
  if (!POSITION.test(text)) throw new TypeError('A position is a decimal number of up to 20 digits.');
  return text as Position;
}

/** An event on its way into the log. Personal fields are sealed by now. */
export interface NewEvent {
  /** UUID; the same for every try to append the same event. */
  readonly id: string;
  readonly type: string;
  readonly data: StoredData;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An event as it stands in the log. */
export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  /** Its number in the stream, from 0. */
  readonly revision: number;
  readonly position: Position;
  /** When the store took it; `occurredAt` in the metadata is when it was decided. */
  readonly recordedAt: Date;
}

/** The revision of the stream's last event as the writer knows it, or that there is no such stream. */
export type ExpectedRevision = number | 'no-stream';

/** Where the last event of an append stands. */
export interface Appended {
  readonly revision: number;
  readonly position: Position;
}

/** A stretch of the log, in order. */
export interface LogSlice {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here has been considered, whether it was asked for or not. */
  readonly through: Position;
  /** Whether there was nothing beyond `through` when it was read; false also while a store that is far away is out of reach. */
  readonly caughtUp: boolean;
}

export interface SubscriptionOptions {
  /** Exclusive: the event at this position is not delivered again. */
  readonly after: Position;
  /** Only events of streams of these categories; all when left out. */
  readonly categories?: readonly string[];
  /** Ends the subscription. */
  readonly signal: AbortSignal;
}

/**
 * An append-only log of events in streams, with one order over all of them. Adapters: memory.ts, sqlite/. Each passes the
 * suite in testing/contract.ts.
 */
export interface EventStore {
  /**
   * Appends all events or none, durably: once it resolves, they survive a crash. Appending the same events (by id) again
   * with the same expectation succeeds and changes nothing.
   * @throws ConcurrencyConflict, AppendOutcomeUnknown, StoreUnavailable, EventRejected
   */
  append(stream: StreamName, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended>;

  /** The events of a stream from a revision on (inclusive), oldest first; nothing for a stream that is not there. */
  readStream(stream: StreamName, fromRevision: number): AsyncIterable<RecordedEvent>;

  /** One event; undefined if it is not there, or not any more. */
  readEvent(stream: StreamName, revision: number): Promise<RecordedEvent | undefined>;

  /** The log from a position on, first what is there, then what comes, until the signal ends it. */
  subscribeAll(options: SubscriptionOptions): AsyncIterable<LogSlice>;

  /** The position of the last event; `LOG_START` of an empty log. */
  head(): Promise<Position>;

  /**
   * Removes what is older than it is kept (`domain/retention.ts`), where the store does not do so by itself, until the signal ends it.
   * @returns how many events
   */
  removeAged(signal: AbortSignal): Promise<number>;

  /** Finishes the appends under way and lets go of everything. */
  close(): Promise<void>;
}

/** The stream is not where the writer thought; what was decided has to be decided again. */
export class ConcurrencyConflict extends Error {
  override readonly name = 'ConcurrencyConflict';
  constructor(
    readonly stream: string,
    readonly expected: ExpectedRevision,
    readonly actual: ExpectedRevision,
  ) {
    super(`${stream} is at ${actual}, not at ${expected}`);
  }
}

/** The store did not say in time whether it took the events. Appending the same events again is safe. */
export class AppendOutcomeUnknown extends Error {
  override readonly name = 'AppendOutcomeUnknown';
}

/** The store cannot be reached or cannot write; nothing was appended. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The events are none that a log can take: a fault of the program. */
export class EventRejected extends Error {
  override readonly name = 'EventRejected';
}

/** The largest event that is taken, data and metadata together, in UTF-16 code units of their JSON. */
export const MAX_EVENT_SIZE = 256 * 1024;

/** An event as JSON text. @throws EventRejected if it is none, or too large */
export function serialise({ id, type, data, metadata }: NewEvent) {
  const dataText = JSON.stringify(data);
  const metadataText = JSON.stringify(metadata);
  if (dataText.length + metadataText.length > MAX_EVENT_SIZE)
    throw new EventRejected(`The event ${type} is larger than ${MAX_EVENT_SIZE} characters.`);
  return { id, type, data: dataText, metadata: metadataText };
}

/** @throws EventRejected */
export function demandEvents(stream: StreamName, events: readonly NewEvent[]): void {
  if (events.length === 0) throw new EventRejected(`Nothing to append to ${stream}.`);
}
