import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pLimit from 'p-limit';
import { SqliteEventStore } from '../../dist/libs/event-store/src/sqlite/sqlite-event-store.js';
import { Projector } from '../../dist/libs/read-models/src/projector.js';
import { PROJECTIONS, openReadModels } from '../../dist/libs/read-models/src/read-model-database.js';
import { Authlog } from '../clients.mjs';
import { fillSessions } from '../many-sessions.mjs';
import { startAuthlog } from '../processes.mjs';

const EVENTS = 1_000_000;

/** Lets the read models catch up with the whole log. @returns {Promise<number>} events per second */
async function catchUp(data, codec, progress) {
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(data, `read-models.db${suffix}`), { force: true });
  const store = new SqliteEventStore(join(data, 'events.db'));
  const readModels = await openReadModels({ file: join(data, 'read-models.db') });
  const head = Number(await store.head());
  const inTurn = pLimit(1);
  const stop = new AbortController();
  const started = performance.now();
  let running;
  await new Promise((resolve, reject) => {
    const observer = {
      advanced(projection, { through }) {
        // Nobody waits for what is brought up to date in the background.
        if (projection.isInBackground) return;
        if (Number(through) % 50_000 < 500) progress(`catching up: ${Math.round((100 * Number(through)) / head)} %`);
        if (Number(through) >= head) resolve();
      },
      failed: (_, error) => reject(error),
      parked: ({ error }) => reject(new Error(`an event was parked: ${error}`)),
    };
    const parts = { store, codec, database: readModels.writer, inTurn, now: () => new Date(), observer };
    running = new Projector(parts, PROJECTIONS).run(stop.signal);
  });
  const perSecond = head / ((performance.now() - started) / 1_000);
  stop.abort();
  await running;
  await readModels.close();
  await store.close();
  return perSecond;
}

/** The same log read, and the same rows inserted in bulk, with nothing in between. */
export function bareCatchUp(folder, data) {
  const log = new Database(join(data, 'events.db'), { readonly: true });
  const db = new Database(join(folder, 'bare-read-model.db'));
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE session (id TEXT PRIMARY KEY, userId TEXT, openedAt TEXT, lastActiveAt TEXT)');
  const select = log.prepare('SELECT * FROM event WHERE position > ? ORDER BY position LIMIT 500');
  const insert = db.prepare('INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)');
  const apply = db.transaction((rows) => {
    for (const { stream, type, data: text, metadata } of rows) {
      const { userId } = JSON.parse(text);
      const { occurredAt } = JSON.parse(metadata);
      if (type === 'SessionOpened') insert.run(stream, userId, occurredAt, occurredAt);
    }
  });
  const started = performance.now();
  let position = 0;
  for (let rows = select.all(0); rows.length > 0; rows = select.all(position)) {
    apply(rows);
    position = rows.at(-1).position;
  }
  const perSecond = position / ((performance.now() - started) / 1_000);
  log.close();
  db.close();
  return perSecond;
}

/** What a long history costs: catching up with it, and starting on it. */
export async function bigLog({ folder, data, config, progress }) {
  await (await startAuthlog(data, config)).stop();
  const { vault, codec } = await fillSessions(data, EVENTS, progress);
  const rates = [];
  for (let round = 0; round < 2; round += 1) rates.push(await catchUp(data, codec, progress));
  await vault.close();
  const bound = bareCatchUp(folder, data);

  const starts = [];
  let memory = 0;
  for (let round = 0; round < 3; round += 1) {
    const server = await startAuthlog(data, config);
    starts.push(server.startSeconds);
    const client = new Authlog(server.url);
    await client.get('/auth/sessions', (await client.logIn('admin', 'cli')).accessToken);
    memory = Math.max(memory, server.peakMegabytes);
    client.close();
    await server.stop();
  }
  const perSecond = Math.max(...rates);
  const start = Math.min(...starts);
  return [
    {
      what: 'catch-up of the read models',
      result: perSecond,
      unit: 'events/s',
      against: 'bare read and bulk insert',
      bound,
      must: '≥ 20000/s',
      ok: perSecond >= 20_000,
    },
    { what: `start to ready on ${EVENTS} events`, result: start, unit: 's', must: '< 3 s', ok: start < 3 },
    {
      what: `memory after a start on ${EVENTS} events`,
      result: memory,
      unit: 'MB',
      must: '< 250 MB',
      ok: memory < 250,
    },
  ];
}
