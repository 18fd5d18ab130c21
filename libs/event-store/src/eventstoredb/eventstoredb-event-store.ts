import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  BACKWARDS,
  END,
  ErrorType,
  EventStoreDBClient,
  NO_STREAM,
  type ResolvedEvent,
  START,
  type StreamingRead,
  WrongExpectedVersionError,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client';
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
import { Signal } from '../signal.js';
import type { Connection } from './connection-string.js';
import { ServerSilent, asAppendFailure, asReadFailure, reasonOf, typeOf } from './failures.js';

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
const LONGEST_PAUSE_MS = 10_000;
const DISPOSE_MS = 1_000;
const SLICE = 500;
/** The server's own streams, which no reader of ours wants. */
const SYSTEM_PREFIX = '$';
const OWN_STREAMS = '^[^$]';
/** What a server answers for the position of an event if it does not know it. */
const NOWHERE = 2n ** 64n - 1n;

type Logged = NonNullable<AllStreamResolvedEvent['event']>;
type Read = NonNullable<ResolvedEvent['event']>;

/**
 * The log in EventStoreDB or KurrentDB (23.10 or later), through the one client of this process. Positions are commit
 * positions: those of appends and of prepares differ only in transactions of a protocol that is gone.
 */
export class EventStoreDbEventStore implements EventStore {
  private readonly patience: Patience;
  private readonly maxAge: ReadonlyMap<string, number>;
  private readonly observer: EventStoreDbObserver | undefined;
  private connected: Connected;
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
    this.connected = new Connected(connection);
  }

  async append(stream: StreamName, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<Appended> {
    this.demandOpen();
    demandEvents(stream, events);
    for (const event of events) serialise(event);
    const proposed = events.map(({ id, type, data, metadata }) => jsonEvent({ id, type, data, metadata }));
    for (let tries = 1; ; tries += 1) {
      const { client } = this.connected;
      const { credentials } = this.connection;
      const { appendMs } = this.patience;
      const expectedRevision = expected === 'no-stream' ? NO_STREAM : BigInt(expected);
      try {
        const { nextExpectedRevision, position } = await this.within(
          appendMs,
          // With credentials each append is a call of its own: of those that share one, all are lost when one fails.
          client.appendToStream(stream, proposed, { expectedRevision, credentials, deadline: appendMs }),
        );
        const revision = Number(nextExpectedRevision);
        if (expected === 'no-stream') this.limitAge(stream);
        return { revision, position: this.seen(position?.commit) ?? (await this.positionOf(stream, revision)) };
      } catch (error) {
        if (error instanceof WrongExpectedVersionError)
          throw new ConcurrencyConflict(stream, expected, asExpected(error.actualVersion));
        // The first of the events are there, and others follow them.
        if (typeOf(error) === ErrorType.INVALID_TRANSACTION)
          throw new ConcurrencyConflict(stream, expected, await this.lastRevision(stream));
        // By now the client knows who leads.
        if (typeOf(error) !== ErrorType.NOT_LEADER || tries > 1) throw asAppendFailure(stream, error);
      }
    }
  }

  async *readStream(stream: StreamName, fromRevision: number): AsyncIterable<RecordedEvent> {
    for await (const { event } of this.reading((client) =>
      client.readStream(stream, { fromRevision: BigInt(fromRevision), credentials: this.connection.credentials }),
    ))
      if (event !== undefined) yield asRecorded(event, this.seen(event.position?.commit) ?? (await this.head()));
  }

  async *subscribeAll({ after, categories, signal }: SubscriptionOptions): AsyncIterable<LogSlice> {
    let through = after;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      let reason = 'the server ended it';
      try {
        for await (const slice of this.subscribeOnce(through, signal)) {
          through = slice.through;
          pause = FIRST_PAUSE_MS;
          const events = slice.events.filter(({ stream }) => categories?.includes(categoryOf(stream)) ?? true);
          yield { ...slice, events };
        }
      } catch (error) {
        reason = reasonOf(error);
      }
      if (signal.aborted) return;
      this.observer?.redialled(reason);
      await delay(randomInt(pause / 2, pause), undefined, { signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  async head(): Promise<Position> {
    const { credentials } = this.connection;
    const backwards = this.reading((client) =>
      client.readAll({ direction: BACKWARDS, fromPosition: END, credentials }),
    );
    for await (const { event } of backwards) {
      const position = asPosition(event?.position?.commit);
      if (event?.streamId.startsWith(SYSTEM_PREFIX) === false)
        return this.seen(event.position?.commit) ?? this.furthest;
      if (position !== undefined && hasReached(this.furthest, position)) break;
    }
    return this.furthest;
  }

  close(): Promise<void> {
    this.closing ??= this.connected.dispose();
    return this.closing;
  }

  /** Follows the log until the connection, the server or the caller ends it. */
  private async *subscribeOnce(after: Position, signal: AbortSignal): AsyncIterable<LogSlice> {
    this.demandOpen();
    const { client, lost } = this.connected;
    const place = BigInt(after);
    const subscription = client.subscribeToAll(
      {
        fromPosition: after === LOG_START ? START : { commit: place, prepare: place },
        filter: streamNameFilter({ regex: OWN_STREAMS }),
        credentials: this.connection.credentials,
      },
      { highWaterMark: SLICE },
    );
    const feed = new Feed(subscription);
    const ended = AbortSignal.any([signal, lost]);
    let through = after;
    const watch = this.watch(feed, () => through);
    try {
      while (!ended.aborted) {
        const events = feed.take(SLICE).map((event) => asRecorded(event, this.seen(event.position?.commit) ?? through));
        through = events.at(-1)?.position ?? through;
        const caughtUp = feed.isCaughtUp;
        const hasJustCaughtUp = feed.hasJustCaughtUp();
        if (events.length > 0 || hasJustCaughtUp) yield { events, through, caughtUp };
        else if (feed.isOver) return;
        else await feed.wait(ended);
      }
    } finally {
      clearInterval(watch);
      feed.stop();
    }
  }

  /** A subscription that says nothing although the log has gone on, or never began, is dead and does not know it. */
  private watch(feed: Feed, through: () => Position): NodeJS.Timeout {
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
  private async *reading<Item>(start: (client: EventStoreDBClient) => StreamingRead<Item>): AsyncIterable<Item> {
    this.demandOpen();
    const { answerMs } = this.patience;
    const { client } = this.connected;
    const read = start(client);
    const timer = setTimeout(() => {
      this.reconnect(client);
      read.destroy(new ServerSilent(`nothing came for ${answerMs} ms`));
    }, answerMs);
    try {
      for await (const item of read) {
        timer.refresh();
        yield item;
      }
    } catch (error) {
      if (typeOf(error) !== ErrorType.STREAM_NOT_FOUND) throw asReadFailure(error);
    } finally {
      clearTimeout(timer);
      read.on('error', ignore);
      read.cancel().catch(ignore);
    }
  }

  private async within<Result>(limitMs: number, call: Promise<Result>): Promise<Result> {
    const { client } = this.connected;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.reconnect(client);
        reject(new ServerSilent(`nothing came for ${limitMs} ms`));
      }, limitMs);
      void call.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  /** A connection whose other end is gone says so only after a while: the next call is made over another one. */
  private reconnect(silent: EventStoreDBClient): void {
    if (this.connected.client !== silent || this.closing !== undefined) return;
    void this.connected.dispose();
    this.connected = new Connected(this.connection);
  }

  /** Nobody waits for it: what is kept longer harms nobody. */
  private limitAge(stream: StreamName): void {
    const maxAge = this.maxAge.get(categoryOf(stream));
    if (maxAge === undefined) return;
    const { credentials } = this.connection;
    const told = this.connected.client.setStreamMetadata(stream, { maxAge }, { credentials });
    told.catch((error: unknown) => this.observer?.keptForGood(stream, reasonOf(error)));
  }

  private async positionOf(stream: StreamName, revision: number): Promise<Position> {
    for await (const { position } of this.readStream(stream, revision)) return position;
    return this.head();
  }

  private async lastRevision(stream: StreamName): Promise<ExpectedRevision> {
    const { credentials } = this.connection;
    const backwards = this.reading((client) =>
      client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1, credentials }),
    );
    for await (const { event } of backwards) if (event !== undefined) return Number(event.revision);
    return 'no-stream';
  }

  private seen(commit: bigint | undefined): Position | undefined {
    const position = asPosition(commit);
    if (position !== undefined && hasReached(position, this.furthest)) this.furthest = position;
    return position;
  }

  private demandOpen(): void {
    if (this.closing !== undefined) throw new StoreUnavailable('The event store is closed.');
  }
}

/** One client, from its first call until it is given up. */
class Connected {
  readonly client: EventStoreDBClient;
  private readonly gone = new AbortController();

  constructor({ nodes, tls, credentials, options }: Connection) {
    const channel =
      tls === null ? { insecure: true } : { ...(tls.rootCertificate && { rootCertificate: tls.rootCertificate }) };
    this.client =
      'endpoint' in nodes
        ? new EventStoreDBClient({ ...nodes, ...options }, channel, credentials)
        : 'endpoints' in nodes
          ? new EventStoreDBClient({ ...nodes, ...options }, channel, credentials)
          : new EventStoreDBClient({ ...nodes, ...options }, channel, credentials);
  }

  /** Aborts when the client is given up: what hangs on it never hears of that itself. */
  get lost(): AbortSignal {
    return this.gone.signal;
  }

  async dispose(): Promise<void> {
    this.gone.abort();
    // It can wait for ever for a call that the server has ended.
    await Promise.race([this.client.dispose().catch(ignore), delay(DISPOSE_MS, undefined, { ref: false })]);
  }
}

/** What a subscription delivers, taken in portions, and how it is getting on. */
class Feed {
  private readonly news = new Signal();
  private failure: Error | undefined;
  private ended = false;
  private confirmed = false;
  private live = false;
  private liveIsNews = false;
  private heardAt = performance.now();

  constructor(private readonly subscription: AllStreamSubscription) {
    const hear = (then: () => void) => () => {
      this.heardAt = performance.now();
      then();
      this.news.notify();
    };
    subscription
      .on(
        'confirmation',
        hear(() => (this.confirmed = true)),
      )
      .on(
        'caughtUp',
        hear(() => (this.live = this.liveIsNews = true)),
      )
      .on(
        'fellBehind',
        hear(() => (this.live = this.liveIsNews = false)),
      )
      .on(
        'readable',
        hear(() => undefined),
      )
      .on(
        'end',
        hear(() => (this.ended = true)),
      )
      .on(
        'close',
        hear(() => (this.ended = true)),
      )
      .on('error', (error) => this.fail(error));
  }

  get isConfirmed(): boolean {
    return this.confirmed;
  }

  get silentMs(): number {
    return performance.now() - this.heardAt;
  }

  /** Whether all that the server has was taken. */
  get isCaughtUp(): boolean {
    return this.live && this.subscription.readableLength === 0;
  }

  get isOver(): boolean {
    return this.ended;
  }

  /** Whether it has caught up since this was last asked. */
  hasJustCaughtUp(): boolean {
    if (!this.liveIsNews || !this.isCaughtUp) return false;
    this.liveIsNews = false;
    return true;
  }

  /** @throws what ended the subscription, once all that came before it was taken */
  take(most: number): Logged[] {
    const events: Logged[] = [];
    while (events.length < most) {
      const item = this.subscription.read() as AllStreamResolvedEvent | null;
      if (item === null) break;
      if (item.event !== undefined) events.push(item.event);
    }
    if (events.length === 0 && this.failure !== undefined) throw this.failure;
    return events;
  }

  async wait(until: AbortSignal): Promise<void> {
    const isNews = () =>
      this.subscription.readableLength > 0 || this.failure !== undefined || this.ended || this.liveIsNews;
    await this.news.wait(until, isNews);
  }

  fail(error: Error): void {
    this.failure ??= error;
    this.news.notify();
  }

  stop(): void {
    // Leaving alone does not end the call on the server.
    this.subscription.unsubscribe().catch(ignore);
  }
}

const ignore = () => undefined;

const asExpected = (actual: bigint | string): ExpectedRevision =>
  typeof actual === 'bigint' ? Number(actual) : 'no-stream';

const asPosition = (commit: bigint | undefined): Position | undefined =>
  commit === undefined || commit === NOWHERE ? undefined : (String(commit) as Position);

const asRecorded = (event: Logged | Read, position: Position): RecordedEvent => ({
  id: event.id,
  type: event.type,
  data: event.data as RecordedEvent['data'],
  metadata: (event.metadata ?? {}) as RecordedEvent['metadata'],
  stream: event.streamId,
  revision: Number(event.revision),
  position,
  recordedAt: event.created,
});
