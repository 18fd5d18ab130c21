import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SignedHead } from '#domain/sealing/sealing.js';
import { Sealer } from '#sealing/sealer.js';
import { handOutHeads } from '#sealing/sink/hand-out-heads.js';
import { HeadEndpoint } from '#sealing/sink/head-endpoint.js';
import { HeadFile } from '#sealing/sink/head-file.js';
import type { HeadSink } from '#sealing/sink/head-sink.js';
import type { AuditSettings } from '../audit-settings.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Stores } from '../stores.js';
import { leavesElsewhere } from './leaves-elsewhere.js';

/** When a head is due (event-sourcing §15), and handed out. */
export interface SealingPace {
  /** After so many events, */
  readonly events: number;
  /** or so long after the last one if there is anything new. */
  readonly everyMs: number;
  /** Never sooner than so long after the last one: a long log that is caught up with gives others their turn. */
  readonly leastMs: number;
  /** It is handed out within so long. */
  readonly handOutMs: number;
}

const PACE: SealingPace = { events: 1_000, everyMs: 10_000, leastMs: 200, handOutMs: 1_000 };
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** So often it says how far it is while it catches up with a long log. */
const PROGRESS_MS = 10_000;

/** Heads are in this file of the data folder, unless the settings name another. */
export const HEADS_FILE = 'sealed-heads.ndjson';

/** Seals the log of this process's stores, and hands the heads out. Whatever fails here, everybody is served. */
export class SealingHost {
  private readonly sinks: readonly HeadSink[];
  /** How many leaves there are. */
  private size = 0;

  constructor(
    private readonly stores: Stores,
    { sink: { file, url } }: AuditSettings,
    private readonly metrics: Metrics,
    private readonly log: Log,
    private readonly pace: SealingPace = PACE,
  ) {
    const { leaves, settings } = stores;
    const heads = new HeadFile(file ?? join(settings.data, HEADS_FILE));
    this.sinks = url === null ? [heads] : [heads, new HeadEndpoint(url, leaves)];
  }

  /** Until the turn is over. The first head may wait as long as any: nothing is held up when a service starts. */
  async run(turn: AbortSignal): Promise<void> {
    await pause(this.pace.everyMs, turn);
    const { eventStore: store, repository } = this.stores;
    const parts = {
      store,
      repository,
      delivered: (sink: string, head: number) => this.log.debug({ sink, head }, 'a head was handed out'),
      failed: (sink: string, error: unknown) => this.notDelivered(sink, error),
      lookMs: this.pace.handOutMs,
    };
    const handing = this.sinks.map((sink) => handOutHeads(parts, sink, turn));
    await Promise.all([this.keepSealing(turn), ...handing]);
  }

  private async keepSealing(turn: AbortSignal): Promise<void> {
    let retryMs = RETRY_MS;
    while (!turn.aborted) {
      const startedAt = performance.now();
      const ending = new AbortController();
      const signal = AbortSignal.any([turn, ending.signal]);
      const parts = [this.followLog(signal), this.signHeads(signal)].map((part) => part.finally(() => ending.abort()));
      for (const end of await Promise.allSettled(parts)) if (end.status === 'rejected') this.failed(end.reason);
      const wentWell = performance.now() - startedAt > LONGEST_RETRY_MS;
      retryMs = wentWell ? RETRY_MS : Math.min(2 * retryMs, LONGEST_RETRY_MS);
      await pause(retryMs, turn);
    }
  }

  private followLog(signal: AbortSignal): Promise<void> {
    let saidAt = performance.now();
    const advanced = (size: number, isBehind: boolean) => {
      this.size = size;
      if (!isBehind || performance.now() - saidAt < PROGRESS_MS) return;
      saidAt = performance.now();
      this.log.info({ events: size }, 'the log is older than its seals: so many events have leaves by now');
    };
    return leavesElsewhere(this.stores.settings, advanced, signal);
  }

  private async signHeads(signal: AbortSignal): Promise<void> {
    const { repository, leaves, vault } = this.stores;
    const sealer = new Sealer({ repository, leaves, keys: vault, now: () => new Date() });
    const { events, everyMs, leastMs } = this.pace;
    let sealed = await sealer.sealedSize();
    let lookedAt = -Infinity;
    for (; !signal.aborted; await pause(leastMs, signal)) {
      const { size } = this;
      if (size === 0) continue;
      if (size - sealed < events && performance.now() - lookedAt < everyMs) continue;
      lookedAt = performance.now();
      const head = (await sealer.isDue(size)) ? await sealer.seal(size) : null;
      sealed = await sealer.sealedSize();
      if (head !== null) this.told(head);
    }
  }

  private told({ head: { number, size, position } }: SignedHead): void {
    this.log.debug({ head: number, size, position }, 'the log was sealed');
  }

  private failed(error: unknown): void {
    this.metrics.sealingFailures.inc();
    this.log.error({ error }, 'the log cannot be sealed at this moment; trying again');
  }

  private notDelivered(sink: string, error: unknown): void {
    this.metrics.headDeliveryFailures.inc({ sink });
    this.log.warn({ sink, error }, 'a signed head was not taken and is tried again');
  }
}

const pause = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
