import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientReadableStream } from '@grpc/grpc-js';
import type { RecordedEvent } from '../event-store.js';
import { Signal } from '../signal.js';
import { ServerSilent } from './failures.js';
import { recordedEvent } from './wire.js';

/** So much of what is sent waits here: the call itself keeps hardly any. */
const READ_AHEAD = 2_000;

/** What a subscription delivers, taken in portions, and how it is getting on. */
export class SubscriptionFeed {
  private readonly received: ReadResp[] = [];
  private readonly news = new Signal();
  private failure: Error | undefined;
  private confirmed = false;
  private live = false;
  private liveIsNews = false;
  private heardAt = performance.now();

  constructor(private readonly call: ClientReadableStream<ReadResp>) {
    call
      .on('data', (response: ReadResp) => this.hear(response))
      .on('end', () => this.fail(new ServerSilent('the server ended it')))
      .on('close', () => this.fail(new ServerSilent('the connection was closed')))
      .on('error', (error: Error) => this.fail(error));
  }

  get isConfirmed(): boolean {
    return this.confirmed;
  }

  get silentMs(): number {
    return performance.now() - this.heardAt;
  }

  /** Whether all that the server has was taken. */
  get isCaughtUp(): boolean {
    return this.live && this.received.length === 0;
  }

  /** Whether it has caught up since this was last asked. */
  hasJustCaughtUp(): boolean {
    if (!this.liveIsNews || !this.isCaughtUp) return false;
    this.liveIsNews = false;
    return true;
  }

  /** @throws what ended the subscription, once all that came before it was taken */
  take(most: number): RecordedEvent[] {
    const events: RecordedEvent[] = [];
    for (const response of this.received.splice(0, most)) {
      if (response.hasConfirmation()) this.confirmed = true;
      if (response.hasCaughtUp()) this.live = this.liveIsNews = true;
      if (response.hasFellBehind()) this.live = this.liveIsNews = false;
      const event = recordedEvent(response);
      if (event !== undefined) events.push(event);
    }
    if (this.received.length < READ_AHEAD) this.call.resume();
    if (events.length === 0 && !this.liveIsNews && this.failure !== undefined) throw this.failure;
    return events;
  }

  async wait(until: AbortSignal): Promise<void> {
    await this.news.wait(until, () => this.received.length > 0 || this.failure !== undefined);
    // What comes together is taken together.
    await nextTurn();
  }

  fail(error: Error): void {
    this.failure ??= error;
    this.news.notify();
  }

  private hear(response: ReadResp): void {
    this.heardAt = performance.now();
    this.received.push(response);
    if (this.received.length >= READ_AHEAD) this.call.pause();
    this.news.notify();
  }

  /** Leaving alone does not end the call on the server. */
  stop(): void {
    this.call.cancel();
  }
}
