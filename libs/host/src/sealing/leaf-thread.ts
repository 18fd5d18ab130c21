import { parentPort, workerData } from 'node:worker_threads';
import { followLog } from '#sealing/leaf-follower.js';
import { LeafStore } from '#sealing/leaf-store.js';
import { openLog } from '../open-log.js';
import { leafPlace } from './leaf-place.js';
import type { FromLeafThread, LeafThreadSettings } from './leaf-thread-messages.js';
import { makeWay } from '../low-priority.js';

/** The thread that makes leaves of the log: reading and hashing happen here, and nobody who is served waits for it. */

/** What comes one by one is written together. */
const GATHER_MS = 250;

const port = parentPort;
if (port === null) throw new Error('leaf-thread runs as a worker thread only');

const say = (message: FromLeafThread) => port.postMessage(message);
const stopping = new AbortController();
port.once('message', () => stopping.abort());

async function work(settings: LeafThreadSettings): Promise<void> {
  const { eventStore: store } = await openLog(settings);
  const leaves = await LeafStore.open(leafPlace(settings)).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  try {
    const parts = { store, leaves, gatherMs: GATHER_MS, now: () => new Date() };
    await followLog(
      { ...parts, advanced: ({ size }, isBehind) => say({ type: 'advanced', size, isBehind }) },
      stopping.signal,
    );
  } finally {
    await leaves.close();
    await store.close();
  }
}

makeWay();
try {
  await work(workerData as LeafThreadSettings);
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  say({ type: 'failed', name, message });
} finally {
  port.close();
}
