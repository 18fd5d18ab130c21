import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestDatabase } from '#database/testing/test-database.js';
import { LOG_START, type NewEvent } from '#event-store/event-store.js';
import { parseConnectionString } from '#event-store/eventstoredb/connection-string.js';
import { StandInServer } from '#event-store/eventstoredb/testing/stand-in-server.js';
import { leavesBetween } from '#sealing/leaves-between.js';
import { SealedLog } from '#sealing/sealed-log.js';
import { headsInFile } from '#sealing/sink/head-file.js';
import { someEvent } from '#sealing/testing/sealing-fixture.js';
import { verifyLog } from '#sealing/verify/verify-log.js';
import { parseMasterKey } from '#vault/master-key.js';
import { SystemClock } from '../clock.js';
import type { Log } from '../log.js';
import { Metrics } from '../metrics.js';
import { type StoreSettings, Stores } from '../stores.js';
import { HashThreads } from './hash-threads.js';
import { measureSealing } from './measure-sealing.js';
import { HEADS_FILE, SealingHost } from './sealing-host.js';

const QUIET: Log = { level: 'error', debug() {}, info() {}, warn() {}, error() {} };
const PACE = { events: 100, everyMs: 50, leastMs: 5, handOutMs: 20 };

/** Where everything is, and how it goes away. */
interface Shape {
  readonly settings: Omit<StoreSettings, 'data'>;
  remove(): Promise<void>;
}

const SHAPES: Readonly<Record<string, () => Promise<Shape>>> = {
  'in files': async () => ({
    settings: { database: null, eventStore: null, masterKey: null },
    async remove() {},
  }),
  'in EventStoreDB and PostgreSQL': async () => {
    const server = await StandInServer.start();
    const database = await TestDatabase.create();
    return {
      settings: {
        database: database.server,
        eventStore: parseConnectionString(server.connectionString),
        masterKey: parseMasterKey(randomBytes(32).toString('base64')),
      },
      async remove() {
        await server.stop();
        await database.remove();
      },
    };
  },
};

describe.each(Object.keys(SHAPES))('sealing beside the service, %s (SEC-155)', (name) => {
  let shape: Shape;
  let data: string;
  let stores: Stores;
  let metrics: Metrics;
  let sealed: SealedLog;
  let appended = 0;
  const running: { stop: AbortController; ended: Promise<void> }[] = [];
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'authlog-'));
    shape = (await SHAPES[name]?.()) ?? shape;
    await open();
  });
  afterEach(async () => {
    await stopAll();
    await stores.close();
    await shape.remove();
    rmSync(data, { recursive: true });
  });

  async function open(): Promise<void> {
    metrics = new Metrics();
    stores = await Stores.open({ data, ...shape.settings }, new SystemClock(), metrics, QUIET);
    sealed = new SealedLog(stores.eventStore, stores.repository, stores.leaves);
  }

  function seal(): void {
    const stop = new AbortController();
    const host = new SealingHost(stores, { sink: { file: null, url: null } }, metrics, QUIET, PACE);
    running.push({ stop, ended: host.run(stop.signal) });
  }

  async function stopAll(): Promise<void> {
    for (const { stop } of running) stop.abort();
    await Promise.all(running.splice(0).map(({ ended }) => ended));
  }

  async function append(count: number): Promise<void> {
    const events = Array.from({ length: count }, (_, n): NewEvent => someEvent(n));
    const appends = events.map((event) => {
      appended += 1;
      return stores.eventStore.append(`thing-${appended}`, 'no-stream', [event]);
    });
    await Promise.all(appends);
  }

  /** Until everything that was appended is in a signed tree. */
  async function untilSealed(position: string): Promise<void> {
    const sealedTo = async () => Number((await sealed.latestHead())?.head.position ?? 0);
    await expect.poll(sealedTo, { timeout: 15_000 }).toBeGreaterThanOrEqual(Number(position));
  }

  const verdict = async () => {
    const { eventStore: store, leaves } = stores;
    return verifyLog({
      store,
      leaves,
      leavesOfLog: (after, through) => leavesBetween(store, after, through),
      outside: headsInFile(join(data, HEADS_FILE)),
      key: null,
      range: { from: null, to: null },
      now: new Date(),
      progressed() {},
    });
  };

  const untilHandedOut = async () => {
    const last = await sealed.latestHead();
    const heads = async () => {
      let number = 0;
      for await (const { head } of headsInFile(join(data, HEADS_FILE))) number = head.number;
      return number;
    };
    await expect.poll(heads, { timeout: 15_000 }).toBeGreaterThanOrEqual(last?.head.number ?? 0);
  };

  it('catches up with what there is, follows what comes, and hands heads to the file', async () => {
    await append(700);
    seal();
    await untilSealed(await stores.eventStore.head());
    await append(300);
    await untilSealed(await stores.eventStore.head());
    await untilHandedOut();
    expect(await verdict()).toMatchObject({ fault: null });
    await measureSealing(metrics, stores);
    const measured = await metrics.registry.getSingleMetricAsString('authlog_sealed_position');
    expect(measured).toContain((await sealed.latestHead())?.head.position);
  });

  // What follows is the same wherever things are.
  if (name !== 'in files') return;

  it('goes on where it was after a restart', async () => {
    await append(300);
    seal();
    await untilSealed(await stores.eventStore.head());
    const before = await sealed.latestHead();
    await stopAll();
    await stores.close();
    await open();
    await append(300);
    seal();
    await untilSealed(await stores.eventStore.head());
    await untilHandedOut();
    expect((await sealed.latestHead())?.head.log).toBe(before?.head.log);
    expect(await verdict()).toMatchObject({ fault: null });
  });

  it('may be done twice at once, by programs on the same files', async () => {
    seal();
    seal();
    for (let round = 0; round < 3; round += 1) await append(200);
    await untilSealed(await stores.eventStore.head());
    await untilHandedOut();
    await stopAll();
    expect(await verdict()).toMatchObject({ fault: null });
  });

  it('is compared by threads that read the log beside each other', async () => {
    await append(600);
    const head = await stores.eventStore.head();
    const threads = new HashThreads(stores.settings);
    const leaves = await Promise.all([threads.leavesOfLog(LOG_START, head), threads.leavesOfLog(LOG_START, head)]);
    const here = await leavesBetween(stores.eventStore, LOG_START, head);
    expect(leaves).toEqual([here, here]);
    await threads.close();
  });

  it('fails without anybody being served worse: it says so and tries again', async () => {
    await append(10);
    seal();
    await untilSealed(await stores.eventStore.head());
    const failures = async () => (await metrics.sealingFailures.get()).values[0]?.value ?? 0;
    await stores.leaves.close();
    await append(200);
    await expect.poll(failures, { timeout: 15_000 }).toBeGreaterThan(0);
    await append(1);
    await stopAll();
    await stores.close().catch(() => undefined);
    await open();
  });
});
