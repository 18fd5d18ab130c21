import { decodeJwt } from 'jose';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asUserId } from '#domain/ids.js';
import { Vault } from '#vault/vault.js';
import { SecondFactors } from '../../second-factor/second-factors.js';
import { TestApp, passwordOf } from '../../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());
// Each test has codes of its own time.
beforeEach(() => app.clock.advance(60_000));

const codeAt = (secret: string, steps = 0) =>
  new TOTP({ secret }).generate({ timestamp: app.clock.now().getTime() + steps * 30_000 });
const offer = (token: string) => app.call('POST', '/auth/2fa', { token });
const answer = (challengeId: unknown, code: object, token?: string) =>
  app.call('POST', '/auth/2fa/challenge', {
    json: { challengeId, ...code },
    headers: { accept: 'application/json' },
    ...(token === undefined ? {} : { token }),
  });
const wrong = { status: 401, json: { errorCode: 'second-factor-wrong' } };

/** Makes a person with a second factor; the codes of this moment are used. */
async function enrolled(username: string) {
  const { accessToken } = await app.person(username);
  const { json } = await offer(accessToken);
  const secret = String(json['secret']);
  expect((await answer(json['challengeId'], { verificationCode: codeAt(secret) }, accessToken)).status).toBe(204);
  app.clock.advance(60_000);
  return { secret, accessToken, recoveryCodes: json['recoveryCodes'] as string[] };
}
const challengeOf = async (username: string, password = passwordOf(username)) => {
  const { json } = await app.tryLogIn(username, password);
  expect(Object.keys(json)).toEqual(['2fa']);
  return String(json['2fa']);
};

describe('enrolling a second factor', () => {
  it('shows the secret once, as text, address and picture (ucloud-users-api §8.1, SEC-37)', async () => {
    const { accessToken } = await app.person('ada');
    const { status, json } = await offer(accessToken);
    expect(status).toBe(200);
    const secret = String(json['secret']);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(json['otpAuthUri']).toBe(
      `otpauth://totp/authlog:ada?issuer=authlog&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
    );
    expect(String(json['qrCodeB64Data'])).toMatch(/^data:image\/png;base64,iVBOR/);
    expect(new Set(json['recoveryCodes'] as string[]).size).toBe(10);
    for (const code of json['recoveryCodes'] as string[]) expect(code).toMatch(/^(?:[A-Z2-7]{4}-){3}[A-Z2-7]{4}$/);
  });

  it('needs a fresh login (SEC-43, RFC 9470)', async () => {
    const { accessToken } = await app.person('lise');
    app.clock.advance(300_001);
    expect(await offer(accessToken)).toMatchObject({
      status: 401,
      json: { errorCode: 'step-up-required', why: 'Log in again, then ask within 5 minutes.' },
      headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age="300"' },
    });
    expect((await offer((await app.logIn('lise')).accessToken)).status).toBe(200);
  });

  it('counts after a code was shown, by its owner and within ten minutes (SEC-41)', async () => {
    const { accessToken } = await app.person('grace');
    const { json } = await offer(accessToken);
    const { challengeId } = json;
    const right = () => ({ verificationCode: codeAt(String(json['secret'])) });
    expect((await app.tryLogIn('grace')).json).toHaveProperty('accessToken');
    expect(await answer(challengeId, right())).toMatchObject(wrong);
    expect(await answer(challengeId, right(), await app.asAdmin())).toMatchObject(wrong);
    expect(await answer(challengeId, { verificationCode: '000000' }, accessToken)).toMatchObject(wrong);
    app.clock.advance(600_000);
    const again = (await app.logIn('grace')).accessToken;
    expect(await answer(challengeId, right(), again)).toMatchObject(wrong);
    const status = async () => (await app.call('GET', '/auth/2fa/status', { token: again })).json['connected'];
    expect(await status()).toBe(false);

    const second = await offer(again);
    const code = { verificationCode: codeAt(String(second.json['secret'])) };
    expect((await answer(second.json['challengeId'], code, again)).status).toBe(204);
    expect(await status()).toBe(true);
    expect((await offer(again)).json['errorCode']).toBe('step-up-required');
  });
});

describe('logging in with a second factor', () => {
  it('asks for a code, and says so in the token and the principal', async () => {
    const { secret } = await enrolled('hedy');
    const challengeId = await challengeOf('hedy');
    const { status, json } = await answer(challengeId, { verificationCode: Number(codeAt(secret)) });
    expect(status).toBe(200);
    expect(decodeJwt(String(json['accessToken']))).toMatchObject({
      sub: 'hedy',
      amr: ['pwd', 'otp', 'mfa'],
      aud: 'all:write',
      twoFactorAuthentication: true,
    });
    const principal = await app.call('GET', '/auth/users/retrievePrincipal?username=hedy', {
      token: await app.asService(),
    });
    expect(principal.json['twoFactorAuthentication']).toBe(true);
  });

  it('sends a browser on with the challenge in a cookie (ucloud-users-api §7.3)', async () => {
    await enrolled('joan');
    const form = { username: 'joan', password: passwordOf('joan'), service: 'web' };
    const { status, headers, cookies } = await app.call('POST', '/auth/login', { form });
    expect([status, headers['location']]).toEqual([302, 'http://localhost:8080/account']);
    expect(cookies.map(({ name }) => name)).toEqual(['authState']);
    expect(JSON.parse(cookies[0]?.value ?? '')).toHaveProperty('2fa');
  });

  it('takes each code once, also when it comes twenty times at the same moment (SEC-39)', async () => {
    const { secret } = await enrolled('karen');
    const code = { verificationCode: codeAt(secret) };
    const challenges = await Promise.all(Array.from({ length: 4 }, () => challengeOf('karen')));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => answer(challenges[n % challenges.length], code)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('takes the codes of one step before and after, and no others (SEC-38)', async () => {
    const { secret } = await enrolled('margaret');
    for (const steps of [-2, 2])
      expect(await answer(await challengeOf('margaret'), { verificationCode: codeAt(secret, steps) })).toMatchObject(
        wrong,
      );
    for (const steps of [-1, 0, 1])
      expect((await answer(await challengeOf('margaret'), { verificationCode: codeAt(secret, steps) })).status).toBe(
        200,
      );
  });

  it('is over for a challenge after success, five wrong codes or ten minutes (SEC-40, SEC-45)', async () => {
    const { secret } = await enrolled('radia');
    const met = await challengeOf('radia');
    expect((await answer(met, { verificationCode: codeAt(secret) })).status).toBe(200);
    expect(await answer(met, { verificationCode: codeAt(secret, 1) })).toMatchObject(wrong);

    const guessed = await challengeOf('radia');
    for (let guess = 0; guess < 5; guess += 1)
      expect(await answer(guessed, { verificationCode: '000000' })).toMatchObject(wrong);
    const next = await challengeOf('radia');
    expect(await answer(next, { verificationCode: codeAt(secret, 1) })).toMatchObject({ status: 429 });
    app.clock.advance(60_000);
    expect(await answer(guessed, { verificationCode: codeAt(secret) })).toMatchObject(wrong);
    expect((await answer(next, { verificationCode: codeAt(secret) })).status).toBe(200);

    const late = await challengeOf('radia');
    app.clock.advance(600_000);
    expect(await answer(late, { verificationCode: codeAt(secret) })).toMatchObject(wrong);
  });

  it('opens nothing when all sessions were ended between the password and the code', async () => {
    const { secret, accessToken } = await enrolled('sophie');
    const challengeId = await challengeOf('sophie');
    expect((await app.call('DELETE', '/auth/sessions', { token: accessToken })).status).toBe(200);
    expect(await answer(challengeId, { verificationCode: codeAt(secret) })).toMatchObject(wrong);
  });

  it('refuses what is no code, and challenges that never were', async () => {
    const { secret } = await enrolled('wanda');
    for (const code of [{}, { verificationCode: 'abcdef' }, { verificationCode: 1_000_000 }, { verificationCode: [1] }])
      expect(await answer(await challengeOf('wanda'), code)).toMatchObject({ status: 400 });
    for (const id of ['x', '00000000-0000-4000-8000-000000000000', '../session-1'])
      expect(await answer(id, { verificationCode: codeAt(secret) })).toMatchObject(wrong);
  });
});

describe('recovery codes', () => {
  it('stand in for a code, once each (SEC-42)', async () => {
    const { accessToken, recoveryCodes } = await enrolled('annie');
    const [first = ''] = recoveryCodes;
    const typed = { recoveryCode: first.toLowerCase().replaceAll('-', ' ') };
    const { status, json } = await answer(await challengeOf('annie'), typed);
    expect(status).toBe(200);
    expect(decodeJwt(String(json['accessToken']))['amr']).toEqual(['pwd', 'mfa']);
    expect(await answer(await challengeOf('annie'), typed)).toMatchObject(wrong);
    const left = await app.call('GET', '/auth/2fa/status', { token: accessToken });
    expect(left.json).toEqual({ connected: true, recoveryCodes: 9 });
  });

  it('are void once there are new ones, which need a code (SEC-42, SEC-43)', async () => {
    const { secret, accessToken, recoveryCodes } = await enrolled('mary');
    const replace = (json: object) => app.call('POST', '/auth/2fa/recovery', { token: accessToken, json });
    expect(await replace({ verificationCode: '000000' })).toMatchObject(wrong);
    const { json } = await replace({ verificationCode: codeAt(secret) });
    expect(await answer(await challengeOf('mary'), { recoveryCode: recoveryCodes[1] })).toMatchObject(wrong);
    const [fresh] = json['recoveryCodes'] as string[];
    expect((await answer(await challengeOf('mary'), { recoveryCode: fresh })).status).toBe(200);
  });
});

describe('replacing a second factor', () => {
  it('needs a fresh login with the one that is there, which goes on until the new one has shown a code (SEC-43)', async () => {
    const { secret, recoveryCodes, accessToken } = await enrolled('chien');
    const userId = asUserId(String(decodeJwt(accessToken)['uid']));
    const { enrolled: former } = await app.get(SecondFactors).of(userId);
    if (former === null) throw new Error('there is no second factor');
    expect((await offer(accessToken)).json['errorCode']).toBe('step-up-required');
    const login = await answer(await challengeOf('chien'), { recoveryCode: recoveryCodes[0] });
    const token = String(login.json['accessToken']);
    const offered = (await offer(token)).json;
    expect((await answer(await challengeOf('chien'), { verificationCode: codeAt(secret) })).status).toBe(200);
    const next = String(offered['secret']);
    expect((await answer(offered['challengeId'], { verificationCode: codeAt(next) }, token)).status).toBe(204);

    app.clock.advance(60_000);
    expect(await answer(await challengeOf('chien'), { verificationCode: codeAt(secret) })).toMatchObject(wrong);
    expect(await answer(await challengeOf('chien'), { recoveryCode: recoveryCodes[1] })).toMatchObject(wrong);
    expect((await answer(await challengeOf('chien'), { verificationCode: codeAt(next) })).status).toBe(200);
    // Nothing of the former one is kept.
    const vault = app.get(Vault);
    expect([await vault.reveal(former.credentialId), await vault.reveal(former.recoveryCredentialId)]).toEqual([
      null,
      null,
    ]);
  });
});

describe('removing a second factor', () => {
  it('is refused to who has to have one (SEC-44)', async () => {
    const json = [{ username: 'mileva', password: passwordOf('mileva'), email: 'mileva@example.org' }];
    await app.call('POST', '/auth/users/register', { token: await app.asAdmin(), json });
    const first = String((await app.tryLogIn('mileva')).json['accessToken']);
    const offered = (await offer(first)).json;
    const secret = String(offered['secret']);
    await answer(offered['challengeId'], { verificationCode: codeAt(secret) }, first);
    app.clock.advance(60_000);
    const login = await answer(await challengeOf('mileva'), { verificationCode: codeAt(secret) });
    const token = String(login.json['accessToken']);
    const remove = { token, json: { verificationCode: codeAt(secret, 1) } };
    expect(await app.call('DELETE', '/auth/2fa', remove)).toMatchObject({
      status: 400,
      json: { errorCode: 'second-factor-required' },
    });
  });

  it('needs a code of it (SEC-43)', async () => {
    const { secret, accessToken } = await enrolled('evelyn');
    const remove = (json: object) => app.call('DELETE', '/auth/2fa', { token: accessToken, json });
    expect(await remove({ verificationCode: '000000' })).toMatchObject(wrong);
    expect((await remove({ verificationCode: codeAt(secret) })).json).toEqual({});
    expect((await app.tryLogIn('evelyn')).json).toHaveProperty('accessToken');
    expect((await remove({ verificationCode: codeAt(secret, 1) })).json['errorCode']).toBe('second-factor-missing');
  });

  it('can be done by an administrator for who has lost it (SEC-49)', async () => {
    await enrolled('valentina');
    const token = await app.asAdmin();
    const reset = (userId: string) =>
      app.call('POST', '/auth/2fa/reset', { token, json: { userId, reason: 'has lost the phone' } });
    expect((await reset('nobody')).status).toBe(404);
    expect((await reset('valentina')).json).toEqual({});
    expect((await app.tryLogIn('valentina')).json).toHaveProperty('accessToken');
  });
});

describe('somebody whom an administrator registered', () => {
  it('can enrol, see themselves and leave, and nothing else before (SEC-44)', async () => {
    const json = [{ username: 'ruth', password: 'short but fine', email: 'ruth@example.org' }];
    const created = await app.call('POST', '/auth/users/register', { token: await app.asAdmin(), json });
    expect(created.status).toBe(200);
    const [provisioned] = created.json as unknown as { accessToken: string }[];
    const first = (await app.tryLogIn('ruth', 'short but fine')).json;
    for (const token of [String(provisioned?.accessToken), String(first['accessToken'])]) {
      const get = async (path: string) => (await app.call('GET', path, { token })).status;
      expect([await get('/auth/users/userInfo'), await get('/auth/2fa/status')]).toEqual([200, 200]);
      expect(await get('/auth/sessions')).toBe(403);
      expect((await app.call('POST', '/auth/request?audience=all:write', { token })).status).toBe(403);
    }
    const token = String(first['accessToken']);
    const offered = (await offer(token)).json;
    const secret = String(offered['secret']);
    expect((await answer(offered['challengeId'], { verificationCode: codeAt(secret) }, token)).status).toBe(204);
    const refreshed = await app.call('POST', '/auth/refresh', { token: String(first['refreshToken']) });
    expect(decodeJwt(String(refreshed.json['accessToken']))['aud']).not.toContain('all:write');

    app.clock.advance(60_000);
    const challengeId = await challengeOf('ruth', 'short but fine');
    const full = await answer(challengeId, { verificationCode: codeAt(secret) });
    expect(decodeJwt(String(full.json['accessToken']))['aud']).toBe('all:write');
    const logout = await app.call('POST', '/auth/logout', { token: String(first['refreshToken']) });
    expect(logout.status).toBe(200);
  });
});
