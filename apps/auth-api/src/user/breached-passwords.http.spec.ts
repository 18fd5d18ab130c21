import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Metrics } from '#host/metrics.js';
import { TestApp, passwordOf } from '../testing/test-app.js';

const BREACHED = 'everybody knows this one';
const OTHER = 'nobody has thought of this';
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();

/** What the source answers, as Have I Been Pwned does it: with padding, which nobody ever used. */
const range: RequestListener = (_, response) =>
  response.end(`${sha1(OTHER).slice(5)}:0\r\n${'A'.repeat(35)}:7\r\n${sha1(BREACHED).slice(5)}:3\r\n`);
let answer: RequestListener = range;
const asked: string[] = [];
const source = createServer((request, response) => {
  asked.push(request.url ?? '');
  answer(request, response);
});

let app: TestApp;
beforeAll(async () => {
  source.listen(0, '127.0.0.1');
  await once(source, 'listening');
  const { port } = source.address() as AddressInfo;
  const rangeUrl = `http://127.0.0.1:${port}/range/`;
  app = await TestApp.start(
    `{ breachedPasswords: { rangeUrl: "${rangeUrl}" }, passwordReset: { callers: [_bootstrap] } }`,
  );
});
afterAll(async () => {
  await app.close();
  source.close();
});

let users = 0;
let name: string;
beforeEach(() => {
  users += 1;
  name = `user-${users}`;
  answer = range;
});

const register = async (passwords: readonly string[], headers = {}) =>
  app.call('POST', '/auth/users/register', {
    token: await app.asService(),
    headers,
    json: passwords.map((password, index) => ({
      username: `${name}-${index}`,
      password,
      email: `${name}-${index}@example.org`,
    })),
  });
const change = async (newPassword: string) => {
  const json = { currentPassword: passwordOf(name), newPassword };
  return app.call('POST', '/auth/users/password', { token: (await app.logIn(name)).accessToken, json });
};
const breached = { status: 400, json: { errorCode: 'password-breached' } };

describe('a password that is known from a breach (SEC-06)', () => {
  it('cannot be chosen, in whatever way', async () => {
    await app.create(name);
    expect(await change(BREACHED)).toMatchObject(breached);
    const json = { userId: name, newPassword: BREACHED };
    expect(await app.call('POST', '/auth/users/password/reset', { token: await app.asService(), json })).toMatchObject(
      breached,
    );
    expect(await register([OTHER, BREACHED])).toMatchObject(breached);
    expect((await app.tryLogIn(`${name}-0`, OTHER)).status).toBe(401);
    expect((await change(OTHER)).status).toBe(200);
  });

  it('is asked for by five digits of its hash', async () => {
    await app.create(name);
    asked.length = 0;
    await change(BREACHED);
    await change('too short');
    expect(asked).toEqual([`/range/${sha1(BREACHED).slice(0, 5)}`]);
  });

  it('is no reason to refuse a registration that is repeated: nothing is chosen any more (SEC-134)', async () => {
    const key = { 'idempotency-key': `key-of-${name}` };
    const made = await register([passwordOf(name)], key);
    expect(made.status).toBe(200);
    asked.length = 0;
    answer = (_, response) => response.end(`${sha1(passwordOf(name)).slice(5)}:1\r\n`);
    const repeated = await register([passwordOf(name)], key);
    const credential = ({ text }: typeof made) => /"refreshToken":"[^"]+"/.exec(text)?.[0] ?? 'none';
    expect([repeated.status, credential(repeated), asked]).toEqual([200, credential(made), []]);
  });

  for (const [why, failure] of [
    ['is out of order', (_, response) => response.writeHead(503).end()],
    ['hangs up', (request) => request.socket.destroy()],
    ['sends somewhere else', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['is a page of something else', (_, response) => response.end('<html>Log in to the network</html>')],
  ] as [string, RequestListener][])
    it(`keeps nobody from choosing one while the source ${why}, and the log says so`, async () => {
      await app.create(name);
      answer = failure;
      const before = app.said.lines.length;
      expect((await change(BREACHED)).status).toBe(200);
      expect((await register([OTHER])).status).toBe(200);
      for (const type of ['PasswordChanged', 'UserCreated'])
        expect((await app.stored('user', type)).at(-1)?.data).toMatchObject({ breachCheck: 'unavailable' });
      const said = app.said.lines.slice(before).join();
      expect(said).toContain('without knowing whether it was in a breach');
      for (const secret of [BREACHED, OTHER, sha1(BREACHED)]) expect(said).not.toContain(secret);
    });

  it('is counted', async () => {
    const counted = await app.get(Metrics).registry.getSingleMetricAsString('authlog_breach_checks_total');
    for (const finding of ['breached', 'clear', 'unavailable'])
      expect(counted).toMatch(new RegExp(`${finding}"} [1-9]`));
  });
});
