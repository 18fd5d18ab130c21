import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asUserId, userStream } from '#domain/ids.js';
import { someEvent } from './testing/contract.js';
import {
  type EventStore,
  type LogSlice,
  type Position,
  StoreUnavailable,
  type SubscriptionOptions,
} from './event-store.js';
import { LogWatch } from './log-watch.js';
import { MemoryEventStore } from './memory.js';

/** A store far away, whose line can be cut and whose news can be held back. */
class DistantStore extends MemoryEventStore {
  cut = false;
  deliver = () => {};
  private delivery = Promise.resolve();
  private line = new AbortController();

  holdBack(): void {
    this.delivery = new Promise((resolve) => (this.deliver = resolve));
  }

  /** Ends the subscriptions, which begin again when news is delivered. */
  interrupt(): void {
    this.holdBack();
    this.line.abort();
    this.line = new AbortController();
  }

  override async head() {
    if (this.cut) throw new StoreUnavailable('cut');
    return super.head();
  }

  override async *subscribeAll(options: SubscriptionOptions): AsyncIterable<LogSlice> {
    let through = options.after;
    while (!options.signal.aborted) {
      const signal = AbortSignal.any([options.signal, this.line.signal]);
      for await (const slice of super.subscribeAll({ ...options, after: through, signal })) {
        await this.delivery;
        through = slice.through;
        yield slice;
      }
      yield { events: [], through, caughtUp: false };
      await this.delivery;
    }
  }
}

const ada = userStream(asUserId('ada'));
let store: DistantStore;
let watch: LogWatch;
let grown: [string, number][];
beforeEach(() => {
  store = new DistantStore();
  grown = [];
  watch = new LogWatch(store, (stream, revision) => grown.push([stream, revision]), { trustMs: 100, askMs: 10 });
});
afterEach(() => watch.stop());

const append = (to: EventStore, expected: number | 'no-stream') => to.append(ada, expected, [someEvent()]);

describe('watching the log', () => {
  it('tells which streams have grown since, and how far', async () => {
    await append(store, 'no-stream');
    watch.start();
    await expect.poll(() => watch.unbroken).not.toBeNull();
    await append(store, 0);
    await expect.poll(() => grown).toEqual([[ada, 1]]);
  });

  it('knows nothing before it has seen the end of the log once', () => expect(watch.unbroken).toBeNull());

  it('does not trust itself while the store cannot be asked, and begins another stretch after it', async () => {
    watch.start();
    await expect.poll(() => watch.unbroken).not.toBeNull();
    const before = watch.unbroken;
    store.cut = true;
    await expect.poll(() => watch.unbroken).toBeNull();
    store.cut = false;
    await expect.poll(() => watch.unbroken).not.toBeNull();
    expect(watch.unbroken).not.toBe(before);
  });

  it('does not trust itself while the log goes on and no news comes', async () => {
    watch.start();
    await expect.poll(() => watch.unbroken).not.toBeNull();
    store.holdBack();
    await append(store, 'no-stream');
    await expect.poll(() => watch.unbroken).toBeNull();
    expect(grown).toEqual([]);
    store.deliver();
    await expect.poll(() => watch.unbroken).not.toBeNull();
    expect(grown).toEqual([[ada, 0]]);
  });

  it('trusts itself on a log that always goes on a little further than the news of it', async () => {
    watch = new LogWatch(store, () => undefined, { askMs: 60_000 });
    await append(store, 'no-stream');
    store.holdBack();
    const asked = vi.spyOn(store, 'head');
    watch.start();
    await expect.poll(() => asked.mock.calls).toHaveLength(2);
    await Promise.all(asked.mock.results.map(({ value }) => value as Promise<Position>));
    expect(watch.unbroken).toBeNull();
    store.deliver();
    await expect.poll(() => watch.unbroken).not.toBeNull();
  });

  it('does not trust itself while it is cut off, though nothing has happened yet, and then as before', async () => {
    watch = new LogWatch(store, (stream, revision) => grown.push([stream, revision]), { askMs: 10 });
    await append(store, 'no-stream');
    watch.start();
    await expect.poll(() => watch.unbroken).not.toBeNull();
    const before = watch.unbroken;
    const asked = vi.spyOn(store, 'head');
    store.interrupt();
    await expect.poll(() => watch.unbroken).toBeNull();
    await expect.poll(() => asked.mock.calls.length).toBeGreaterThan(0);
    await Promise.all(asked.mock.results.map(({ value }) => value as Promise<Position>));
    expect(watch.unbroken).toBeNull();
    await append(store, 0);
    store.deliver();
    await expect.poll(() => watch.unbroken).toBe(before);
    expect(grown).toEqual([[ada, 1]]);
  });
});
