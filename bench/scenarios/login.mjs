import { hash, verify } from '@node-rs/argon2';
import { Authlog, BetterAuth, PASSWORD } from '../clients.mjs';
import { load } from '../http-client.mjs';
import { paired } from '../paired.mjs';

const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** As many verifications as two threads can do, and nothing else. */
async function bareArgon2id(seconds) {
  const phc = await hash(PASSWORD, ARGON2ID);
  const deadline = performance.now() + seconds * 1_000;
  let count = 0;
  const started = performance.now();
  const thread = async () => {
    while (performance.now() < deadline) {
      await verify(phc, PASSWORD);
      count += 1;
    }
  };
  await Promise.all([thread(), thread()]);
  return count / ((performance.now() - started) / 1_000);
}

/** Logins as fast as they go, while others check their sessions. */
export async function login({ authlog, betterAuth, seconds }) {
  const client = new Authlog(authlog.url);
  await client.createPeople('login', 8);
  const { accessToken } = await client.logIn('login-0', 'cli');
  const checks = [];
  const oneLogin = async (connection, n) => void (await client.logIn(`login-${n}`, 'cli', connection));
  const oneCheck = async (connection) => void (await client.get('/auth/sessions/current', accessToken, connection));
  // Logins are few, so it takes a while until the engine has compiled their code: a service is measured that has been up.
  await load(authlog.url, { connections: 8, seconds: 5 * seconds }, oneLogin);
  const { result, bound, ratio } = await paired(
    5,
    () => bareArgon2id(seconds / 2),
    async () => {
      const [logins, checked] = await Promise.all([
        load(authlog.url, { connections: 8, seconds }, oneLogin),
        load(authlog.url, { connections: 2, seconds, perSecond: 20 }, oneCheck),
      ]);
      checks.push(checked.p99);
      return logins.perSecond;
    },
  );
  client.close();

  const peer = new BetterAuth(betterAuth.url);
  for (let n = 0; n < 8; n += 1) await peer.signUp(`login-${n}@example.org`);
  const theirs = await load(
    betterAuth.url,
    { connections: 8, seconds },
    async (connection, n) => void (await peer.signIn(`login-${n}@example.org`, connection)),
  );
  peer.close();

  const p99 = checks.sort((a, b) => a - b)[2];
  return [
    { what: 'login', result, unit: '/s', against: 'bare argon2id', bound, ratio, must: '≥ 0.8', ok: ratio >= 0.8 },
    { what: 'login, session checks beside it, p99', result: p99, unit: 'ms', must: '< 50 ms', ok: p99 < 50 },
    { what: 'login', result, unit: '/s', against: 'better-auth (scrypt)', bound: theirs.perSecond },
  ];
}
