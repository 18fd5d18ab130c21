import { setTimeout as delay } from 'node:timers/promises';
import type { StreamName } from '#domain/ids.js';
import { type EventStore, type Position, hasReached } from './event-store.js';

export interface LogWatchOptions {
  /** How long it believes itself without a proof that it has seen the end of the log. */
  readonly trustMs?: number;
  /** How often it asks where the end is. */
  readonly askMs?: number;
}

const TRUST_MS = 2_000;
const ASK_MS = 500;

/**
 * Follows the log to tell which streams have grown: what is kept of the others is current without asking a store that is
 * far away. It says so only while it can prove that it has seen everything up to a moment ago.
 */
export class LogWatch {
  private readonly stopping = new AbortController();
  private readonly trustMs: number;
  private readonly askMs: number;
  private through: Position | undefined;
  /** Whether news comes at all: while it does not, a log in which nothing has happened yet proves nothing. */
  private isTold = false;
  /** Where the log ended when it was asked last, until that is seen. */
  private asked: { readonly at: number; readonly head: Position } | undefined;
  private provenAt = Number.NEGATIVE_INFINITY;
  private stretch = 0;

  constructor(
    private readonly store: EventStore,
    private readonly grown: (stream: StreamName, revision: number) => void,
    { trustMs = TRUST_MS, askMs = ASK_MS }: LogWatchOptions = {},
  ) {
    this.trustMs = trustMs;
    this.askMs = askMs;
  }

  /** Watches from the present end of the log on. */
  start(): void {
    const { signal } = this.stopping;
    void this.follow(signal);
    void this.ask(signal);
  }

  stop(): void {
    this.stopping.abort();
  }

  /** The stretch of time that it has seen without a gap, up to now; null where it cannot tell. */
  get unbroken(): number | null {
    // Whatever happens now will be told, and what was kept counts again then.
    if (!this.isTold) return null;
    if (performance.now() - this.provenAt <= this.trustMs) return this.stretch;
    // Nobody knows what was missed: what was kept before counts no more, also once it is seen again.
    this.stretch += 1;
    this.provenAt = Number.NEGATIVE_INFINITY;
    return null;
  }

  private async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted)
      try {
        const after = this.through ?? (await this.store.head());
        for await (const { events, through, caughtUp } of this.store.subscribeAll({ after, signal })) {
          for (const { stream, revision } of events) this.grown(stream as StreamName, revision);
          this.through = through;
          this.isTold = caughtUp;
          this.proveSeen();
        }
      } catch {
        this.isTold = false;
        await delay(this.askMs, undefined, { signal }).catch(() => undefined);
      }
  }

  private async ask(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.asked === undefined) {
        const at = performance.now();
        const head = await this.store.head().catch(() => undefined);
        this.asked = head && { at, head };
        this.proveSeen();
      }
      await delay(this.askMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Whoever is asked about the end of a busy log has seen a little less at that moment, and sees it in the next. */
  private proveSeen(): void {
    const { asked, through, isTold } = this;
    if (!isTold || asked === undefined || through === undefined || !hasReached(through, asked.head)) return;
    if (this.unbroken === null) this.stretch += 1;
    this.provenAt = asked.at;
    this.asked = undefined;
  }
}
