import { Authlog } from '../clients.mjs';
import { Connection, expectStatus, load } from '../http-client.mjs';

const CONNECTIONS = 48;

/** Rotating refreshes, each durable before it is answered; every connection goes on with its own session. */
export async function refresh({ authlog, bare, oidc, seconds }) {
  const client = new Authlog(authlog.url);
  await client.createPeople('refresh', 8);
  const tokens = await Promise.all(
    Array.from(
      { length: CONNECTIONS },
      async (_, n) => (await new Authlog(authlog.url).logIn(`refresh-${n % 8}`, 'rotating')).refreshToken,
    ),
  );
  const token = await bareToken(bare);
  const headers = { authorization: `Bearer ${token}` };
  const ours = [];
  const bounds = [];
  for (let round = 0; round < 2; round += 1) {
    ours.push(
      await load(authlog.url, { connections: CONNECTIONS, seconds }, async (connection, n) => {
        tokens[n] = (await client.refresh(tokens[n], connection)).refreshToken;
      }),
    );
    bounds.push(
      await load(
        bare.url,
        { connections: CONNECTIONS, seconds },
        async (connection) => void expectStatus(await connection.request('POST', '/append', headers), 200),
      ),
    );
  }
  client.close();
  const theirs = await oidcRefreshes(oidc, seconds);
  const best = Math.max(...ours.map(({ perSecond }) => perSecond));
  const bound = Math.max(...bounds.map(({ perSecond }) => perSecond));
  return [
    {
      what: 'rotating refresh, durable',
      result: best,
      unit: '/s',
      against: 'one JWT verified, one row appended',
      bound,
      must: '≥ 1200/s',
      ok: best >= 1_200,
    },
    { what: 'rotating refresh, durable, p99', result: Math.min(...ours.map(({ p99 }) => p99)), unit: 'ms' },
    {
      what: 'rotating refresh, durable',
      result: best,
      unit: '/s',
      against: 'oidc-provider (in memory)',
      bound: theirs.perSecond,
    },
  ];
}

export async function bareToken(bare) {
  const connection = new Connection(bare.url);
  const { body } = await connection.request('GET', '/token');
  connection.close();
  return body;
}

async function oidcRefreshes(oidc, seconds) {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${Buffer.from('bench:bench').toString('base64')}`,
  };
  const first = new Connection(oidc.url);
  const tokens = [];
  for (let n = 0; n < CONNECTIONS; n += 1) tokens.push((await first.request('GET', '/bench-token')).body);
  first.close();
  return load(oidc.url, { connections: CONNECTIONS, seconds }, async (connection, n) => {
    const body = `grant_type=refresh_token&refresh_token=${tokens[n]}`;
    tokens[n] = JSON.parse(
      expectStatus(await connection.request('POST', '/token', headers, body), 200).body,
    ).refresh_token;
  });
}
