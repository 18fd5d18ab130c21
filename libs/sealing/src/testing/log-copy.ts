import { type StreamName, categoryOf } from '#domain/ids.js';
import {
  type Appended,
  type EventStore,
  LOG_START,
  type LogSlice,
  type Position,
  type RecordedEvent,
  type SubscriptionOptions,
  StoreUnavailable,
  hasReached,
} from '#event-store/event-store.js';

/** Everything that is in a log now. */
export async function eventsIn(store: EventStore): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  const ended = new AbortController();
  for await (const { events, caughtUp } of store.subscribeAll({ after: LOG_START, signal: ended.signal })) {
    all.push(...events);
    if (caughtUp) ended.abort();
  }
  return all;
}

const SLICE = 7;

/** A log of whatever events somebody makes up: what may have been done to the file of another one. */
export class LogCopy implements EventStore {
  constructor(private readonly events: readonly RecordedEvent[]) {}

  async append(): Promise<Appended> {
    throw new StoreUnavailable('It is only read.');
  }

  async *readStream(stream: StreamName, fromRevision: number): AsyncIterable<RecordedEvent> {
    const inStream = this.events.filter((event) => event.stream === stream && event.revision >= fromRevision);
    yield* inStream.toSorted((a, b) => a.revision - b.revision);
  }

  async readEvent(stream: StreamName, revision: number): Promise<RecordedEvent | undefined> {
    return this.events.find((event) => event.stream === stream && event.revision === revision);
  }

  async *subscribeAll({ after, categories, signal }: SubscriptionOptions): AsyncIterable<LogSlice> {
    const rest = this.events.filter(({ position }) => !hasReached(after, position));
    for (let from = 0; !signal.aborted; from += SLICE) {
      const some = rest.slice(from, from + SLICE);
      const events = some.filter(({ stream }) => categories?.includes(categoryOf(stream)) ?? true);
      yield { events, through: some.at(-1)?.position ?? after, caughtUp: from + SLICE >= rest.length };
    }
  }

  async removeAged(): Promise<number> {
    return 0;
  }

  async head(): Promise<Position> {
    return this.events.at(-1)?.position ?? LOG_START;
  }

  async close(): Promise<void> {}
}
