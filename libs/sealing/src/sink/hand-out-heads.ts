import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SEALING_HEADS, sealing } from '#domain/sealing/sealing.js';
import type { EventStore } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import { headsFrom } from '../heads.js';
import type { HeadSink } from './head-sink.js';

export interface HandOutParts {
  readonly store: EventStore;
  readonly repository: Repository;
  readonly delivered: (sink: string, number: number) => void;
  readonly failed: (sink: string, error: unknown) => void;
  /** So often it looks for heads that were signed since. */
  readonly lookMs: number;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * Hands every head of the log to a sink, in order and at least once, until the signal ends it. What a sink does not take waits, and
 * nothing else waits for it.
 */
export async function handOutHeads(
  { store, repository, delivered, failed, lookMs }: HandOutParts,
  sink: HeadSink,
  signal: AbortSignal,
): Promise<void> {
  const wait = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
  let pause = FIRST_PAUSE_MS;
  let taken: number | null = null;
  while (!signal.aborted)
    try {
      const { state } = await repository.recent(sealing, SEALING_HEADS);
      const last = state.status === 'begun' ? (state.last?.number ?? 0) : 0;
      if (state.status === 'begun') taken ??= await sink.lastNumber(state.log);
      if (taken !== null && taken < last)
        for await (const { signed } of headsFrom(store, taken + 1)) {
          if (signal.aborted) return;
          await sink.take(signed);
          taken = signed.head.number;
          delivered(sink.name, taken);
          pause = FIRST_PAUSE_MS;
        }
      await wait(lookMs);
    } catch (error) {
      if (signal.aborted) return;
      failed(sink.name, error);
      taken = null;
      await wait(randomInt(pause / 2, pause));
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
}
