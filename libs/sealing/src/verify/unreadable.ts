import type { Position } from '#event-store/event-store.js';
import { countOf, leafAt, readLeaf } from '../leaf.js';
import type { Fault } from './fault.js';

type LeavesOfLog = (after: Position, through: Position) => Promise<Buffer>;

/**
 * Which event keeps a stretch of the log from being read: what stands there is not even JSON any more. Of several it is the
 * last; what else is wrong around it is found when it can be read again.
 * @throws what kept the log from being read, if that is no event
 */
export async function unreadableIn(kept: Buffer, leavesOfLog: LeavesOfLog, reason: unknown): Promise<Fault> {
  const positionAt = (index: number) => readLeaf(leafAt(kept, index)).position as Position;
  const last = countOf(kept) - 1;
  const canBeRead = (index: number) =>
    leavesOfLog(positionAt(index), positionAt(last)).then(
      () => true,
      () => false,
    );
  if (!(await canBeRead(last))) throw reason;
  let [low, high] = [0, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await canBeRead(middle)) high = middle;
    else low = middle + 1;
  }
  const position = positionAt(low);
  return { kind: 'changed', position, message: `The event at ${position} cannot be read: ${messageOf(reason)}.` };
}

const messageOf = (reason: unknown) => (reason instanceof Error ? reason.message.replace(/\.$/, '') : String(reason));
