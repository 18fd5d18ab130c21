import { createHash, randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { LRUCache } from 'lru-cache';
import type { Decider, DomainEvent, Fold } from '#domain/decider.js';
import type { StreamName } from '#domain/ids.js';
import type { AppendTracer, TracedAppend } from './append-tracer.js';
import type { DecodedEvent, EventCodec } from './codec.js';
import type { CommandContext } from './envelope.js';
import {
  AppendOutcomeUnknown,
  type Appended,
  ConcurrencyConflict,
  type EventStore,
  type NewEvent,
  type Position,
  type RecordedEvent,
} from './event-store.js';
import { Refused } from '#domain/refused.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { Lanes } from './lanes.js';
import { LogWatch, type LogWatchOptions } from './log-watch.js';
import type { Snapshots } from './snapshots.js';

/** A stream as it is now. */
export interface Loaded<State> {
  readonly state: State;
  /** The revision of its last event; -1 for a stream that is not there. */
  readonly revision: number;
  /** Where its last event stands in the log; undefined for a stream that is not there. */
  readonly position: Position | undefined;
}

/** What a command did. */
export interface Outcome<State, Event> extends Loaded<State> {
  /** What happened; nothing if it was so already. */
  readonly events: readonly Event[];
  /** Whether this very command had been carried out before; then nothing was decided now. */
  readonly repeated: boolean;
}

/** The same idempotency key was used for something else. */
export class IdempotencyKeyReused extends Error {
  override readonly name = 'IdempotencyKeyReused';
}

/** Told what the repository does, for metrics. */
export interface RepositoryObserver {
  appended(seconds: number): void;
  /** The store could not take events, or it is not known whether it did. */
  appendFailed(): void;
  conflicted(): void;
  snapshotFailed(): void;
}

export interface RepositoryOptions {
  readonly snapshots?: Snapshots;
  /** Tells which kept streams are current, where asking the store each time would take long. */
  readonly watch?: LogWatchOptions;
  readonly observer?: RepositoryObserver;
  readonly tracer?: AppendTracer;
  /** The pause before trying again after a conflict or a lost answer. */
  readonly backOff?: () => Promise<unknown>;
}

// The cache holds the states of all kinds of streams; the category of a stream tells which fold made its state.
type AnyFold = Fold<unknown, DomainEvent>;

interface CachedStream {
  readonly state: unknown;
  readonly revision: number;
  /** Of the last event; empty while there is none. */
  readonly eventId: string;
  readonly position: Position | undefined;
  /** The fingerprints of the latest commands whose callers chose their ids, by id. */
  readonly commands: ReadonlyMap<string, string>;
  readonly snapshotRevision: number;
  /** The unbroken stretch of the watch in which it was brought up to date; null if it was not watched. */
  readonly stretch: number | null;
}

/** After so many events without one, a snapshot is kept of streams that may have one. */
const SNAPSHOT_EVERY = 50;
const CACHED_STREAMS = 20_000;
const REMEMBERED_COMMANDS = 200;
const MAX_DECISIONS = 5;
const MAX_REPEATS = 3;
const LEAST_BACK_OFF_MS = 10;
const MOST_BACK_OFF_MS = 200;

const NO_STREAM: CachedStream = {
  state: undefined,
  revision: -1,
  eventId: '',
  position: undefined,
  commands: new Map(),
  snapshotRevision: -1,
  stretch: null,
};

/**
 * Load, decide, append. A stream's state is kept and brought up to date by reading what came after it, so it is always
 * current and costs one short read, however long the stream is.
 */
export class Repository {
  private readonly cache = new LRUCache<string, CachedStream>({ max: CACHED_STREAMS });
  private readonly lanes = new Lanes();
  private readonly foldVersions = new Map<AnyFold, string>();
  private readonly snapshots: Snapshots | undefined;
  private readonly observer: RepositoryObserver | undefined;
  private readonly tracer: AppendTracer | undefined;
  private readonly backOff: () => Promise<unknown>;
  private readonly watch: LogWatch | undefined;
  /** How far streams have grown of late: what is being loaded may be old before it is kept. */
  private readonly grown = new LRUCache<string, number>({ max: CACHED_STREAMS });

  constructor(
    private readonly store: EventStore,
    private readonly codec: EventCodec,
    { snapshots, observer, tracer, backOff = fullJitter, watch }: RepositoryOptions = {},
  ) {
    this.watch = watch && new LogWatch(store, (stream, revision) => this.noticeGrowth(stream, revision), watch);
    this.watch?.start();
    this.snapshots = snapshots;
    this.observer = observer;
    this.tracer = tracer;
    this.backOff = backOff;
  }

  /** The stream as it is at this moment. */
  async load<State, Event extends DomainEvent>(fold: Fold<State, Event>, stream: StreamName): Promise<Loaded<State>> {
    const { state, revision, position } = await this.current(fold, stream);
    return { state: state as State, revision, position };
  }

  /**
   * The stream as it was a moment ago: with everything that this process appended, and with what others did unless it was
   * within the time that news of it takes. For what is asked often and may be as old as that (design §3: 250 ms).
   */
  async recent<State, Event extends DomainEvent>(fold: Fold<State, Event>, stream: StreamName): Promise<Loaded<State>> {
    const { state, revision, position } = this.watched(stream) ?? (await this.current(fold, stream));
    return { state: state as State, revision, position };
  }

  /** Lets go of what is kept of a stream; the next one who asks reads it from the store. */
  forget(stream: StreamName): void {
    this.cache.delete(stream);
  }

  /** Stops watching the log. */
  close(): void {
    this.watch?.stop();
  }

  /**
   * Whether the command was carried out on this stream before.
   * @throws IdempotencyKeyReused if its key was used there for something else
   */
  async isRepeated(fold: AnyFold, stream: StreamName, context: CommandContext): Promise<boolean> {
    return isRepeated(await this.current(fold, stream), context);
  }

  /**
   * For a command that does several things, before it does the first: the stream of the last one tells.
   * @throws IdempotencyKeyReused if its key was used there for something else
   */
  async demandSameCommand(fold: AnyFold, stream: StreamName, context: CommandContext): Promise<void> {
    await this.isRepeated(fold, stream, context);
  }

  /**
   * Carries out a command: decides on the current state and appends what was decided. If another process was quicker it
   * decides again; a command that was carried out before is not carried out again.
   * @throws Refused, IdempotencyKeyReused, and ConcurrencyConflict if others were quicker five times
   */
  async execute<State, Command, Event extends DomainEvent>(
    decider: Decider<State, Command, Event>,
    stream: StreamName,
    command: Command,
    context: CommandContext,
  ): Promise<Outcome<State, Event>> {
    // Commands of this process on one stream take turns, so that only other processes can be quicker.
    return this.lanes.inTurn(stream, async () => {
      const early = await this.executeOnKept(decider, stream, command, context);
      if (early !== null) return early;
      for (let decision = 1; ; decision += 1) {
        const current = await this.current(decider, stream);
        const { revision, position } = current;
        const state = current.state as State;
        if (isRepeated(current, context)) return { state, revision, position, events: [], repeated: true };
        const events = decider.decide(state, command);
        if (events.length === 0) return { state, revision, position, events, repeated: false };
        try {
          const next = await this.append(decider, stream, current, events, context);
          return { ...next, state: next.state as State, events, repeated: false };
        } catch (error) {
          if (!(error instanceof ConcurrencyConflict)) throw error;
          this.observer?.conflicted();
          if (decision === MAX_DECISIONS) throw error;
          await this.backOff();
        }
      }
    });
  }

  /**
   * Decides on what is kept, if that seems to be current: an append proves that it was. Anything else is decided again, on what
   * the store says.
   */
  private async executeOnKept<State, Command, Event extends DomainEvent>(
    decider: Decider<State, Command, Event>,
    stream: StreamName,
    command: Command,
    context: CommandContext,
  ): Promise<Outcome<State, Event> | null> {
    const kept = this.watched(stream);
    if (kept === undefined || isRepeated(kept, context)) return null;
    try {
      const events = decider.decide(kept.state as State, command);
      if (events.length === 0) return null;
      const next = await this.append(decider, stream, kept, events, context);
      return { ...next, state: next.state as State, events, repeated: false };
    } catch (error) {
      if (error instanceof Refused || error instanceof SamlRefused || error instanceof ConcurrencyConflict) return null;
      throw error;
    }
  }

  private noticeGrowth(stream: StreamName, revision: number): void {
    this.grown.set(stream, revision);
    const kept = this.cache.peek(stream);
    if (kept !== undefined && kept.revision < revision) this.cache.set(stream, { ...kept, stretch: null });
  }

  private watched(stream: StreamName): CachedStream | undefined {
    const kept = this.cache.get(stream);
    if (kept === undefined || kept.stretch === null || kept.stretch !== this.watch?.unbroken) return undefined;
    return (this.grown.get(stream) ?? -1) > kept.revision ? undefined : kept;
  }

  private async append(
    fold: AnyFold,
    stream: StreamName,
    current: CachedStream,
    events: readonly DomainEvent[],
    context: CommandContext,
  ): Promise<CachedStream> {
    const traced = this.tracer?.begin(
      stream,
      events.map(({ type }) => type),
    );
    const marked = traced === undefined ? context : { ...context, traceparent: traced.traceparent };
    // Ids are made once for each decision: every try to append it carries the same ones, and what another process decided
    // for the same command is never taken for it.
    const encoded = await Promise.all(events.map((event) => this.codec.encode(event, randomUUID(), stream, marked)));
    const stretch = this.watch?.unbroken ?? null;
    const appending = this.appendOnce(stream, current.revision, encoded);
    const { revision, position } = await (traced === undefined ? appending : told(traced, appending));
    const next: CachedStream = {
      state: events.reduce((state, event) => fold.evolve(state, event, context.now), current.state),
      revision,
      eventId: encoded.at(-1)?.id ?? '',
      position,
      commands: remember(current.commands, [context]),
      snapshotRevision: current.snapshotRevision,
      stretch,
    };
    return this.keep(fold, stream, next);
  }

  /** Appends, and appends the same again while it is unknown whether the store took it. */
  private async appendOnce(stream: StreamName, revision: number, events: readonly NewEvent[]): Promise<Appended> {
    const expected = revision < 0 ? 'no-stream' : revision;
    const startedAt = performance.now();
    for (let repeat = 0; ; repeat += 1) {
      try {
        const appended = await this.store.append(stream, expected, events);
        this.observer?.appended((performance.now() - startedAt) / 1_000);
        return appended;
      } catch (error) {
        if (!(error instanceof ConcurrencyConflict)) this.observer?.appendFailed();
        const lost =
          repeat > 0 && error instanceof ConcurrencyConflict ? await this.find(stream, revision, events) : null;
        if (lost !== null) return lost;
        if (!(error instanceof AppendOutcomeUnknown) || repeat === MAX_REPEATS) throw error;
        await this.backOff();
      }
    }
  }

  /** Where the events stand, if an append whose answer was lost did take them and others have gone on from there. */
  private async find(stream: StreamName, revision: number, events: readonly NewEvent[]): Promise<Appended | null> {
    const lastId = events.at(-1)?.id;
    for await (const event of this.store.readStream(stream, revision + 1))
      if (event.id === lastId) return { revision: event.revision, position: event.position };
    return null;
  }

  private async current(fold: AnyFold, stream: StreamName): Promise<CachedStream> {
    const known = this.cache.get(stream) ??
      (await this.fromSnapshot(fold, stream)) ?? { ...NO_STREAM, state: fold.initial };
    const stretch = this.watch?.unbroken ?? null;
    const tail: RecordedEvent[] = [];
    for await (const event of this.store.readStream(stream, known.revision + 1)) tail.push(event);
    const last = tail.at(-1);
    if (last === undefined) return stretch === null ? known : this.keep(fold, stream, { ...known, stretch });

    const decoded = await this.codec.decode(tail);
    return this.keep(fold, stream, {
      state: decoded.reduce((state, { event, occurredAt }) => fold.evolve(state, event, occurredAt), known.state),
      revision: last.revision,
      eventId: last.id,
      position: last.position,
      commands: remember(known.commands, decoded.map(keyedCommand)),
      snapshotRevision: known.snapshotRevision,
      stretch,
    });
  }

  private keep(fold: AnyFold, stream: StreamName, next: CachedStream): CachedStream {
    const { foldVersion } = fold;
    const isDue = foldVersion !== undefined && next.revision - next.snapshotRevision >= SNAPSHOT_EVERY;
    const kept = isDue && this.snapshots !== undefined ? { ...next, snapshotRevision: next.revision } : next;
    // Two loads of one stream may overtake each other; what is kept never goes back.
    if ((this.cache.peek(stream)?.revision ?? -1) <= kept.revision) this.cache.set(stream, kept);
    if (kept !== next) this.keepSnapshot(fold, stream, kept);
    return kept;
  }

  /** Snapshots save work and decide nothing: where they fail the log is read instead. */
  private keepSnapshot(fold: AnyFold, stream: StreamName, kept: CachedStream): void {
    const { state, revision, eventId, position, commands } = kept;
    try {
      const bytes = serialize({ state, position, commands });
      this.snapshots?.write(stream, { revision, eventId, foldVersion: this.foldVersionOf(fold), state: bytes });
    } catch {
      this.observer?.snapshotFailed();
    }
  }

  private async fromSnapshot(fold: AnyFold, stream: StreamName): Promise<CachedStream | undefined> {
    if (fold.foldVersion === undefined) return undefined;
    try {
      const snapshot = this.snapshots?.read(stream);
      if (snapshot === undefined || snapshot.foldVersion !== this.foldVersionOf(fold)) return undefined;
      const { revision, eventId } = snapshot;
      const kept = deserialize(snapshot.state) as Pick<CachedStream, 'state' | 'position' | 'commands'>;
      if (!(await this.holds(stream, revision, eventId))) return undefined;
      return { ...kept, revision, eventId, snapshotRevision: revision, stretch: null };
    } catch {
      this.observer?.snapshotFailed();
      return undefined;
    }
  }

  /** Whether the log has this event there; one that was restored from a back-up may have another, or none. */
  private async holds(stream: StreamName, revision: number, eventId: string): Promise<boolean> {
    return (await this.store.readEvent(stream, revision))?.id === eventId;
  }

  /** Changes with the source of the fold, so that forgetting to raise its version cannot bring back a wrong state. */
  private foldVersionOf(fold: AnyFold): string {
    const known = this.foldVersions.get(fold);
    if (known !== undefined) return known;
    const source = createHash('sha256').update(fold.evolve.toString()).digest('base64url').slice(0, 16);
    const version = `${fold.foldVersion}:${source}`;
    this.foldVersions.set(fold, version);
    return version;
  }
}

/** The append, of whose end its tracer is told. */
async function told(traced: TracedAppend, appending: Promise<Appended>): Promise<Appended> {
  try {
    const appended = await appending;
    traced.succeeded(appended);
    return appended;
  } catch (error) {
    traced.failed(error);
    throw error;
  }
}

function isRepeated({ commands }: CachedStream, { commandId, fingerprint }: CommandContext): boolean {
  if (fingerprint === undefined) return false;
  const known = commands.get(commandId);
  if (known !== undefined && known !== fingerprint)
    throw new IdempotencyKeyReused('This Idempotency-Key was used for a different request.');
  return known !== undefined;
}

type KeyedCommand = Pick<CommandContext, 'commandId' | 'fingerprint'>;

const keyedCommand = ({ metadata }: DecodedEvent): KeyedCommand => {
  const { commandId = '', fingerprint } = metadata;
  return fingerprint === undefined ? { commandId } : { commandId, fingerprint };
};

/** Only ids that callers chose can come again; the others are not worth remembering. */
function remember(known: ReadonlyMap<string, string>, commands: readonly KeyedCommand[]): ReadonlyMap<string, string> {
  const keyed = commands.filter(({ fingerprint }) => fingerprint !== undefined);
  if (keyed.length === 0) return known;
  const all = new Map(known);
  for (const { commandId, fingerprint = '' } of keyed) all.set(commandId, fingerprint);
  return new Map([...all].slice(-REMEMBERED_COMMANDS));
}

// Full jitter, so that those who collided do not collide again.
const fullJitter = () => delay(randomInt(LEAST_BACK_OFF_MS, MOST_BACK_OFF_MS));
