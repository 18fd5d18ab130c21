import { Authlog, BetterAuth } from '../clients.mjs';
import { expectStatus, load } from '../http-client.mjs';
import { bareToken } from './refresh.mjs';

const CONNECTIONS = 16;
const PEOPLE = 16;
const SESSIONS = 10;

/** Session checks and lists, of people with ten sessions each. */
export async function reads({ authlog, betterAuth, bare, seconds }) {
  const client = new Authlog(authlog.url);
  await client.createPeople('reads', PEOPLE);
  const tokens = [];
  for (let n = 0; n < PEOPLE; n += 1)
    for (let session = 1; session < SESSIONS; session += 1)
      tokens[n] = (await client.logIn(`reads-${n}`, 'cli')).accessToken;

  const peer = new BetterAuth(betterAuth.url);
  const cookies = [];
  for (let n = 0; n < PEOPLE; n += 1) {
    cookies[n] = await peer.signUp(`reads-${n}@example.org`);
    for (let session = 1; session < SESSIONS; session += 1) cookies[n] = await peer.signIn(`reads-${n}@example.org`);
  }
  const headers = { authorization: `Bearer ${await bareToken(bare)}` };

  const options = { connections: CONNECTIONS, seconds };
  const best = { check: 0, bound: 0, list: 0, theirCheck: 0, theirList: 0 };
  const measure = async (name, url, work) => {
    best[name] = Math.max(best[name], (await load(url, options, work)).perSecond);
  };
  for (let round = 0; round < 2; round += 1) {
    await measure(
      'check',
      authlog.url,
      async (connection, n) => void (await client.get('/auth/sessions/current', tokens[n % PEOPLE], connection)),
    );
    await measure(
      'bound',
      bare.url,
      async (connection) => void expectStatus(await connection.request('GET', '/check', headers), 200),
    );
    await measure(
      'theirCheck',
      betterAuth.url,
      async (connection, n) => void (await peer.get('/api/auth/get-session', cookies[n % PEOPLE], connection)),
    );
    await measure(
      'list',
      authlog.url,
      async (connection, n) => void (await client.get('/auth/sessions', tokens[n % PEOPLE], connection)),
    );
    await measure(
      'theirList',
      betterAuth.url,
      async (connection, n) => void (await peer.get('/api/auth/list-sessions', cookies[n % PEOPLE], connection)),
    );
  }
  client.close();
  peer.close();
  return [
    {
      what: 'session check',
      result: best.check,
      unit: '/s',
      against: 'one JWT verified, nothing else',
      bound: best.bound,
    },
    {
      what: 'session check',
      result: best.check,
      unit: '/s',
      against: 'better-auth',
      bound: best.theirCheck,
      must: '≥ 10',
      ok: best.check >= 10 * best.theirCheck,
    },
    {
      what: `list of ${SESSIONS} sessions`,
      result: best.list,
      unit: '/s',
      against: 'better-auth',
      bound: best.theirList,
      must: '≥ 5',
      ok: best.list >= 5 * best.theirList,
    },
  ];
}
