import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { type DispatchOutcome, type MailKind, mail, mailStream } from '#domain/mail/mail.js';
import { reactor, reactorStream } from '#domain/reactor/reactor.js';
import type { EventCodec } from '#event-store/codec.js';
import type { CommandContext } from '#event-store/envelope.js';
import { type EventStore, LOG_START, type LogSlice, type Position, asPosition } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import type { MailComposer } from './mail-composer.js';
import { type MailOrder, TELLING_CATEGORIES, isTellingType, orderFor } from './mail-orders.js';
import { MailNotTaken, MailRefused, type MailTransport, type OutgoingMail } from './mail-transport.js';

/** Told how mails get on: for metrics and logs. Nothing in it is anybody's address. */
export interface MailObserver {
  dispatched(kind: MailKind, id: string, where: string): void;
  failed(kind: MailKind, id: string, cause: string, retryAt: Date): void;
  abandoned(kind: MailKind, id: string, reason: string): void;
  /** The log could not be read or written; it is tried again. */
  faulted(error: unknown): void;
}

export interface MailReactorParts {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly repository: Repository;
  readonly composer: MailComposer;
  readonly transport: MailTransport;
  readonly observer: MailObserver;
  /** A context of a command that authlog gives itself. */
  readonly context: () => CommandContext;
  /** Waits; injected, so that tests need not. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const STREAM = reactorStream('mail');

const AT_ONCE = 4;
/** So many mails may be under way or waiting before the log is read on. */
const MAX_PENDING = 1_000;
/** How far the checkpoint may stay behind: so much of the log is looked at again after a restart. */
const CHECKPOINT_EVERY = 1_000n;
const FAULT_PAUSE_MS = 1_000;
/** Of a mail that another process has: when to look whether it is done. */
const LOOK_AGAIN_MS = 5_000;
/** How long what is being handed over has to end when the process does. */
const LAST_WORDS_MS = 3_000;

const pauseFor = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal, ref: false });

/**
 * Sends the mails that events call for: follows the log from a checkpoint of its own, which stands in the log, as does what
 * became of each mail. After a crash none is lost, and one that was being handed over is tried again; rebuilding a read
 * model sends none. Several processes may run it: each mail is taken by one (libs/domain/src/mail/mail.ts).
 */
export class MailReactor {
  /** Where each mail on its way would have to be read from again. */
  private readonly pending = new Map<string, Position>();
  private readonly inTurn = pLimit(AT_ONCE);
  private readonly pause: NonNullable<MailReactorParts['pause']>;
  private readonly cutOff = new AbortController();
  private readonly deliveries = new Set<Promise<void>>();
  private roomMade: (() => void) | undefined;
  private frontier: Position | undefined;
  private recorded: Position | undefined;

  constructor(private readonly parts: MailReactorParts) {
    this.pause = parts.pause ?? pauseFor;
  }

  /** What has happened before this was first called is nothing to send mails about. @returns where to go on */
  static async begin(parts: Pick<MailReactorParts, 'context' | 'repository' | 'store'>): Promise<Position> {
    const { store, repository, context } = parts;
    const { state: known } = await repository.load(reactor, STREAM);
    if (known.position !== null) return asPosition(known.position);
    const begin = { type: 'BeginReactor', at: await store.head() } as const;
    const { state } = await repository.execute(reactor, STREAM, begin, context());
    return state.position === null ? LOG_START : asPosition(state.position);
  }

  /** How many mails are on their way or wait for another try. */
  get length(): number {
    return this.pending.size;
  }

  /** Follows the log until the signal ends it; then finishes what is being handed over. */
  async run(signal: AbortSignal): Promise<void> {
    // Each mail that waits listens for the end.
    setMaxListeners(0, signal, this.cutOff.signal);
    const cutOff = () => void setTimeout(() => this.cutOff.abort(), LAST_WORDS_MS).unref();
    signal.addEventListener('abort', cutOff, { once: true });
    while (!signal.aborted) {
      try {
        const after = await this.checkpoint();
        const { store } = this.parts;
        for await (const slice of store.subscribeAll({ after, categories: TELLING_CATEGORIES, signal }))
          await this.take(slice, signal);
      } catch (error) {
        if (signal.aborted) break;
        this.parts.observer.faulted(error);
        await this.pause(FAULT_PAUSE_MS, signal).catch(() => undefined);
      }
    }
    await Promise.all(this.deliveries);
  }

  private async checkpoint(): Promise<Position> {
    const position = await MailReactor.begin(this.parts);
    this.recorded = position;
    this.frontier = position;
    return position;
  }

  private async take({ events, through }: LogSlice, signal: AbortSignal): Promise<void> {
    let before = this.frontier ?? through;
    for (const recorded of events) {
      if (isTellingType(recorded.type)) {
        const [decoded] = await this.parts.codec.decode([recorded]);
        const order = decoded === undefined ? null : orderFor(decoded);
        if (order !== null && !this.pending.has(order.id)) await this.accept(order, before, signal);
      }
      before = recorded.position;
    }
    this.frontier = through;
    await this.recordCheckpoint();
  }

  private async accept(order: MailOrder, before: Position, signal: AbortSignal): Promise<void> {
    while (this.pending.size >= MAX_PENDING && !signal.aborted)
      await new Promise<void>((resolve) => (this.roomMade = resolve));
    this.pending.set(order.id, before);
    const delivery = this.deliver(order, signal).finally(() => {
      this.deliveries.delete(delivery);
      if (!signal.aborted) this.pending.delete(order.id);
      this.roomMade?.();
    });
    this.deliveries.add(delivery);
  }

  /** Until the mail is over, or the signal ends it: then the next start goes on. */
  private async deliver(order: MailOrder, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const waitMs = await this.inTurn(() => this.tryOnce(order));
        if (waitMs === null) return;
        await this.pause(waitMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.parts.observer.faulted(error);
        await this.pause(FAULT_PAUSE_MS, signal).catch(() => undefined);
      }
    }
  }

  /** @returns after how many milliseconds to try again; null when the mail is over */
  private async tryOnce(order: MailOrder): Promise<number | null> {
    const { repository, composer, observer } = this.parts;
    const { id, kind, userId, deadline } = order;
    const context = this.parts.context();
    const { now } = context;
    const { state: before } = await repository.load(mail, mailStream(id));
    if (before.status === 'over') return null;
    const composed = await composer.compose(order, now);
    if (composed === null) return null;
    const start = { type: 'StartDispatch', kind, userId, deadline, now } as const;
    const { state, events } = await repository.execute(mail, mailStream(id), start, context);
    const [event] = events;
    if (event?.type === 'MailDispatchStarted') return this.handOver(order, composed);
    if (event?.type === 'MailAbandoned') observer.abandoned(kind, id, event.data.reason);
    if (state.status === 'waiting') return Math.max(0, state.retryAt.getTime() - now.getTime());
    return state.status === 'over' ? null : LOOK_AGAIN_MS;
  }

  private async handOver({ id, kind }: MailOrder, composed: OutgoingMail): Promise<number | null> {
    const { repository, transport, observer } = this.parts;
    const record = async (outcome: DispatchOutcome) => {
      const context = this.parts.context();
      return repository.execute(mail, mailStream(id), { ...outcome, now: context.now }, context);
    };
    try {
      const where = await transport.send(composed, this.cutOff.signal);
      await record({ type: 'RecordDispatch' });
      observer.dispatched(kind, id, where);
      return null;
    } catch (error) {
      if (error instanceof MailRefused) {
        await record({ type: 'RecordRefusal' });
        observer.abandoned(kind, id, `refused: ${error.message}`);
        return null;
      }
      if (!(error instanceof MailNotTaken)) throw error;
      const { state } = await record({ type: 'RecordFailedDispatch', cause: error.message });
      if (state.status !== 'waiting') return null;
      observer.failed(kind, id, error.message, state.retryAt);
      return Math.max(0, state.retryAt.getTime() - this.parts.context().now.getTime());
    }
  }

  /** Never beyond a mail that is still on its way. */
  private async recordCheckpoint(): Promise<void> {
    const [oldest = this.frontier] = this.pending.values();
    if (oldest === undefined || this.recorded === undefined) return;
    if (BigInt(oldest) - BigInt(this.recorded) < CHECKPOINT_EVERY) return;
    await this.parts.repository.execute(
      reactor,
      STREAM,
      { type: 'AdvanceReactor', through: oldest },
      this.parts.context(),
    );
    this.recorded = oldest;
  }
}
