import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type StreamName, categoryOf } from '#domain/ids.js';
import {
  type Appended,
  ConcurrencyConflict,
  type EventStore,
  type ExpectedRevision,
  LOG_START,
  type LogSlice,
  type NewEvent,
  type Position,
  type RecordedEvent,
  StoreUnavailable,
  type SubscriptionOptions,
  demandEvents,
  hasReached,
  serialise,
} from '../event-store.js';
import { appendOutcome } from './append-outcome.js';
import { ConnectedClient } from './connected-client.js';
import type { Connection } from './connection-string.js';
import { ServerSilent, asAppendFailure, asReadFailure, isNotLeader, reasonOf } from './failures.js';
import { LiveFeed } from './live-feed.js';
import { SubscriptionFeed } from './subscription-feed.js';
import { type ReadFrom, isSomewhere, recordedEvent } from './wire.js';

/** How long each thing may take. */
export interface Patience {
  /** An append, before its outcome counts as unknown. */
  readonly appendMs: number;
  /** The next event of a read, or the confirmation of a subscription. */
  readonly answerMs: number;
  /** Between two looks at the head of the log, */
  readonly watchMs: number;
  /** and how long a subscription may be behind it without a word. */
  readonly stallMs: number;
}

export interface EventStoreDbOptions {
  readonly patience?: Partial<Patience>;
  /** By category: after how many seconds the server may remove the events of its streams; the others stay. */
  readonly maxAge?: ReadonlyMap<string, number>;
  readonly observer?: EventStoreDbObserver;
}

/** Told what goes wrong and is made up for. */
export interface EventStoreDbObserver {
  /** A subscription ended without being told to, and begins again where it stood. */
  redialled(reason: string): void;
  /** The server was not told how long it has to keep a stream: it keeps it. */
  keptForGood(stream: StreamName, reason: string): void;
}

const PATIENCE: Patience = { appendMs: 5_000, answerMs: 5_000, watchMs: 5_000, stallMs: 30_000 };
const FIRST_PAUSE_MS = 100;
/** Once the server is back, so is everything that follows the log within five seconds. */
const LONGEST_PAUSE_MS = 3_000;
const SLICE = 500;
/** The server's own streams, which no reader of ours wants. */
const SYSTEM_PREFIX = '$';
/** So many of its events are looked at, and then so many times more, to find one that is not the server's. */
const LOOK_BACK = 32;

/**
 * The log in EventStoreDB or KurrentDB (23.10 or later), through the one client of this process. Positions are commit
 * positions: those of appends and of prepares differ only in transactions of a protocol that is gone.
 */
export class EventStoreDbEventStore implements EventStore {
  private readonly patience: Patience;
  private readonly maxAge: ReadonlyMap<string, number>;
  private readonly observer: EventStoreDbObserver | undefined;
  private readonly ending = new AbortController();
  private readonly liveFeed = new LiveFeed();
  private feeding: Promise<void> | undefined;
  private connected: ConnectedClient;
  private closing: Promise<void> | undefined;
  /** Of all events seen so far: the head of the log cannot be before it. */
  private furthest = LOG_START;

  constructor(
    private readonly connection: Connection,
    { patience = {}, maxAge = new Map(), observer }: EventStoreDbOptions = {},
  ) {
    this.patience = { ...PATIENCE, ...patience };
    this.maxAge = maxAge;
    this.observer = observer;
    this.connected = new ConnectedClient(connection);
  }

  async append(stream: StreamName, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended> {
    this.demandOpen();
    demandEvents(stream, events);
    for (const event of events) serialise(event);
    const outcome = appendOutcome(stream, await this.answerTo(stream, expected, events));
    if (outcome.kind === 'conflict') throw new ConcurrencyConflict(stream, expected, outcome.actual);
    if (outcome.kind === 'unclear') await this.demandNoOthers(stream, expected, events);
    if (outcome.kind !== 'appended') throw outcome.failure;
    if (expected === 'no-stream') this.limitAge(stream);
    const { revision, position } = outcome;
    return {
      revision,
      position: isSomewhere(position) ? this.seen(position) : await this.positionOf(stream, revision),
    };
  }

  async *readStream(stream: StreamName, fromRevision: number): AsyncIterable<RecordedEvent> {
    for await (const response of this.reading({ stream, from: fromRevision })) {
      const event = recordedEvent(response);
      if (event !== undefined) yield await this.placed(event);
    }
  }

  async readEvent(stream: StreamName, revision: number): Promise<RecordedEvent | undefined> {
    let found: RecordedEvent | undefined;
    // To its end: turning away earlier would reset the call.
    for await (const response of this.reading({ stream, from: revision, most: 1 })) {
      const event = recordedEvent(response);
      // Where events were removed for their age, the server gives the next one.
      if (event?.revision === revision) found = await this.placed(event);
    }
    return found;
  }

  async *subscribeAll({ after, categories, signal }: SubscriptionOptions): AsyncIterable<LogSlice> {
    this.demandOpen();
    this.feeding ??= this.feed();
    const wanted = (slice: LogSlice): LogSlice => ({
      ...slice,
      events: slice.events.filter(({ stream }) => categories?.includes(categoryOf(stream)) ?? true),
    });
    let through = after;
    let said = false;
    while (!signal.aborted) {
      if (this.liveFeed.covers(through)) {
        const slice = this.liveFeed.after(through, SLICE);
        through = slice.through;
        if (slice.events.length > 0 || slice.caughtUp !== said) {
          said = slice.caughtUp;
          yield wanted(slice);
        } else await this.liveFeed.wait(signal, through);
        continue;
      }
      for await (const slice of this.deliveries(through, signal)) {
        through = slice.through;
        said = slice.caughtUp;
        yield wanted(slice);
        if (this.liveFeed.covers(through)) break;
      }
    }
  }

  /** The server does it, by the metadata of each stream. */
  async removeAged(): Promise<number> {
    return 0;
  }

  async head(): Promise<Position> {
    for (let most = 1; ; most *= LOOK_BACK) {
      let looked = 0;
      let own: Position | undefined;
      let first: Position | undefined;
      // To its end: turning away earlier would reset the call.
      for await (const response of this.reading({ lastOfLog: most })) {
        const event = recordedEvent(response);
        if (event === undefined) continue;
        looked += 1;
        first = event.position;
        if (!event.stream.startsWith(SYSTEM_PREFIX)) own ??= event.position;
      }
      if (own !== undefined) return this.seen(own);
      if (looked < most || first === undefined || hasReached(this.furthest, first)) return this.furthest;
    }
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    this.ending.abort();
    await this.connected.giveUp();
    await this.feeding;
  }

  private async answerTo(stream: StreamName, expected: ExpectedRevision, events: readonly NewEvent[]) {
    const { appendMs } = this.patience;
    for (let tries = 1; ; tries += 1) {
      const { connected } = this;
      const deadline = new Date(Date.now() + appendMs);
      try {
        return await this.within(appendMs, connected, connected.append(stream, expected, events, deadline));
      } catch (error) {
        // By now the client knows who leads.
        if (!isNotLeader(error) || tries > 1) throw asAppendFailure(stream, error);
      }
    }
  }

  /** Keeps the end of the log for all who follow it, from the time when the first one does. */
  private async feed(): Promise<void> {
    const { signal } = this.ending;
    let through: Position | undefined;
    while (!signal.aborted)
      try {
        through ??= await this.head();
        for await (const slice of this.deliveries(through, signal)) {
          this.liveFeed.add(slice, through);
          through = slice.through;
        }
      } catch {
        await delay(FIRST_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
  }

  /** What comes after a place, through any end of the subscription; an empty slice says that there was one. */
  private async *deliveries(after: Position, signal: AbortSignal): AsyncIterable<LogSlice> {
    let through = after;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted && this.closing === undefined) {
      let reason = '';
      try {
        for await (const slice of this.subscribeOnce(through, signal)) {
          through = slice.through;
          pause = FIRST_PAUSE_MS;
          yield slice;
        }
      } catch (error) {
        reason = reasonOf(error);
      }
      if (signal.aborted || this.ending.signal.aborted) return;
      yield { events: [], through, caughtUp: false };
      this.observer?.redialled(reason);
      await delay(randomInt(pause / 2, pause), undefined, { signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** @throws what ended it, unless that was the caller */
  private async *subscribeOnce(after: Position, signal: AbortSignal): AsyncIterable<LogSlice> {
    const { connected } = this;
    const feed = new SubscriptionFeed(await this.within(this.patience.answerMs, connected, connected.read({ after })));
    const ended = AbortSignal.any([signal, connected.lost]);
    let through = after;
    const watch = this.watch(feed, () => through);
    try {
      while (!ended.aborted) {
        const events = feed.take(SLICE);
        const last = events.at(-1)?.position;
        through = last === undefined ? through : this.seen(last);
        const caughtUp = feed.isCaughtUp;
        const hasJustCaughtUp = feed.hasJustCaughtUp();
        if (events.length > 0 || hasJustCaughtUp) yield { events, through, caughtUp };
        else await feed.wait(ended);
      }
    } finally {
      clearInterval(watch);
      feed.stop();
    }
    if (!signal.aborted) throw new ServerSilent('the connection was given up');
  }

  /** A subscription that says nothing although the log has gone on, or never began, is dead and does not know it. */
  private watch(feed: SubscriptionFeed, through: () => Position): NodeJS.Timeout {
    const { watchMs, stallMs, answerMs } = this.patience;
    const look = async () => {
      if (!feed.isConfirmed && feed.silentMs > answerMs) throw new ServerSilent('it was never confirmed');
      if (feed.isConfirmed && feed.silentMs > stallMs && !hasReached(through(), await this.head()))
        throw new ServerSilent('it stood still while the log went on');
    };
    return setInterval(() => {
      look().catch((error: unknown) => feed.fail(error instanceof Error ? error : new Error(String(error))));
    }, watchMs).unref();
  }

  /** What a read delivers, as long as something comes; nothing from a stream that is not there. */
  private async *reading(what: ReadFrom): AsyncIterable<ReadResp> {
    this.demandOpen();
    const { answerMs } = this.patience;
    const { connected } = this;
    let isOver = false;
    try {
      const call = await this.within(answerMs, connected, connected.read(what));
      const timer = setTimeout(() => {
        this.reconnect(connected);
        call.destroy(new ServerSilent(`nothing came for ${answerMs} ms`));
      }, answerMs);
      try {
        for await (const response of call) {
          timer.refresh();
          yield response as ReadResp;
        }
        isOver = true;
      } finally {
        clearTimeout(timer);
        if (!isOver) call.cancel();
      }
    } catch (error) {
      throw asReadFailure(error);
    }
  }

  private async within<Result>(limitMs: number, client: ConnectedClient, call: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.reconnect(client);
        reject(new ServerSilent(`nothing came for ${limitMs} ms`));
      }, limitMs);
      void call.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  /** A connection whose other end is gone says so only after a while: the next call is made over another one. */
  private reconnect(silent: ConnectedClient): void {
    if (this.connected !== silent || this.closing !== undefined) return;
    this.connected = new ConnectedClient(this.connection);
    void silent.giveUp();
  }

  /** @throws ConcurrencyConflict if the stream has other events where these would be */
  private async demandNoOthers(
    stream: StreamName,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<void> {
    const from = expected === 'no-stream' ? 0 : expected + 1;
    let index = 0;
    let isOthers = false;
    let last = from - 1;
    for await (const { id, revision } of this.readStream(stream, from)) {
      isOthers ||= index < events.length && id !== events[index]?.id;
      index += 1;
      last = revision;
    }
    if (isOthers || (index > 0 && index < events.length)) throw new ConcurrencyConflict(stream, expected, last);
  }

  /** Nobody waits for it: what is kept longer harms nobody. */
  private limitAge(stream: StreamName): void {
    const maxAge = this.maxAge.get(categoryOf(stream));
    if (maxAge === undefined) return;
    const { credentials } = this.connection;
    const told = this.connected.setStreamMetadata(stream, { maxAge }, { credentials });
    told.catch((error: unknown) => this.observer?.keptForGood(stream, reasonOf(error)));
  }

  private async positionOf(stream: StreamName, revision: number): Promise<Position> {
    for await (const response of this.reading({ stream, from: revision, most: 1 })) {
      const position = recordedEvent(response)?.position;
      if (isSomewhere(position)) return this.seen(position);
    }
    return this.head();
  }

  /** With a position also where the server does not know it. */
  private async placed(event: RecordedEvent): Promise<RecordedEvent> {
    return isSomewhere(event.position)
      ? { ...event, position: this.seen(event.position) }
      : { ...event, position: await this.head() };
  }

  private seen(position: Position): Position {
    if (hasReached(position, this.furthest)) this.furthest = position;
    return position;
  }

  private demandOpen(): void {
    if (this.closing !== undefined) throw new StoreUnavailable('The event store is closed.');
  }
}
