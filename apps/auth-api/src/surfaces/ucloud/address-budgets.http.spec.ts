import { TOTP } from 'otpauth';
import { afterEach, describe, expect, it } from 'vitest';
import { Metrics } from '#host/metrics.js';
import { Stores } from '#host/stores.js';
import { Authenticator } from '../../testing/authenticator.js';
import { type TestAnswer, TestApp, passwordOf } from '../../testing/test-app.js';

let app: TestApp;
const start = async (throttling: string) => {
  app = await TestApp.start(`trustedProxies: [127.0.0.1]\nthrottling: ${throttling}`);
};
afterEach(() => app.close());

const from = (address: string) => ({ 'x-forwarded-for': address });
const guess = (username: string, address: string) => app.tryLogIn(username, 'not this one', 'cli', from(address));
/** One guess at each of so many accounts, so that none of them is in the way. */
const guesses = async (count: number, address: (n: number) => string, names = 'nobody') =>
  Promise.all(Array.from({ length: count }, (_, n) => guess(`${names}-${n}`, address(n))));
const rightOnes = (count: number, address: string) =>
  Promise.all(Array.from({ length: count }, async () => app.tryLogIn('ada', passwordOf('ada'), 'cli', from(address))));
const answersOf = (answers: readonly TestAnswer[]) => {
  const statuses = answers.map(({ status }) => status);
  return { wrong: statuses.filter((s) => s === 401).length, throttled: statuses.filter((s) => s === 429).length };
};
const HERE = '192.0.2.7';
const ELSEWHERE = '203.0.113.9';

describe('wrong passwords from one address', () => {
  it('are answered as often as it may fail, of two hundred at once over as many accounts (SEC-22, SEC-23)', async () => {
    await start('{ address: { failures: 20 } }');
    const answers = await guesses(200, () => HERE);
    expect(answersOf(answers)).toEqual({ wrong: 20, throttled: 180 });
    expect(await app.events('attempts')).toEqual(Array<string>(20).fill('LoginFailed'));
    const throttled = answers.find(({ status }) => status === 429);
    expect(throttled?.json).toEqual({
      why: 'Too many failed logins. Wait, then try again.',
      errorCode: 'login-throttled',
    });
    expect(Number(throttled?.headers['retry-after'])).toBeGreaterThan(840);
    expect(Number(throttled?.headers['retry-after'])).toBeLessThanOrEqual(900);
    expect((await guess('nobody', ELSEWHERE)).status).toBe(401);
  });

  it('keep its right ones waiting, too, and the answer does not tell who is known (SEC-27)', async () => {
    await start('{ address: { failures: 3 } }');
    await app.create('ada');
    await guesses(3, () => HERE);
    const answers = [await app.tryLogIn('ada', passwordOf('ada'), 'cli', from(HERE)), await guess('nobody', HERE)];
    expect(answersOf(answers)).toEqual({ wrong: 0, throttled: 2 });
    const [known, unknown] = answers.map(
      ({ text, headers: { date: _, 'job-id': __, 'retry-after': ___, ...rest } }) => ({
        text,
        rest,
      }),
    );
    expect(known).toEqual(unknown);
    expect((await app.tryLogIn('ada', passwordOf('ada'), 'cli', from(ELSEWHERE))).status).toBe(200);
  });

  it('count in any spelling of it, for an IPv6 /64, and for all whose address is not known (SEC-22, SEC-142)', async () => {
    await start('{ address: { failures: 2 } }');
    for (const [one, same, another] of [
      [HERE, `::ffff:${HERE}`, '192.0.2.8'],
      ['2001:db8:1:2::1', '2001:DB8:1:2:ffff::7', '2001:db8:1:3::1'],
      ['whoever', '1.2.3', '192.0.2.9'],
    ] as const) {
      expect(answersOf(await guesses(2, (n) => (n === 0 ? one : same)))).toEqual({ wrong: 2, throttled: 0 });
      expect((await guess('nobody', same)).status).toBe(429);
      expect((await guess('nobody', another)).status).toBe(401);
    }
  });
});

describe('wrong passwords from many addresses', () => {
  for (const [network, address] of [
    ['an IPv4 /24', (n: number) => `192.0.2.${n}`],
    ['an IPv6 /48', (n: number) => `2001:db8:0:${n}::1`],
  ] as const)
    it(`of ${network} count together (SEC-22)`, async () => {
      await start('{ address: { failures: 5 }, network: { failures: 12 } }');
      expect(answersOf(await guesses(40, address))).toEqual({ wrong: 12, throttled: 28 });
      expect((await guess('nobody', ELSEWHERE)).status).toBe(401);
    });

  it('of everywhere count together (SEC-22)', async () => {
    await start('{ address: { failures: 5 }, service: { failures: 15 } }');
    expect(answersOf(await guesses(40, (n) => `198.51.${n}.1`))).toEqual({ wrong: 15, throttled: 25 });
    const { status, headers } = await guess('nobody', ELSEWHERE);
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(840);
  });
});

describe('right passwords', () => {
  it('all succeed, however many arrive from one address, and cost nothing (SEC-23)', async () => {
    await start('{ address: { failures: 20 } }');
    await app.create('ada');
    const both = await Promise.all([rightOnes(150, HERE), guesses(19, () => HERE)]);
    expect(new Set(both[0].map(({ status }) => status))).toEqual(new Set([200]));
    expect(answersOf(both[1])).toEqual({ wrong: 19, throttled: 0 });
    expect(answersOf(await guesses(5, () => HERE))).toEqual({ wrong: 1, throttled: 4 });
  });
});

describe('what else is refused', () => {
  it('is no failure of the address: only a wrong secret counts, once (SEC-24)', async () => {
    await start('{ address: { failures: 6 } }');
    await Authenticator.enrol(app, (await app.person('ada')).accessToken);
    for (let n = 0; n < 10; n += 1) {
      expect((await app.tryLogIn('ada', 'not this one', 'nowhere', from(HERE))).status).toBe(400);
      expect((await app.tryLogIn('ada', passwordOf('ada'), 'cli', from(HERE))).json).toHaveProperty('2fa');
    }
    for (let n = 0; n < 5; n += 1) expect((await guess('ada', HERE)).status).toBe(401);
    for (let n = 0; n < 10; n += 1) expect((await guess('ada', HERE)).headers['retry-after']).toBe('30');
    expect(answersOf(await guesses(2, () => HERE))).toEqual({ wrong: 1, throttled: 1 });
  });
});

describe('where else a secret is shown', () => {
  it('a wrong current password counts, and waits with the others', async () => {
    await start('{ address: { failures: 3 } }');
    const { accessToken } = await app.person('ada');
    const change = (currentPassword: string) =>
      app.call('POST', '/auth/users/password', {
        token: accessToken,
        json: { currentPassword, newPassword: 'seven small green bottles' },
        headers: from(HERE),
      });
    for (let n = 0; n < 3; n += 1) expect((await change('not this one')).json['errorCode']).toBe('password-wrong');
    expect((await guess('nobody', HERE)).status).toBe(429);
    expect((await change(passwordOf('ada'))).json['errorCode']).toBe('login-throttled');
  });

  it('a wrong code counts, and a right one is never kept waiting by the address', async () => {
    await start('{ address: { failures: 3 } }');
    const { accessToken } = await app.person('ada');
    const offer = (await app.call('POST', '/auth/2fa', { token: accessToken })).json;
    const totp = new TOTP({ secret: String(offer['secret']) });
    const codeNow = () => totp.generate({ timestamp: app.clock.now().getTime() });
    const answer = (challengeId: unknown, verificationCode: string, token = {}) =>
      app.call('POST', '/auth/2fa/challenge', {
        ...token,
        json: { challengeId, verificationCode },
        headers: { ...from(HERE), accept: 'application/json' },
      });
    for (let n = 0; n < 4; n += 1) await answer(offer['challengeId'], '000000', { token: accessToken });
    expect((await answer(offer['challengeId'], codeNow(), { token: accessToken })).status).toBe(204);
    app.clock.advance(60_000);

    const challengeId = (await app.tryLogIn('ada', passwordOf('ada'), 'cli', from(HERE))).json['2fa'];
    for (let n = 0; n < 3; n += 1) expect((await answer(challengeId, '000000')).status).toBe(401);
    expect((await guess('nobody', HERE)).status).toBe(429);
    expect((await answer(challengeId, codeNow())).status).toBe(200);
  });
});

describe('while the counters cannot be used', () => {
  it('each process counts for itself, more strictly, and says so (SEC-28)', async () => {
    await start('{ address: { failures: 30 } }');
    await app.create('ada');
    await app.get(Stores).budgets.close();
    expect((await app.tryLogIn('ada', passwordOf('ada'), 'cli', from(HERE))).status).toBe(200);
    expect(answersOf(await guesses(10, () => HERE))).toEqual({ wrong: 3, throttled: 7 });
    expect((await app.tryLogIn('ada', passwordOf('ada'), 'cli', from(HERE))).status).toBe(429);
    expect((await app.tryLogIn('ada', passwordOf('ada'), 'cli', from(ELSEWHERE))).status).toBe(200);
    expect(app.said.lines.filter((line) => line.includes('the counters of guesses cannot be used'))).toHaveLength(1);
    expect(await app.get(Metrics).registry.getSingleMetricAsString('authlog_budget_store_failures_total')).toMatch(
      /_total [1-9]/,
    );
  });
});

describe('an address that a stranger says is theirs', () => {
  it('is not believed (SEC-141)', async () => {
    app = await TestApp.start('throttling: { address: { failures: 3 } }');
    expect(answersOf(await guesses(10, (n) => `198.51.100.${n}`))).toEqual({ wrong: 3, throttled: 7 });
  });
});
