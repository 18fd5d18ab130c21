import type { SignedHead } from '#domain/sealing/sealing.js';
import { sha256 } from '../merkle-tree.js';
import type { HeadSink } from './head-sink.js';

/** Remembers, beside the leaves, what was handed over. */
export interface Deliveries {
  deliveredTo(sink: string): Promise<number>;
  markDelivered(sink: string, number: number): Promise<void>;
}

const WITHIN_MS = 10_000;

/** Somebody who takes heads over HTTP: one POST each, JSON; whatever is answered with 2xx is taken. */
export class HeadEndpoint implements HeadSink {
  readonly name: string;
  private readonly key: string;

  constructor(
    private readonly url: string,
    private readonly deliveries: Deliveries,
    private readonly withinMs = WITHIN_MS,
  ) {
    // What follows the host may be a secret.
    this.name = new URL(url).origin;
    this.key = sha256(url).toString('base64url');
  }

  lastNumber = (log: string): Promise<number> => this.deliveries.deliveredTo(`${log}/${this.key}`);

  async take(signed: SignedHead): Promise<void> {
    const { status, ok } = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(signed),
      redirect: 'error',
      signal: AbortSignal.timeout(this.withinMs),
    });
    if (!ok) throw new Error(`it answered ${status}`);
    await this.deliveries.markDelivered(`${signed.head.log}/${this.key}`, signed.head.number);
  }
}
