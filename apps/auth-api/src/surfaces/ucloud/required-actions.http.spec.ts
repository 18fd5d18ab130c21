import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../../testing/authenticator.js';
import { TestApp, passwordOf } from '../../testing/test-app.js';
import { ucloudHashOf } from '../../testing/ucloud-hash.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start(
    '{ userImport: { callers: [_bootstrap] }, tokenExtension: [{ service: _ext, scopes: ["auth.users:write"] }] }',
  );
});
afterAll(() => app.close());

const NEW = 'seven small green bottles';
const SHORT = 'short but fine';
const EIGHT = '8 chars!';
const scopesOf = (accessToken: unknown) => String(decodeJwt(String(accessToken))['aud']);
const change = (token: string, currentPassword: string, newPassword: string) =>
  app.call('POST', '/auth/users/password', { token, json: { currentPassword, newPassword } });
const bringIn = async (username: string, password: string) => {
  const json = [{ username, email: `${username}@example.org`, passwordHash: ucloudHashOf(password) }];
  const answer = await app.call('POST', '/auth/users/import', { token: await app.asService(), json });
  expect(answer.status).toBe(200);
};
const tokenOf = async (username: string, password: string) => {
  const { status, json } = await app.tryLogIn(username, password);
  expect(status).toBe(200);
  return { access: String(json['accessToken']), refresh: String(json['refreshToken']) };
};

/** Somebody who can do no more than choose another password. */
async function expectOnlyPasswordChange(token: string) {
  for (const [method, path, json] of [
    ['GET', '/auth/sessions', undefined],
    ['POST', '/auth/2fa', undefined],
    ['GET', '/auth/2fa/status', undefined],
    ['POST', '/auth/users/updateUserInfo', {}],
    ['POST', '/auth/request?audience=all:write', undefined],
  ] as const)
    expect(await app.call(method, path, { token, ...(json && { json }) })).toMatchObject({
      status: 403,
      json: {
        errorCode: 'scope-missing',
        why: 'Choose another password first, and log in with it: POST /auth/users/password.',
      },
    });
  for (const path of ['/auth/users/userInfo', '/auth/sessions/current'])
    expect((await app.call('GET', path, { token })).status).toBe(200);
}

describe('somebody who came with a password that is too short here', () => {
  it('chooses another one, and logs in with it to everything (SEC-01)', async () => {
    await bringIn('ada', SHORT);
    const { access, refresh } = await tokenOf('ada', SHORT);
    await expectOnlyPasswordChange(access);
    expect(await change(access, SHORT, 'shorter still')).toMatchObject({ status: 400 });
    expect((await change(access, SHORT, NEW)).status).toBe(200);

    // The session goes on, and is what it was.
    await expectOnlyPasswordChange(access);
    const refreshed = await app.call('POST', '/auth/refresh', { token: refresh });
    expect(scopesOf(refreshed.json['accessToken'])).toBe(scopesOf(access));
    expect((await app.call('POST', '/auth/logout', { token: refresh })).status).toBe(200);
    expect(scopesOf((await tokenOf('ada', NEW)).access)).toBe('all:write');
  });

  it('is measured in code points, and by nothing but the right password', async () => {
    await bringIn('grace', '🔑'.repeat(14));
    await bringIn('hedy', '🔑'.repeat(15));
    await bringIn('joan', '');
    expect(scopesOf((await tokenOf('grace', '🔑'.repeat(14))).access)).toContain('changePassword');
    expect(scopesOf((await tokenOf('hedy', '🔑'.repeat(15))).access)).toBe('all:write');
    expect(scopesOf((await tokenOf('joan', '')).access)).toContain('changePassword');
    expect((await app.tryLogIn('hedy', 'short')).status).toBe(401);
  });

  it('has no token that a service could change the password with', async () => {
    const { accessToken: service } = await app.create('_ext', 'SERVICE');
    await bringIn('karen', SHORT);
    const json = {
      validJWT: (await tokenOf('karen', SHORT)).access,
      requestedScopes: ['auth.users.changePassword:write'],
      expiresIn: 60_000,
    };
    const extended = await app.call('POST', '/auth/extend', { token: service, json });
    expect(extended.status).toBe(200);
    expect(await change(String(extended.json['accessToken']), SHORT, NEW)).toMatchObject({
      status: 403,
      json: { errorCode: 'extended-token-not-allowed' },
    });
  });
});

describe('somebody who drops their second factor', () => {
  it('has had a shorter password beside it, and needs a longer one without it (SEC-01)', async () => {
    const { accessToken } = await app.person('radia');
    expect(await change(accessToken, passwordOf('radia'), EIGHT)).toMatchObject({
      json: { errorCode: 'password-too-short' },
    });
    const authenticator = await Authenticator.enrol(app, accessToken);
    const token = await authenticator.logIn('radia', passwordOf('radia'));
    expect((await change(token, passwordOf('radia'), '7 chars')).json['errorCode']).toBe('password-too-short');
    expect((await change(token, passwordOf('radia'), EIGHT)).status).toBe(200);
    expect(scopesOf(await authenticator.logIn('radia', EIGHT))).toBe('all:write');

    const json = { verificationCode: authenticator.code() };
    expect((await app.call('DELETE', '/auth/2fa', { token, json })).status).toBe(200);
    const { access } = await tokenOf('radia', EIGHT);
    await expectOnlyPasswordChange(access);
    expect((await change(access, EIGHT, NEW)).status).toBe(200);
    expect(scopesOf((await tokenOf('radia', NEW)).access)).toBe('all:write');
  });
});

describe('somebody of whom both are required', () => {
  let strict: TestApp;
  beforeAll(async () => {
    strict = await TestApp.start(
      '{ userImport: { callers: [_bootstrap] }, secondFactor: { registeredUsers: required } }',
    );
  });
  afterAll(() => strict.close());

  it('is let in once both are done, in whatever order (SEC-01, SEC-44)', async () => {
    const json = ['sophie', 'wanda'].map((username) => ({
      username,
      email: `${username}@example.org`,
      passwordHash: ucloudHashOf('tiny'),
    }));
    await strict.call('POST', '/auth/users/import', { token: await strict.asService(), json });
    const changed = (token: string) =>
      strict.call('POST', '/auth/users/password', { token, json: { currentPassword: 'tiny', newPassword: EIGHT } });
    const first = async (username: string, password: string) =>
      String((await strict.tryLogIn(username, password)).json['accessToken']);

    const sophie = await first('sophie', 'tiny');
    expect((await strict.call('GET', '/auth/sessions', { token: sophie })).json['why']).toBe(
      'Choose another password first, and log in with it: POST /auth/users/password. ' +
        'Enrol a second factor first, and log in with it: POST /auth/2fa.',
    );
    expect((await changed(sophie)).status).toBe(200);
    expect(scopesOf(await first('sophie', EIGHT))).not.toContain('changePassword');
    const hers = await Authenticator.enrol(strict, sophie);
    expect(scopesOf(await hers.logIn('sophie', EIGHT))).toBe('all:write');

    // Who enrols first is not let in by the code alone: the password is as short as before.
    const other = await Authenticator.enrol(strict, await first('wanda', 'tiny'));
    const token = await other.logIn('wanda', 'tiny');
    expect(scopesOf(token)).toContain('auth.users.changePassword:write');
    expect(scopesOf(token)).not.toContain('twofactor');
    expect((await changed(token)).status).toBe(200);
    expect(scopesOf(await other.logIn('wanda', EIGHT))).toBe('all:write');
  });
});
