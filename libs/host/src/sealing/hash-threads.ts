import { once } from 'node:events';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Position, StoreUnavailable } from '#event-store/event-store.js';
import type { Stretch, StretchLeaves } from './hash-thread.js';
import type { LeafThreadSettings } from './leaf-thread-messages.js';

// A thread cannot be started from TypeScript: tests, which run on the sources, start the built one as well.
const PROGRAM = createRequire(import.meta.url).resolve('#host/sealing/hash-thread.js');
/** More are not filled by the one that compares. */
const MOST_THREADS = 4;

interface Waiting {
  readonly resolve: (leaves: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** Makes leaves of stretches of the log on all processors. */
export class HashThreads {
  private readonly threads: readonly Worker[];
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;
  private failure: Error | undefined;

  constructor({ data, database, eventStore }: LeafThreadSettings) {
    const workerData: LeafThreadSettings = { data, database, eventStore };
    this.threads = Array.from({ length: Math.min(MOST_THREADS, availableParallelism()) }, () => {
      const thread = new Worker(PROGRAM, { workerData, name: 'hash', execArgv: [] });
      thread.on('message', (answer: StretchLeaves) => this.settle(answer));
      thread.on('error', (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
      return thread;
    });
  }

  /** The leaves of the events behind a position, up to another one. @throws StoreUnavailable */
  leavesOfLog(after: Position, through: Position): Promise<Buffer> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      const number = this.asked;
      this.asked += 1;
      this.waiting.set(number, { resolve, reject });
      this.threads[number % this.threads.length]?.postMessage({ number, after, through } satisfies Stretch);
    });
  }

  async close(): Promise<void> {
    await Promise.all(
      this.threads.map(async (thread) => {
        const ended = once(thread, 'exit');
        thread.postMessage('close');
        await ended;
      }),
    );
  }

  private settle(answer: StretchLeaves): void {
    const waiting = this.waiting.get(answer.number);
    this.waiting.delete(answer.number);
    if ('failure' in answer) waiting?.reject(new StoreUnavailable(answer.failure));
    else waiting?.resolve(Buffer.from(answer.leaves.buffer));
  }

  /** One of them has ended: what it was asked, nobody answers. */
  private fail(error: Error): void {
    this.failure = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
