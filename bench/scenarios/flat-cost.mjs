import { Authlog } from '../clients.mjs';
import { Connection, expectStatus } from '../http-client.mjs';
import { startAuthlog } from '../processes.mjs';

const REFRESHES = 10_000;
const SAMPLE = 300;
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Refreshes a session so many times. @returns {Promise<{token: string, milliseconds: number}>} the median of one */
async function refreshed(client, token, times) {
  const latencies = [];
  let current = token;
  for (let n = 0; n < times; n += 1) {
    const started = performance.now();
    current = (await client.refresh(current)).refreshToken;
    latencies.push(performance.now() - started);
  }
  return { token: current, milliseconds: median(latencies) };
}

/** That nothing gets dearer: the ten-thousandth refresh, the first one after a restart, the end of ten thousand sessions. */
export async function flatCost({ data, config }) {
  let server = await startAuthlog(data, config);
  let client = new Authlog(server.url);
  await client.createPeople('flat', 2);
  const young = async () => (await client.logIn('flat-0', 'rotating')).refreshToken;
  await refreshed(client, await young(), SAMPLE);
  const first = await refreshed(client, await young(), SAMPLE);
  const old = await refreshed(client, await young(), REFRESHES);
  const last = await refreshed(client, old.token, SAMPLE);

  // Right after a restart: the first touch of the old session against the first touch of a young one, many of each.
  const oldSessions = [];
  for (let n = 0; n < 8; n += 1) oldSessions.push(await young());
  const oldTokens = await Promise.all(
    oldSessions.map(async (token) => (await refreshed(new Authlog(server.url), token, 1_000)).token),
  );
  const youngTokens = [];
  for (let n = 0; n < 8; n += 1) youngTokens.push(await young());
  client.close();
  await server.stop();
  server = await startAuthlog(data, config);
  client = new Authlog(server.url);
  await refreshed(client, await young(), SAMPLE);
  const touch = { old: [], young: [] };
  for (const [age, tokens] of [
    ['young', youngTokens],
    ['old', [...oldTokens, last.token]],
  ])
    for (const token of tokens) touch[age].push((await refreshed(client, token, 1)).milliseconds);

  const ending = await endSessions(server, client);
  client.close();
  await server.stop();
  const ratio = last.milliseconds / first.milliseconds;
  const afterRestart = median(touch.old) / median(touch.young);
  return [
    {
      what: `refresh no. ${REFRESHES} of a session, median`,
      result: last.milliseconds,
      unit: 'ms',
      against: 'its first ones',
      bound: first.milliseconds,
      must: '≤ 1.2',
      ok: ratio <= 1.2,
    },
    {
      what: 'first refresh of an old session after a restart',
      result: median(touch.old),
      unit: 'ms',
      against: 'of a young one',
      bound: median(touch.young),
      must: '≤ 1.2',
      ok: afterRestart <= 1.2,
    },
    ...ending,
  ];
}

async function endSessions(server, client) {
  const rows = [];
  for (const count of [1, 10_000]) {
    const connections = Array.from({ length: 8 }, () => new Connection(server.url));
    let opened = 0;
    // Extensions are sessions, too, and cost no password.
    const { accessToken } = await client.logIn('flat-1', 'cli');
    const service = await client.asService();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${service}` };
    const body = JSON.stringify({
      validJWT: accessToken,
      requestedScopes: ['bench:read'],
      expiresIn: 600_000,
      allowRefreshes: true,
    });
    await Promise.all(
      connections.map(async (connection) => {
        while (opened < count) {
          opened += 1;
          expectStatus(await connection.request('POST', '/auth/extend', headers, body), 200);
        }
        connection.close();
      }),
    );
    const before = await appended(client);
    const started = performance.now();
    expectStatus(
      await client.connection.request('DELETE', '/auth/sessions', { authorization: `Bearer ${accessToken}` }),
      200,
    );
    const milliseconds = performance.now() - started;
    const events = (await appended(client)) - before;
    rows.push({ what: `end ${count} sessions: events`, result: events, unit: '', must: '1', ok: events === 1 });
    rows.push({ what: `end ${count} sessions`, result: milliseconds, unit: 'ms' });
  }
  return rows;
}

/** How many appends the server has made. */
async function appended(client) {
  const { body } = await client.connection.request('GET', '/metrics');
  return Number(/authlog_append_seconds_count (\d+)/.exec(body)[1]);
}
