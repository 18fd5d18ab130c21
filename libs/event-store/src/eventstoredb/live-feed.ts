import { type LogSlice, type Position, type RecordedEvent, hasReached } from '../event-store.js';
import { Signal } from '../signal.js';

/** So many of the latest events are kept for those who follow. */
const KEPT = 4_000;

/**
 * The end of the log as one subscription delivers it, for everyone in this process who follows the log and has come so
 * far: each would otherwise have every event sent and read once more.
 */
export class LiveFeed {
  private readonly news = new Signal();
  private events: RecordedEvent[] = [];
  /** What is at or before it is not here any more, */
  private begin: Position | undefined;
  /** and what is after it not here yet. */
  private through: Position | undefined;
  private isLive = false;

  /** Takes what the subscription delivers, in order; also that it was interrupted. */
  add({ events, through, caughtUp }: LogSlice, after: Position): void {
    this.begin ??= after;
    this.events.push(...events);
    if (this.events.length > 2 * KEPT) {
      const gone = this.events.splice(0, this.events.length - KEPT).at(-1);
      this.begin = gone?.position ?? this.begin;
    }
    this.through = through;
    this.isLive = caughtUp;
    this.news.notify();
  }

  covers(position: Position): boolean {
    return (
      this.begin !== undefined &&
      this.through !== undefined &&
      hasReached(position, this.begin) &&
      hasReached(this.through, position)
    );
  }

  /** What comes after a place that it covers, at most so many events. */
  after(position: Position, most: number): LogSlice {
    const from = this.indexAfter(position);
    const events = this.events.slice(from, from + most);
    const isAll = from + events.length === this.events.length;
    const through = isAll ? (this.through ?? position) : (events.at(-1)?.position ?? position);
    return { events, through, caughtUp: isAll && this.isLive };
  }

  async wait(until: AbortSignal, after: Position): Promise<void> {
    await this.news.wait(until, () => this.through !== undefined && !hasReached(after, this.through));
  }

  private indexAfter(position: Position): number {
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (hasReached(position, this.events[middle]?.position ?? position)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
