import { parentPort, workerData } from 'node:worker_threads';
import type { Position } from '#event-store/event-store.js';
import { leavesBetween } from '#sealing/leaves-between.js';
import { openLog } from '../open-log.js';
import type { LeafThreadSettings } from './leaf-thread-messages.js';

/** A thread that reads stretches of the log and makes leaves of them, for whoever compares them. */

/** What it is asked, one after the other. */
export interface Stretch {
  readonly number: number;
  readonly after: Position;
  readonly through: Position;
}

export type StretchLeaves =
  { readonly number: number; readonly leaves: Uint8Array } | { readonly number: number; readonly failure: string };

const port = parentPort;
if (port === null) throw new Error('hash-thread runs as a worker thread only');

const { eventStore: store } = await openLog(workerData as LeafThreadSettings);
let working = Promise.resolve();

async function answer({ number, after, through }: Stretch): Promise<void> {
  try {
    // A copy: what is small may lie in memory that others use.
    const leaves = new Uint8Array(await leavesBetween(store, after, through));
    port?.postMessage({ number, leaves } satisfies StretchLeaves, [leaves.buffer]);
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    port?.postMessage({ number, failure } satisfies StretchLeaves);
  }
}

port.on('message', (message: Stretch | 'close') => {
  if (message !== 'close') working = working.then(() => answer(message));
  else void working.then(() => store.close()).finally(() => port.close());
});
