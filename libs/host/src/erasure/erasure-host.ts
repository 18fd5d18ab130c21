import { NotYetErased } from '#accounts/erasure/personal-traces.js';
import { type ErasureObserver, ErasureReactor } from '#accounts/erasure/erasure-reactor.js';
import type { SubjectErasure } from '#accounts/erasure/subject-erasure.js';
import { systemContext } from '#event-store/envelope.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import type { Stores } from '../stores.js';

/** Completes erasures in this process, or only lets go of what is in its memory. */
export class ErasureHost {
  private readonly reactor: ErasureReactor;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  /** @param erasure null where another process follows the log */
  constructor(
    { eventStore: store, repository, vault }: Stores,
    erasure: SubjectErasure | null,
    clock: Clock,
    log: Log,
  ) {
    const context = () => systemContext(clock.now(), 'erasure');
    this.reactor = new ErasureReactor({ store, repository, vault, erasure, observer: observerOf(log), context });
  }

  start(): void {
    this.running = this.reactor.run(this.stopping.signal);
  }

  /** What is under way is gone on with at the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }
}

const observerOf = (log: Log): ErasureObserver => ({
  completed(userId) {
    log.info({ userId }, 'a user was erased');
  },
  delayed(userId, error) {
    if (error instanceof NotYetErased) log.warn({ userId }, 'a user is erased, and waits for the read models to know');
    else log.error({ userId, error }, 'a user could not be erased yet; trying again');
  },
  faulted(error) {
    log.error({ error }, 'what was to be erased cannot be looked up at this moment; trying again');
  },
});
