import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '#host/clock.js';
import { createLog } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { HEADS_FILE } from '#host/sealing/sealing-host.js';
import { Stores } from '#host/stores.js';
import { leavesBetween } from '#sealing/leaves-between.js';
import { SealedLog } from '#sealing/sealed-log.js';
import { headsInFile } from '#sealing/sink/head-file.js';
import { verifyLog } from '#sealing/verify/verify-log.js';

const DIST = resolve(import.meta.dirname, '../dist/libs/host/src');
/** Seals a folder, quickly, until it is killed. */
const PROGRAM = `
  const { Stores } = await import('${DIST}/stores.js');
  const { SealingHost } = await import('${DIST}/sealing/sealing-host.js');
  const { SystemClock } = await import('${DIST}/clock.js');
  const { createLog } = await import('${DIST}/log.js');
  const { Metrics } = await import('${DIST}/metrics.js');
  const settings = { data: process.argv[1], database: null, eventStore: null, masterKey: null };
  const stores = await Stores.open(settings, new SystemClock(), new Metrics(), createLog('error'));
  setInterval(() => undefined, 1_000);
  const pace = { events: 100, everyMs: 20, leastMs: 5, handOutMs: 20 };
  const sink = { file: null, url: null };
  await new SealingHost(stores, { sink }, new Metrics(), createLog('error'), pace).run(new AbortController().signal);
`;

describe('a process that seals the log', () => {
  let data: string;
  let stores: Stores;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'authlog-'));
    const settings = { data, database: null, eventStore: null, masterKey: null };
    stores = await Stores.open(settings, new SystemClock(), new Metrics(), createLog('error'));
  });
  afterAll(async () => {
    await stores.close();
    rmSync(data, { recursive: true });
  });

  const start = (): ChildProcess =>
    spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, data], { stdio: 'inherit' });

  async function kill(child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async function append(count: number): Promise<void> {
    const metadata = { schema: '1', occurredAt: new Date().toISOString() };
    const some = Array.from({ length: count }, () => ({ id: randomUUID(), type: 'Something', data: {}, metadata }));
    await Promise.all(some.map((event) => stores.eventStore.append(`thing-${event.id}`, 'no-stream', [event])));
  }

  const sealedSize = async () =>
    (await new SealedLog(stores.eventStore, stores.repository, stores.leaves).latestHead())?.head.size ?? 0;

  it('may be killed at any moment, and the next one goes on (SEC-155)', async () => {
    for (let round = 1; round <= 2; round += 1) {
      const child = start();
      await append(400);
      await expect.poll(sealedSize, { timeout: 20_000 }).toBeGreaterThan(400 * (round - 1) + 100);
      await kill(child);
    }
    const last = start();
    await expect.poll(sealedSize, { timeout: 20_000 }).toBeGreaterThan(800);
    const handedOut = async () => {
      let size = 0;
      for await (const { head } of headsInFile(join(data, HEADS_FILE))) ({ size } = head);
      return size;
    };
    await expect.poll(handedOut, { timeout: 20_000 }).toBeGreaterThan(800);
    await kill(last);
    const { eventStore: store, leaves } = stores;
    const verdict = await verifyLog({
      store,
      leaves,
      leavesOfLog: (after, through) => leavesBetween(store, after, through),
      outside: headsInFile(join(data, HEADS_FILE)),
      key: null,
      range: { from: null, to: null },
      now: new Date(),
      progressed() {},
    });
    expect(verdict.fault).toBeNull();
    expect(verdict.heads).toBeGreaterThan(1);
  });
});
