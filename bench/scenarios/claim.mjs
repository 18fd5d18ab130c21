import { Authlog } from '../clients.mjs';
import { load } from '../http-client.mjs';

const CONNECTIONS = 48;

/** One-time tokens: asked for first, then claimed as fast as they go. */
export async function claim({ authlog, seconds }) {
  const client = new Authlog(authlog.url);
  await client.createPeople('claim', 1);
  const { accessToken } = await client.logIn('claim-0', 'cli');
  const service = await client.asService();
  const rates = { request: 0, claim: 0 };
  for (let round = 0; round < 2; round += 1) {
    const issued = [];
    const requested = await load(authlog.url, { connections: CONNECTIONS, seconds }, async (connection) => {
      issued.push(
        JSON.parse(await client.post('/auth/request?audience=files.upload:write', accessToken, connection)).jti,
      );
    });
    const started = performance.now();
    const total = issued.length;
    // Claimed to the last one, within their minute.
    await load(authlog.url, { connections: CONNECTIONS, seconds: 0.001 }, async (connection) => {
      for (let jti = issued.pop(); jti !== undefined; jti = issued.pop())
        await client.post(`/auth/claim?jti=${jti}`, service, connection);
    });
    rates.claim = Math.max(rates.claim, total / ((performance.now() - started) / 1_000));
    rates.request = Math.max(rates.request, requested.perSecond);
  }
  client.close();
  return [
    { what: 'one-time token, request', result: rates.request, unit: '/s' },
    { what: 'one-time token, claim', result: rates.claim, unit: '/s', must: '≥ 1500/s', ok: rates.claim >= 1_500 },
  ];
}
