import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { type UserId, asUserId, userStream } from '#domain/ids.js';
import { reactor, reactorStream } from '#domain/reactor/reactor.js';
import type { CommandContext } from '#event-store/envelope.js';
import { type EventStore, LOG_START, type LogSlice, type Position, asPosition } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import type { Vault } from '#vault/vault.js';
import type { SubjectErasure } from './subject-erasure.js';

/** Told how erasing gets on: for logs. Nothing in it is personal. */
export interface ErasureObserver {
  completed(userId: UserId): void;
  /** Something is not as far yet, or failed; it is tried again. */
  delayed(userId: UserId, error: unknown): void;
  /** The log could not be read or written; it is tried again. */
  faulted(error: unknown): void;
}

export interface ErasureReactorParts {
  readonly store: EventStore;
  readonly repository: Repository;
  readonly vault: Pick<Vault, 'forget'>;
  /** Null in a process that leaves it to others, and only lets go of what it has in memory. */
  readonly erasure: Pick<SubjectErasure, 'complete'> | null;
  readonly observer: ErasureObserver;
  /** A context of a command that authlog gives itself. */
  readonly context: () => CommandContext;
  /** Waits; injected, so that tests need not. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const STREAM = reactorStream('erasure');
/** How far the checkpoint may stay behind: so much of the log is looked at again after a restart. */
const CHECKPOINT_EVERY = 1_000n;
const AT_ONCE = 2;
const PAUSE_MS = 1_000;
/** A projection may stand still for as long as its operators like. */
const LONGEST_PAUSE_MS = 60_000;

const pauseFor = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal, ref: false });

/**
 * Completes every erasure that was begun, by whichever process, and lets go of what this one has in memory of the person. It goes on
 * from a checkpoint in the log, or from the beginning of the log: nothing that was begun is ever left half done.
 */
export class ErasureReactor {
  /** Where each erasure under way would have to be read from again. */
  private readonly pending = new Map<UserId, Position>();
  private readonly completions = new Set<Promise<void>>();
  private readonly inTurn = pLimit(AT_ONCE);
  private readonly pause: NonNullable<ErasureReactorParts['pause']>;
  private recorded: Position = LOG_START;

  constructor(private readonly parts: ErasureReactorParts) {
    this.pause = parts.pause ?? pauseFor;
  }

  /** Follows the log until the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted)
      try {
        const after = await this.start();
        let before = after;
        for await (const slice of this.parts.store.subscribeAll({ after, categories: ['user'], signal }))
          before = await this.take(slice, before, signal);
      } catch (error) {
        if (signal.aborted) break;
        this.parts.observer.faulted(error);
        await this.pause(PAUSE_MS, signal).catch(() => undefined);
      }
    await Promise.all(this.completions);
  }

  /** What is only in memory cannot be older than the process. */
  private async start(): Promise<Position> {
    const { erasure, repository, store } = this.parts;
    if (erasure === null) return store.head();
    const { state } = await repository.load(reactor, STREAM);
    this.recorded = state.position === null ? LOG_START : asPosition(state.position);
    return this.recorded;
  }

  private async take({ events, through }: LogSlice, start: Position, signal: AbortSignal): Promise<Position> {
    let before = start;
    for (const { type, data, position } of events) {
      const userId = asUserId(String(data['userId']));
      if (type === 'UserErased') this.erased(userId, before, signal);
      // Not before: whoever completes it needs the key for a part of it.
      if (type === 'UserErasureCompleted') this.parts.vault.forget(userId);
      before = position;
    }
    await this.recordCheckpoint(through);
    return through;
  }

  private erased(userId: UserId, before: Position, signal: AbortSignal): void {
    const { erasure, repository } = this.parts;
    repository.forget(userStream(userId));
    if (erasure === null || this.pending.has(userId)) return;
    this.pending.set(userId, before);
    const completion = this.complete(erasure, userId, signal).finally(() => this.completions.delete(completion));
    this.completions.add(completion);
  }

  private async complete(
    erasure: Pick<SubjectErasure, 'complete'>,
    userId: UserId,
    signal: AbortSignal,
  ): Promise<void> {
    const { observer, context } = this.parts;
    for (let pauseMs = PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS))
      try {
        await this.inTurn(() => {
          signal.throwIfAborted();
          return erasure.complete(userId, context);
        });
        this.pending.delete(userId);
        return observer.completed(userId);
      } catch (error) {
        if (signal.aborted) return;
        observer.delayed(userId, error);
        await this.pause(pauseMs, signal).catch(() => undefined);
      }
  }

  /** Never beyond what is still under way. */
  private async recordCheckpoint(through: Position): Promise<void> {
    const { erasure, repository, context } = this.parts;
    const [oldest = through] = this.pending.values();
    if (erasure === null || BigInt(oldest) - BigInt(this.recorded) < CHECKPOINT_EVERY) return;
    await repository.execute(reactor, STREAM, { type: 'AdvanceReactor', through: oldest }, context());
    this.recorded = oldest;
  }
}
