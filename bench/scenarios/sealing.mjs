import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Metrics } from '../../dist/libs/host/src/metrics.js';
import { SystemClock } from '../../dist/libs/host/src/clock.js';
import { createLog } from '../../dist/libs/host/src/log.js';
import { HashThreads } from '../../dist/libs/host/src/sealing/hash-threads.js';
import { leavesElsewhere } from '../../dist/libs/host/src/sealing/leaves-elsewhere.js';
import { SealingHost } from '../../dist/libs/host/src/sealing/sealing-host.js';
import { Stores } from '../../dist/libs/host/src/stores.js';
import { SealedLog } from '../../dist/libs/sealing/src/sealed-log.js';
import { Sealer } from '../../dist/libs/sealing/src/sealer.js';
import { verifyLog } from '../../dist/libs/sealing/src/verify/verify-log.js';
import { paired } from '../paired.mjs';
import { someEvent } from '../some-event.mjs';

const PER_SECOND = 5_000;
/** Appends are made in bursts of so long. */
const BURST_MS = 10;
const EVENTS = 500_000;
const SINK = { sink: { file: null, url: null } };

const open = (data) =>
  Stores.open(
    { data, database: null, eventStore: null, masterKey: null },
    new SystemClock(),
    new Metrics(),
    createLog('error'),
  );

/** Appends a number of events a second. @returns {Promise<number[]>} how long each took, in ms, in order of size */
async function appendPaced(store, perSecond, seconds) {
  const took = [];
  const pending = [];
  const started = performance.now();
  let sent = 0;
  while (performance.now() - started < seconds * 1_000) {
    const due = Math.floor(((performance.now() - started) / 1_000) * perSecond);
    for (; sent < due; sent += 1) {
      const at = performance.now();
      const append = store.append(`session-${randomUUID()}`, 'no-stream', [someEvent()]);
      pending.push(append.then(() => took.push(performance.now() - at)));
    }
    await delay(BURST_MS);
  }
  await Promise.all(pending);
  return took.sort((a, b) => a - b);
}

/** The same with or without somebody who seals. */
async function appendBeside(folder, isSealed, seconds) {
  const data = join(folder, `sealing-${randomUUID()}`);
  mkdirSync(data);
  const stores = await open(data);
  const stop = new AbortController();
  const host = new SealingHost(stores, SINK, new Metrics(), createLog('error'), {
    events: 1_000,
    everyMs: 100,
    leastMs: 200,
  });
  const sealing = isSealed ? host.run(stop.signal) : Promise.resolve();
  // Threads start, and what is compiled when it is first used is.
  await appendPaced(stores.eventStore, 500, 2);
  const before = performance.eventLoopUtilization();
  const took = await appendPaced(stores.eventStore, PER_SECOND, seconds);
  const busy = performance.eventLoopUtilization(before).utilization;
  const head = Number(await stores.eventStore.head());
  const sealed = new SealedLog(stores.eventStore, stores.repository, stores.leaves);
  const lastAt = performance.now();
  if (isSealed)
    while (Number((await sealed.latestHead())?.head.position ?? 0) < head && performance.now() - lastAt < 60_000)
      await delay(50);
  const behindSeconds = (performance.now() - lastAt) / 1_000;
  stop.abort();
  await sealing;
  await stores.close();
  rmSync(data, { recursive: true });
  return { perSecond: took.length / seconds, median: took[Math.floor(took.length / 2)], busy, behindSeconds };
}

/** A log of so many events, written by the shortest way. */
function fill(data, events) {
  const db = new Database(join(data, 'events.db'));
  const insert = db.prepare(
    'INSERT INTO event (stream, category, revision, id, type, data, metadata, recorded_at) VALUES (?, ?, 0, ?, ?, ?, ?, ?)',
  );
  const some = db.transaction((count) => {
    for (let n = 0; n < count; n += 1) {
      const { id, type, data: facts, metadata } = someEvent();
      insert.run(`session-${id}`, 'session', id, type, JSON.stringify(facts), JSON.stringify(metadata), Date.now());
    }
  });
  for (let done = 0; done < events; done += 10_000) some(10_000);
  db.close();
}

/** How fast a long log gets leaves, and is verified. */
async function catchUpAndVerify(folder, progress) {
  const data = join(folder, 'sealing-long');
  mkdirSync(data);
  await (await open(data)).close();
  fill(data, EVENTS);
  const stores = await open(data);
  const head = Number(await stores.eventStore.head());
  const started = performance.now();
  const stop = new AbortController();
  await leavesElsewhere(
    stores.settings,
    (size) => {
      if (size % 10_000 < 500) progress(`sealing: ${Math.round((100 * size) / head)} %`);
      if (size >= head) stop.abort();
    },
    stop.signal,
  );
  const leaves = head / ((performance.now() - started) / 1_000);
  const parts = { repository: stores.repository, leaves: stores.leaves, keys: stores.vault, now: () => new Date() };
  await new Sealer(parts).seal(head);
  const rates = [];
  for (let round = 0; round < 3; round += 1) {
    const threads = new HashThreads(stores.settings);
    const begun = performance.now();
    const { fault, events } = await verifyLog({
      store: stores.eventStore,
      leaves: stores.leaves,
      leavesOfLog: (after, through) => threads.leavesOfLog(after, through),
      outside: null,
      key: null,
      range: { from: null, to: null },
      now: new Date(),
      progressed: (done, whole) => progress(`verifying: ${Math.round((100 * done) / whole)} %`),
    });
    if (fault !== null) throw new Error(fault.message);
    rates.push(events / ((performance.now() - begun) / 1_000));
    await threads.close();
  }
  await stores.close();
  rmSync(data, { recursive: true });
  return { leaves, verified: Math.max(...rates) };
}

export async function sealing({ folder, seconds, progress }) {
  const runs = { alone: [], beside: [] };
  const appendTime = (name) => async () => {
    progress(`appending ${name}`);
    const run = await appendBeside(folder, name === 'beside', seconds / 2);
    runs[name].push(run);
    return run.median;
  };
  const append = await paired(7, appendTime('alone'), appendTime('beside'));
  const median = (rows, of) => rows.map(of).sort((a, b) => a - b)[Math.floor(rows.length / 2)];
  const { alone, beside } = runs;
  const busy = { result: median(beside, (run) => run.busy), bound: median(alone, (run) => run.busy) };
  const behind = Math.max(...beside.map((row) => row.behindSeconds));
  const rate = median(beside, (row) => row.perSecond);
  const { leaves, verified } = await catchUpAndVerify(folder, progress);
  return [
    {
      what: `append at ${PER_SECOND}/s while the log is sealed`,
      ...append,
      unit: 'ms',
      against: 'while it is not',
      must: '≤ 1.05',
      ok: append.ratio <= 1.05,
    },
    {
      what: 'the same, how busy the event loop is',
      result: 100 * busy.result,
      unit: '%',
      against: 'while it is not',
      bound: 100 * busy.bound,
    },
    {
      what: `sealed after the last of ${Math.round(rate)} events/s`,
      result: behind,
      unit: 's',
      must: '< 2 s',
      ok: behind < 2,
    },
    { what: 'leaves of a long log', result: leaves, unit: 'events/s', must: '≥ 5000/s', ok: leaves >= 5_000 },
    {
      what: `verify ${EVENTS} events`,
      result: verified,
      unit: 'events/s',
      must: '≥ 100000/s',
      ok: verified >= 100_000,
    },
  ];
}
