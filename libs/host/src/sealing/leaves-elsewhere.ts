import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { FromLeafThread, LeafThreadSettings } from './leaf-thread-messages.js';

// A thread cannot be started from TypeScript: tests, which run on the sources, start the built one as well.
const PROGRAM = createRequire(import.meta.url).resolve('#host/sealing/leaf-thread.js');
/** What it reads and writes at a time takes less. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };
/** Longer nobody waits for it to end: it goes on where it was, however it ended. */
const STOP_WITHIN_MS = 2_000;

/**
 * Makes leaves of the log in a thread of its own, until the signal ends it.
 * @throws Error with the name and the message of what ended it before
 */
export async function leavesElsewhere(
  { data, database, eventStore }: LeafThreadSettings,
  advanced: (size: number, isBehind: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const workerData: LeafThreadSettings = { data, database, eventStore };
  const thread = new Worker(PROGRAM, { workerData, name: 'leaves', execArgv: [], resourceLimits: LIMITS });
  thread.unref();
  let failure: Error | undefined;
  thread.on('message', (message: FromLeafThread) => {
    if (message.type === 'advanced') advanced(message.size, message.isBehind);
    else failure = Object.assign(new Error(message.message), { name: message.name });
  });
  thread.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  const ended = once(thread, 'exit');
  const stop = () => {
    thread.postMessage('stop');
    setTimeout(() => void thread.terminate(), STOP_WITHIN_MS).unref();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await ended;
  signal.removeEventListener('abort', stop);
  if (!signal.aborted) throw failure ?? new Error('the thread that makes leaves ended');
}
