import { type StreamName, categoryOf } from '#domain/ids.js';
import {
  type Appended,
  ConcurrencyConflict,
  type EventStore,
  type ExpectedRevision,
  type LogSlice,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type SubscriptionOptions,
  LOG_START,
  StoreUnavailable,
  demandEvents,
  serialise,
} from './event-store.js';
import { Signal } from './signal.js';

const SLICE = 500;

/** The log in memory: the reference for the other adapters, and fast enough to test everything on. */
export class MemoryEventStore implements EventStore {
  private readonly log: RecordedEvent[] = [];
  private readonly streams = new Map<string, RecordedEvent[]>();
  private readonly appended = new Signal();
  private closed = false;

  constructor(private readonly now: () => Date = () => new Date()) {}

  async append(stream: StreamName, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended> {
    if (this.closed) throw new StoreUnavailable('The event store is closed.');
    demandEvents(stream, events);
    const texts = events.map(serialise);
    const existing = this.streams.get(stream) ?? [];
    const next = expected === 'no-stream' ? 0 : expected + 1;
    if (existing.length !== next) {
      const stored = existing.slice(next, next + events.length);
      const last = stored.at(-1);
      const same = stored.length === events.length && stored.every(({ id }, index) => id === events[index]?.id);
      if (last !== undefined && same) return { revision: last.revision, position: last.position };
      throw new ConcurrencyConflict(stream, expected, existing.length === 0 ? 'no-stream' : existing.length - 1);
    }
    for (const { id, type, data, metadata } of texts) {
      const event: RecordedEvent = {
        id,
        type,
        data: JSON.parse(data) as RecordedEvent['data'],
        metadata: JSON.parse(metadata) as RecordedEvent['metadata'],
        stream,
        revision: existing.length,
        position: String(this.log.length + 1) as Position,
        recordedAt: this.now(),
      };
      existing.push(event);
      this.log.push(event);
    }
    this.streams.set(stream, existing);
    this.appended.notify();
    return { revision: existing.length - 1, position: this.lastPosition() };
  }

  async *readStream(stream: StreamName, fromRevision: number): AsyncIterable<RecordedEvent> {
    yield* (this.streams.get(stream) ?? []).slice(fromRevision);
  }

  async readEvent(stream: StreamName, revision: number): Promise<RecordedEvent | undefined> {
    return this.streams.get(stream)?.[revision];
  }

  async *subscribeAll({ after, categories, signal }: SubscriptionOptions): AsyncIterable<LogSlice> {
    let through = Number(after);
    while (!signal.aborted) {
      const slice = this.log.slice(through, through + SLICE);
      through += slice.length;
      const events = slice.filter(({ stream }) => categories?.includes(categoryOf(stream)) ?? true);
      const caughtUp = through >= this.log.length;
      yield { events, through: String(through) as Position, caughtUp };
      if (caughtUp) await this.appended.wait(signal, () => this.log.length > through);
    }
  }

  /** It is gone before anything ages. */
  async removeAged(): Promise<number> {
    return 0;
  }

  async head(): Promise<Position> {
    return this.lastPosition();
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private lastPosition = () => this.log.at(-1)?.position ?? LOG_START;
}
