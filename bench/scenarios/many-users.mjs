import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Authlog } from '../clients.mjs';
import { expectStatus, load } from '../http-client.mjs';
import { account, fillAccounts } from '../many-accounts.mjs';
import { paired } from '../paired.mjs';
import { startAuthlog } from '../processes.mjs';

const MANY = 1_000_000;
const FEW = 1_000;
/** Of them so many have a password and log in. */
const PEOPLE = 8;
const LOOKUPS = 5_000;
/** Before that, so that the engine has compiled their code: a service is measured that has been up. */
const FIRST_LOOKUPS = 1_000;
const NAMES_AT_ONCE = 1_000;
const ROUNDS = 20;

/** A service with so many accounts, once its read models know them. */
async function startWith(count, data, config, progress) {
  const first = await startAuthlog(data, config);
  const client = new Authlog(first.url);
  await client.createPeople('people', PEOPLE);
  client.close();
  await first.stop();
  await fillAccounts(data, count - PEOPLE, progress);
  const server = await startAuthlog(data, config);
  const started = performance.now();
  await caughtUp(server, progress);
  return { server, perSecond: count / ((performance.now() - started) / 1_000) };
}

async function caughtUp(server, progress) {
  const client = new Authlog(server.url);
  for (;;) {
    const { body } = await client.connection.request('GET', '/metrics');
    const lags = [...body.matchAll(/authlog_projection_lag_events\{.*?\} (\d+)/g)].map(([, events]) => Number(events));
    if (lags.length > 0 && lags.every((events) => events === 0)) break;
    progress(`catching up: ${Math.max(...lags)} events to go`);
    await delay(500);
  }
  client.close();
}

const someAccount = () => account(randomInt(MANY - PEOPLE));
const json = (token) => ({ 'content-type': 'application/json', authorization: `Bearer ${token}` });

/** One after the other, each for another user. @returns {Promise<number>} the 99th percentile in milliseconds */
async function p99(work) {
  for (let n = 0; n < FIRST_LOOKUPS; n += 1) await work();
  const latencies = [];
  for (let n = 0; n < LOOKUPS; n += 1) {
    const before = performance.now();
    await work();
    latencies.push(performance.now() - before);
  }
  return latencies.sort((a, b) => a - b)[Math.floor(LOOKUPS * 0.99)];
}

async function lookUp({ connection }, token) {
  const byName = await p99(async () => {
    const path = `/auth/users/retrievePrincipal?username=${someAccount().username}`;
    expectStatus(await connection.request('GET', path, { authorization: `Bearer ${token}` }), 200);
  });
  const byEmail = await p99(async () => {
    const body = JSON.stringify({ email: someAccount().email });
    expectStatus(await connection.request('POST', '/auth/users/lookup/with-email', json(token), body), 200);
  });
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const names = new Set();
    while (names.size < NAMES_AT_ONCE) names.add(someAccount().username);
    const body = JSON.stringify({ users: [...names] });
    const before = performance.now();
    const answer = await connection.request('POST', '/auth/users/lookup', json(token), body);
    times.push(performance.now() - before);
    const { results } = JSON.parse(expectStatus(answer, 200).body);
    if (Object.values(results).some((result) => result === null)) throw new Error('a user was not found');
  }
  return { byName, byEmail, together: Math.min(...times) };
}

/** The whole list of users through the iterator. @returns {Promise<number>} users per second */
async function walk({ connection }, token) {
  const post = async (call, body) =>
    JSON.parse(
      expectStatus(
        await connection.request('POST', `/auth/users/iterator/${call}`, json(token), JSON.stringify(body)),
        200,
      ).body,
    );
  const started = performance.now();
  const id = await post('open', {});
  const seen = new Set();
  for (let page = await post('next', id); page.length > 0; page = await post('next', id))
    for (const user of page) seen.add(user.id);
  const seconds = (performance.now() - started) / 1_000;
  await post('close', id);
  // The first administrator and the service of the bench are users, too.
  if (seen.size !== MANY + 2) throw new Error(`${seen.size} users were handed out`);
  return MANY / seconds;
}

/** The mean time of a login while four are under way, in milliseconds. */
async function loginTime({ server }, client, seconds) {
  const work = async (connection, n) => void (await client.logIn(`people-${n}`, 'cli', connection));
  return 1_000 / (await load(server.url, { connections: 4, seconds }, work)).perSecond;
}

/** What a million accounts cost those who look somebody up, list all, or log in. */
export async function manyUsers({ data, config, progress, seconds }) {
  const few = await startWith(FEW, join(data, 'few'), config, progress);
  const many = await startWith(MANY, join(data, 'many'), config, progress);
  const client = new Authlog(many.server.url);
  progress('looking up');
  const { byName, byEmail, together } = await lookUp(client, await client.asService());
  progress('walking over all users');
  const walked = await walk(client, await client.asService());
  progress('logging in');
  for (const each of [few, many]) await loginTime(each, client, seconds);
  const logins = await paired(
    5,
    () => loginTime(few, client, seconds / 2),
    () => loginTime(many, client, seconds / 2),
  );
  const memory = many.server.peakMegabytes;
  client.close();
  for (const { server } of [few, many]) await server.stop();
  const of = `of ${MANY} users`;
  return [
    { what: `catch-up of the read models ${of}`, result: many.perSecond, unit: 'users/s' },
    { what: `look-up by name, ${of}, p99`, result: byName, unit: 'ms', must: '< 5 ms', ok: byName < 5 },
    { what: `look-up by e-mail, ${of}, p99`, result: byEmail, unit: 'ms', must: '< 5 ms', ok: byEmail < 5 },
    {
      what: `look-up of ${NAMES_AT_ONCE} names at once, ${of}`,
      result: together,
      unit: 'ms',
      must: '< 50 ms',
      ok: together < 50,
    },
    { what: `walk over ${MANY} users`, result: walked, unit: 'users/s', must: '≥ 50000/s', ok: walked >= 50_000 },
    {
      what: `login, one ${of}`,
      result: logins.result,
      unit: 'ms',
      against: `one of ${FEW} users`,
      bound: logins.bound,
      ratio: logins.ratio,
      must: '≤ 1.2',
      ok: logins.ratio <= 1.2,
    },
    { what: `memory with ${MANY} users`, result: memory, unit: 'MB', must: '< 250 MB', ok: memory < 250 },
  ];
}
