import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../../testing/authenticator.js';
import { TestApp, passwordOf, refusal } from '../../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start('passwordReset: { callers: [_bootstrap] }');
});
afterAll(() => app.close());

const change = (token: string, currentPassword: string, newPassword: string, code = {}) =>
  app.call('POST', '/auth/users/password', { token, json: { currentPassword, newPassword, ...code } });
const reset = async (userId: string, newPassword: string, token?: string) =>
  app.call('POST', '/auth/users/password/reset', {
    token: token ?? (await app.asService()),
    json: { userId, newPassword },
  });
const NEW = 'seven small green bottles';

describe('changing a password', () => {
  it('needs the current one, ends all other sessions and keeps this one (SEC-08, SEC-09)', async () => {
    const here = await app.person('ada');
    const elsewhere = await app.logIn('ada');
    expect(await change(here.accessToken, 'not this one at all', NEW)).toMatchObject(refusal('password-wrong'));
    expect((await change(here.accessToken, passwordOf('ada'), NEW)).status).toBe(200);

    expect((await app.sessionsOf(here.accessToken)).map(({ current }) => current)).toEqual([true]);
    for (const token of [elsewhere.refreshToken])
      expect((await app.call('POST', '/auth/refresh', { token })).json['errorCode']).toBe('session-ended');
    expect((await app.tryLogIn('ada')).status).toBe(401);
    expect((await app.tryLogIn('ada', NEW)).status).toBe(200);
  });

  it('is no way to guess the current one: it counts as a failed login (SEC-19)', async () => {
    const { accessToken } = await app.person('grace');
    for (let guess = 0; guess < 5; guess += 1)
      expect(await change(accessToken, `guess number ${guess}`, NEW)).toMatchObject(refusal('password-wrong'));
    expect(await change(accessToken, passwordOf('grace'), NEW)).toMatchObject(refusal('login-throttled', 429));
    expect((await app.tryLogIn('grace')).status).toBe(429);
  });

  it('refuses what is short, common or a name of its owner, and never repeats it (SEC-01, SEC-05, SEC-07)', async () => {
    const { accessToken } = await app.person('a-name-of-15-chars');
    for (const [password, errorCode] of [
      ['', 'password-missing'],
      ['fourteen chars', 'password-too-short'],
      ['x'.repeat(257), 'password-too-long'],
      ['1QAZ2wsx3edc4rfv', 'password-common'],
      ['A-Name-Of-15-Chars', 'password-common'],
      ['a-name-of-15-chars@example.org', 'password-common'],
    ] as const) {
      const answer = await change(accessToken, passwordOf('a-name-of-15-chars'), password);
      expect(answer).toMatchObject(refusal(errorCode));
      if (password !== '') expect(answer.text).not.toContain(password);
    }
  });

  it('is to another one, and costs no guess otherwise', async () => {
    const { accessToken } = await app.person('lise');
    const before = await app.events('attempts');
    for (const password of [passwordOf('lise'), 'a guess that is long enough'])
      expect(await change(accessToken, password, password)).toMatchObject(refusal('password-unchanged'));
    expect(await app.events('attempts')).toEqual(before);
  });

  it('of two changes at the same moment makes one, and keeps nothing of the other', async () => {
    const { accessToken } = await app.person('hedy');
    const kept = await app.passwordsKept();
    const passwords = [NEW, 'eight small green bottles'];
    const answers = await Promise.all(passwords.map((each) => change(accessToken, passwordOf('hedy'), each)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(await app.passwordsKept()).toBe(kept);
    const logins = await Promise.all(passwords.map((each) => app.tryLogIn('hedy', each)));
    expect(logins.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  });
});

describe('changing a password beside a second factor', () => {
  const start = async (username: string) => {
    const alone = (await app.person(username)).accessToken;
    const authenticator = await Authenticator.enrol(app, alone);
    const token = await authenticator.logIn(username, passwordOf(username));
    return { alone, authenticator, token, password: passwordOf(username) };
  };
  const outcomes = async () => [...(await app.events('attempts')), ...(await app.events('factor'))];

  it('needs no code within five minutes after a login with it (SEC-08)', async () => {
    const { token, password } = await start('margaret');
    app.clock.advance(240_000);
    expect((await change(token, password, NEW)).status).toBe(200);
  });

  it('needs one later, and in a session that was opened without: a stolen session is not enough (SEC-08)', async () => {
    const { alone, authenticator, token, password } = await start('radia');
    app.clock.advance(240_001);
    const before = await outcomes();
    for (const session of [token, alone])
      expect(await change(session, password, NEW)).toMatchObject({
        ...refusal('step-up-required', 401),
        headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age="300"' },
      });
    expect(await outcomes()).toEqual(before);
    expect((await change(alone, password, NEW, { verificationCode: authenticator.code() })).status).toBe(200);
    expect((await app.tryLogIn('radia', NEW)).json).toHaveProperty('2fa');

    const [recoveryCode] = authenticator.recoveryCodes;
    expect((await change(alone, NEW, password, { recoveryCode, verificationCode: null })).status).toBe(200);
    expect(await change(alone, password, NEW, { recoveryCode })).toMatchObject(refusal('second-factor-wrong', 401));
    expect((await app.tryLogIn('radia')).json).toHaveProperty('2fa');
  });

  it('spends no code and no guess where the new password is refused, and no code where the current one is wrong', async () => {
    const { alone, authenticator, password } = await start('sophie');
    const verificationCode = authenticator.code();
    const before = await outcomes();
    expect(await change(alone, 'wrong', '7 chars', { verificationCode })).toMatchObject(refusal('password-too-short'));
    expect(await change(alone, 'wrong', 'sophie@example.org', { verificationCode })).toMatchObject(
      refusal('password-common'),
    );
    expect(await outcomes()).toEqual(before);
    expect(await change(alone, 'wrong', NEW, { verificationCode })).toMatchObject(refusal('password-wrong'));
    expect((await app.events('factor')).at(-1)).toBe('SecondFactorPassed');
    expect((await change(alone, password, NEW, { verificationCode })).status).toBe(200);
  });

  it('refuses a wrong code, two of them, and what is none', async () => {
    const { alone, password } = await start('wanda');
    expect(await change(alone, password, NEW, { verificationCode: '000000' })).toMatchObject(
      refusal('second-factor-wrong', 401),
    );
    for (const bad of [{ verificationCode: 'abcdef' }, { recoveryCode: 7 }, { verificationCode: 1, recoveryCode: 'x' }])
      expect(await change(alone, password, NEW, bad)).toMatchObject(refusal('body-invalid'));
    expect((await app.tryLogIn('wanda')).json).toHaveProperty('2fa');
  });
});

describe('resetting a password', () => {
  it('keeps nothing of the ones before, also of several at the same moment (SEC-17)', async () => {
    await app.create('emmy');
    const kept = await app.passwordsKept();
    const passwords = ['one', 'two', 'three', 'four'].map((n) => `the ${n} small green bottles`);
    const answers = await Promise.all(passwords.map((each) => reset('emmy', each)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await app.passwordsKept()).toBe(kept);
  });

  it('gives another one and ends every session (SEC-09)', async () => {
    const { refreshToken } = await app.person('joan');
    expect((await reset('JOAN', NEW)).json).toEqual({});
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).json['errorCode']).toBe('session-ended');
    expect((await app.tryLogIn('joan')).status).toBe(401);
    expect((await app.tryLogIn('joan', NEW)).status).toBe(200);
  });

  it('is refused for nobody, for services, for bad passwords, and from services that are not named', async () => {
    const { accessToken } = await app.create('_other', 'SERVICE');
    await app.create('karen');
    expect(await reset('nobody', NEW)).toMatchObject(refusal('user-unknown', 404));
    expect(await reset('_other', NEW)).toMatchObject(refusal('password-not-applicable'));
    expect(await reset('karen', 'short')).toMatchObject(refusal('password-too-short'));
    expect(await reset('karen', NEW, accessToken)).toMatchObject(refusal('caller-not-listed', 403));
    expect((await app.tryLogIn('karen')).status).toBe(200);
  });
});
