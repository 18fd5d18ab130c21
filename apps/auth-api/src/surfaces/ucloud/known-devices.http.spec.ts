import { TOTP } from 'otpauth';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FREE_FAILURES, HARD_STOP, LONGEST_WAIT_MS } from '#domain/attempts/attempts.js';
import { type TestAnswer, TestApp, passwordOf } from '../../testing/test-app.js';

const RESET = 'seven small green bottles';
const DAY = 86_400_000;

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start(`
passwordReset: { callers: [_bootstrap] }
trustedProxies: [127.0.0.1]
throttling: { address: { failures: 8 } }
`);
});
afterAll(() => app.close());

/** A /24 for each test, so that no address is in the way of another test. */
let subnet = 0;
beforeEach(() => {
  subnet += 1;
});
const deviceIn = ({ cookies }: TestAnswer) => cookies.find(({ name }) => name === 'device')?.value ?? '';
const logIn = (username: string, password: string, device: string | null, host = 1) =>
  app.call('POST', '/auth/login', {
    form: { username, password, service: 'web' },
    headers: { accept: 'application/json', 'x-forwarded-for': `198.51.${subnet}.${host}` },
    ...(device === null ? {} : { cookies: { device } }),
  });
/** Makes a person who logs in; what their browser keeps. */
const knownDeviceOf = async (username: string) => {
  await app.create(username);
  return deviceIn(await logIn(username, passwordOf(username), null));
};
const guessAt = (username: string, host: number) => logIn(username, 'not this one', null, host);
/** Strangers use up what strangers have. */
const exhaust = async (username: string) => {
  for (let host = 10; host < 10 + FREE_FAILURES; host += 1) expect((await guessAt(username, host)).status).toBe(401);
};

describe('a browser that has logged in before', () => {
  it('gets in while strangers from fifty addresses guess, and a stranger with the right password waits (SEC-21)', async () => {
    const device = await knownDeviceOf('ada');
    const storm = await Promise.all(Array.from({ length: 50 }, (_, n) => guessAt('ada', 10 + n)));
    expect(storm.filter(({ status }) => status === 401)).toHaveLength(FREE_FAILURES);
    expect((await logIn('ada', passwordOf('ada'), null, 99)).status).toBe(429);
    const owner = await logIn('ada', passwordOf('ada'), device);
    expect(owner.status).toBe(200);
    expect(deviceIn(owner)).not.toBe(device);
    expect((await logIn('ada', passwordOf('ada'), deviceIn(owner))).status).toBe(200);
    expect((await logIn('ada', passwordOf('ada'), null, 99)).status).toBe(429);
  });

  it('gets in from an address whose budget is used up (SEC-21)', async () => {
    const device = await knownDeviceOf('grace');
    for (let n = 0; n < 8; n += 1) expect((await guessAt(`nobody-${n}`, 1)).status).toBe(401);
    expect((await logIn('grace', passwordOf('grace'), null)).status).toBe(429);
    expect((await logIn('grace', passwordOf('grace'), device)).status).toBe(200);
  });

  it('gets in after a password was guessed at a hundred times, when nobody else does (SEC-20, SEC-21)', async () => {
    const device = await knownDeviceOf('hedy');
    for (let failure = 0; failure < HARD_STOP; failure += 1) {
      if (failure >= FREE_FAILURES) app.clock.advance(LONGEST_WAIT_MS);
      expect((await guessAt('hedy', 10 + failure)).status).toBe(401);
    }
    app.clock.advance(LONGEST_WAIT_MS);
    expect((await logIn('hedy', passwordOf('hedy'), null, 200)).json['why']).toContain('Reset it');
    expect((await logIn('hedy', passwordOf('hedy'), device)).status).toBe(200);
  });

  it('may fail as often as anybody, then waits; that is nothing to strangers or other browsers (SEC-19, SEC-25)', async () => {
    const device = await knownDeviceOf('joan');
    const other = deviceIn(await logIn('joan', passwordOf('joan'), null));
    const before = (await app.events('attempts')).length;
    const mistyped = await Promise.all(Array.from({ length: 30 }, () => logIn('joan', 'not this one', device)));
    expect(mistyped.filter(({ status }) => status === 401)).toHaveLength(FREE_FAILURES);
    expect((await app.events('attempts')).slice(before)).toEqual(Array<string>(FREE_FAILURES).fill('LoginFailed'));
    expect((await logIn('joan', passwordOf('joan'), device)).headers['retry-after']).toBe('30');
    for (const each of [other, null]) expect((await logIn('joan', passwordOf('joan'), each)).status).toBe(200);
    expect((await logIn('joan', passwordOf('joan'), device)).status).toBe(429);
    app.clock.advance(30_000);
    expect((await logIn('joan', passwordOf('joan'), device)).status).toBe(200);
    expect((await logIn('joan', 'not this one', device)).status).toBe(401);
  });

  it('begins anew with a password that was reset, and still gets in among strangers (SEC-20, SEC-21)', async () => {
    const device = await knownDeviceOf('karen');
    for (let n = 0; n < FREE_FAILURES; n += 1) await logIn('karen', 'not this one', device);
    expect((await logIn('karen', passwordOf('karen'), device)).status).toBe(429);
    const json = { userId: 'karen', newPassword: RESET };
    await app.call('POST', '/auth/users/password/reset', { token: await app.asService(), json });
    await exhaust('karen');
    expect((await logIn('karen', RESET, device)).status).toBe(200);
  });

  it('is known with a second factor once it has shown both', async () => {
    const { accessToken } = await app.person('radia');
    const offer = (await app.call('POST', '/auth/2fa', { token: accessToken })).json;
    const totp = new TOTP({ secret: String(offer['secret']) });
    const answer = (challengeId: unknown, token = {}) =>
      app.call('POST', '/auth/2fa/challenge', {
        ...token,
        json: { challengeId, verificationCode: totp.generate({ timestamp: app.clock.now().getTime() }) },
        headers: { accept: 'application/json' },
      });
    expect(deviceIn(await answer(offer['challengeId'], { token: accessToken }))).toBe('');
    app.clock.advance(60_000);
    const halfway = await logIn('radia', passwordOf('radia'), null);
    expect(deviceIn(halfway)).toBe('');
    const device = deviceIn(await answer(halfway.json['2fa']));
    await exhaust('radia');
    expect((await logIn('radia', passwordOf('radia'), null)).status).toBe(429);
    expect((await logIn('radia', passwordOf('radia'), device)).json).toHaveProperty('2fa');
  });

  it('cannot be multiplied: all of an account together fail a hundred times a day at most', async () => {
    await app.create('sophie');
    const devices = await Promise.all(
      Array.from({ length: 25 }, async () => deviceIn(await logIn('sophie', passwordOf('sophie'), null))),
    );
    const answers = await Promise.all(
      devices.flatMap((device) => Array.from({ length: FREE_FAILURES }, () => logIn('sophie', 'not this one', device))),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(100);
    // From then on they are strangers, who may fail five times.
    expect((await logIn('sophie', passwordOf('sophie'), devices[0] ?? '')).status).toBe(200);
    await exhaust('sophie');
    expect((await logIn('sophie', passwordOf('sophie'), devices[0] ?? '')).status).toBe(429);
  });
});

describe('a stranger', () => {
  it('is who shows nothing, something altered, or what is another account’s or too old (SEC-21)', async () => {
    const device = await knownDeviceOf('wanda');
    const foreign = await knownDeviceOf('mary');
    await exhaust('wanda');
    const [id = '', issuedAt = '', mac = ''] = device.split('.');
    for (const shown of [null, '', 'x', foreign, `${id}.${Number(issuedAt) + 1}.${mac}`, `${id}.${issuedAt}.${mac}x`])
      expect([shown, (await logIn('wanda', passwordOf('wanda'), shown)).status]).toEqual([shown, 429]);
    expect((await logIn('wanda', passwordOf('wanda'), device)).status).toBe(200);

    app.clock.advance(90 * DAY - 1_000);
    await guessAt('wanda', 30);
    expect((await logIn('wanda', passwordOf('wanda'), device)).status).toBe(200);
    app.clock.advance(1_000);
    expect((await logIn('wanda', passwordOf('wanda'), device)).status).toBe(429);
  });

  it('does not learn from a cookie whether a name is known (SEC-27)', async () => {
    const foreign = await knownDeviceOf('evelyn');
    await knownDeviceOf('annie');
    const answers = [];
    for (const name of ['annie', 'no-such-annie']) {
      for (let n = 0; n < FREE_FAILURES; n += 1) await logIn(name, 'not this one', foreign, 20 + n);
      const { status, text, headers } = await logIn(name, 'not this one', foreign, 30);
      answers.push({ status, text, retryAfter: headers['retry-after'], cookies: headers['set-cookie'] });
    }
    expect(answers[0]).toEqual({ status: 429, text: expect.any(String), retryAfter: '30', cookies: undefined });
    expect(answers[1]).toEqual(answers[0]);
  });
});
