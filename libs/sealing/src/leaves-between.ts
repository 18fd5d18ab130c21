import { type EventStore, type Position, hasReached } from '#event-store/event-store.js';
import { leavesOf } from './leaf.js';

/** The leaves of the events that stand in the log behind a position, up to and with another one. */
export async function leavesBetween(store: EventStore, after: Position, through: Position): Promise<Buffer> {
  const found: Buffer[] = [];
  const enough = new AbortController();
  for await (const { events, through: seen, caughtUp } of store.subscribeAll({ after, signal: enough.signal })) {
    found.push(leavesOf(events.filter(({ position }) => hasReached(through, position))));
    if (caughtUp || hasReached(seen, through)) enough.abort();
  }
  return Buffer.concat(found);
}
