import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { SqliteEventStore } from '../../dist/libs/event-store/src/sqlite/sqlite-event-store.js';
import { someEvent } from '../some-event.mjs';

const WRITERS = 64;

/** So many writers that each wait for their event before they append the next. */
async function ours(file, seconds) {
  const store = new SqliteEventStore(file);
  const deadline = performance.now() + seconds * 1_000;
  const started = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (performance.now() < deadline) {
        await store.append(`session-${randomUUID()}`, 'no-stream', [someEvent()]);
        count += 1;
      }
    }),
  );
  const perSecond = count / ((performance.now() - started) / 1_000);
  await store.close();
  return perSecond;
}

/** The same rows, as many in a transaction as there are writers, with nothing around it. */
function bare(file, seconds) {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(`CREATE TABLE event (position INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT, revision INTEGER, category TEXT,
    id TEXT, type TEXT, data TEXT, metadata TEXT, recorded_at INTEGER) STRICT;
    CREATE UNIQUE INDEX event_of_stream ON event (stream, revision)`);
  const insert = db.prepare(
    'INSERT INTO event (stream, revision, category, id, type, data, metadata, recorded_at) VALUES (?, 0, ?, ?, ?, ?, ?, ?)',
  );
  const commit = db.transaction((events) => {
    for (const { id, type, data, metadata } of events)
      insert.run(
        `session-${randomUUID()}`,
        'session',
        id,
        type,
        JSON.stringify(data),
        JSON.stringify(metadata),
        Date.now(),
      );
  });
  const deadline = performance.now() + seconds * 1_000;
  const started = performance.now();
  let count = 0;
  while (performance.now() < deadline) {
    commit.immediate(Array.from({ length: WRITERS }, someEvent));
    count += WRITERS;
  }
  const perSecond = count / ((performance.now() - started) / 1_000);
  db.close();
  return perSecond;
}

export async function append({ folder, seconds }) {
  const rates = { ours: 0, bare: 0 };
  for (let round = 0; round < 3; round += 1) {
    rates.ours = Math.max(rates.ours, await ours(join(folder, `ours-${round}.db`), seconds / 2));
    rates.bare = Math.max(rates.bare, bare(join(folder, `bare-${round}.db`), seconds / 2));
    for (const name of ['ours', 'bare'])
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `${name}-${round}.db${suffix}`), { force: true });
  }
  return [
    {
      what: `append, ${WRITERS} writers`,
      result: rates.ours,
      unit: '/s',
      against: 'bare SQLite group commit',
      bound: rates.bare,
      must: '≥ 0.6',
      ok: rates.ours >= 0.6 * rates.bare,
    },
  ];
}

/** How soon an append of one process is noticed by another one on the same file. */
export async function notice({ folder }) {
  const file = join(folder, 'notice.db');
  const [here, there] = [new SqliteEventStore(file), new SqliteEventStore(file)];
  const stop = new AbortController();
  const waits = [];
  let appendedAt = 0;
  let told;
  const following = (async () => {
    for await (const { events } of there.subscribeAll({ after: '0', signal: stop.signal }))
      if (events.length > 0) {
        waits.push(performance.now() - appendedAt);
        told?.();
      }
  })();
  for (let n = 0; n < 100; n += 1) {
    const noticed = new Promise((resolve) => (told = resolve));
    await here.append(`session-${randomUUID()}`, 'no-stream', [someEvent()]);
    appendedAt = performance.now();
    await noticed;
  }
  stop.abort();
  await following;
  await Promise.all([here.close(), there.close()]);
  const p99 = waits.sort((a, b) => a - b)[98];
  return [{ what: 'append noticed by another process, p99', result: p99, unit: 'ms', must: '< 50 ms', ok: p99 < 50 }];
}
