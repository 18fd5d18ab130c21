import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Authlog } from '../clients.mjs';
import { expectStatus, load } from '../http-client.mjs';
import { fillSessions } from '../many-sessions.mjs';
import { Server, startAuthlog } from '../processes.mjs';
import { bareCatchUp } from './big-log.mjs';

const EVENTS = 1_000_000;
const MANY_EVENTS = 10_000_000;
const CALLERS = 10;
const PER_SECOND = 70;
const SECONDS = 15;
const LOOK_MS = 200;

/** In a process of its own, as the service does it. @returns {Promise<{perSecond: number, megabytes: number}>} */
async function rebuild(data, ...address) {
  const script = resolve(import.meta.dirname, '../rebuild.mjs');
  const memory = ['--max-semi-space-size=4', '--max-old-space-size=192'];
  const { stdout } = await promisify(execFile)(process.execPath, [...memory, script, data, ...address]);
  return JSON.parse(stdout);
}

/** What callers wait for checks, lists and refreshes, at a steady pace; p99 in milliseconds. */
async function waiting({ url }, sessions, options) {
  const { p99 } = await load(
    url,
    { connections: 3 * CALLERS, perSecond: 3 * PER_SECOND, ...options },
    async (connection, n) => {
      const { accessToken, refreshToken } = sessions[n % CALLERS];
      const [method, path, token] = [
        ['GET', '/auth/sessions/current', accessToken],
        ['GET', '/auth/sessions', accessToken],
        ['POST', '/auth/refresh', refreshToken],
      ][n % 3];
      expectStatus(await connection.request(method, path, { authorization: `Bearer ${token}` }), 200);
    },
  );
  return p99;
}

/** Rebuilds all while callers are served. @returns {Promise<number>} how long the slowest look at the status took, in milliseconds */
async function rebuildServing({ url }) {
  const client = new Authlog(url);
  const { accessToken } = await client.logIn('admin', 'cli');
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  for (const projection of ['users', 'sessions']) {
    const body = JSON.stringify({ projection });
    expectStatus(await client.connection.request('POST', '/ops/projections/rebuild', headers, body), 200);
  }
  let slowest = 0;
  for (;;) {
    const before = performance.now();
    const { items: all } = JSON.parse(await client.get('/ops/projections', accessToken));
    const items = all.filter(({ rebuild }) => rebuild !== null);
    slowest = Math.max(slowest, performance.now() - before);
    if (items.some(({ rebuild: { state } }) => state === 'differs' || state === 'failed'))
      throw new Error(`a rebuild came to nothing: ${JSON.stringify(items)}`);
    if (items.every(({ rebuild: { state } }) => state === 'swapped')) break;
    await delay(LOOK_MS);
  }
  client.close();
  return slowest;
}

/** What it takes to fill the read models anew from a million events, and what callers feel of it. */
export async function rebuilds({ folder, data, config, progress }) {
  await (await startAuthlog(data, config)).stop();
  await (await fillSessions(data, EVENTS, progress)).vault.close();
  progress('rebuilds: in SQLite');
  const sqlite = await rebuild(data);
  const bound = bareCatchUp(folder, data);
  progress('rebuilds: in PostgreSQL');
  const database = await Server.start([resolve(import.meta.dirname, '../postgres.mjs')]);
  const postgres = await rebuild(data, database.url);
  await database.stop();

  const server = await startAuthlog(data, config);
  const client = new Authlog(server.url);
  const people = await client.createPeople('rebuilds', CALLERS);
  const sessions = [];
  for (const person of people) sessions.push({ ...person, ...(await client.refresh(person.refreshToken)) });
  client.close();
  progress('rebuilds: callers alone');
  await waiting(server, sessions, { seconds: 3 });
  const without = await waiting(server, sessions, { seconds: SECONDS });
  progress('rebuilds: callers beside a rebuild');
  const done = new AbortController();
  const [beside, status] = await Promise.all([
    waiting(server, sessions, { until: done.signal }),
    rebuildServing(server).finally(() => done.abort()),
  ]);
  await server.stop();
  const against = 'bare read and bulk insert';
  return [
    {
      what: 'rebuild in SQLite',
      result: sqlite.perSecond,
      unit: 'events/s',
      against,
      bound,
      must: '≥ 30000/s',
      ok: sqlite.perSecond >= 30_000 && sqlite.perSecond >= 0.4 * bound,
    },
    {
      what: 'rebuild in PostgreSQL',
      result: postgres.perSecond,
      unit: 'events/s',
      must: '≥ 15000/s',
      ok: postgres.perSecond >= 15_000,
    },
    {
      what: 'memory of a rebuild',
      result: Math.max(sqlite.megabytes, postgres.megabytes),
      unit: 'MB',
      must: '< 300 MB',
      ok: Math.max(sqlite.megabytes, postgres.megabytes) < 300,
    },
    {
      what: 'callers beside a rebuild, p99',
      result: beside,
      unit: 'ms',
      against: 'without one',
      bound: without,
      must: '≤ 2 ×',
      ok: beside <= 2 * without,
    },
    { what: 'status beside a rebuild, slowest', result: status, unit: 'ms', must: '< 100 ms', ok: status < 100 },
  ];
}

/** The same with ten times as many events; takes a quarter of an hour and 9 GB. */
export async function bigRebuild({ folder, config, progress }) {
  const rates = [];
  for (const count of [EVENTS, MANY_EVENTS]) {
    const data = join(folder, `data-of-${count}`);
    await (await startAuthlog(data, config)).stop();
    await (await fillSessions(data, count, progress)).vault.close();
    progress(`bigRebuild: ${count} events`);
    rates.push(await rebuild(data));
  }
  const [few, many] = rates;
  return [
    {
      what: `rebuild from ${MANY_EVENTS} events`,
      result: many.perSecond,
      unit: 'events/s',
      against: `from ${EVENTS}`,
      bound: few.perSecond,
      must: '≥ 0.9',
      ok: many.perSecond >= 0.9 * few.perSecond,
    },
    { what: 'its memory', result: many.megabytes, unit: 'MB', must: '< 300 MB', ok: many.megabytes < 300 },
  ];
}
