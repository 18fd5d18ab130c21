import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

let app: TestApp;
let admin: string;
beforeAll(async () => {
  app = await TestApp.start();
  admin = await app.asAdmin();
});
afterAll(() => app.close());

const administer = (call: string, json: object) => app.call('POST', `/auth/users/${call}`, { token: admin, json });
const code = (errorCode: string, status = 400) => ({ status, json: { errorCode } });

describe('suspending an account', () => {
  it('keeps its owner out at once, in the words of a wrong password, until it is reinstated (SEC-31)', async () => {
    const { accessToken, refreshToken } = await app.person('ada');
    const wrong = await app.tryLogIn('nobody at all', 'a password of nobody');
    expect((await administer('suspend', { userId: 'ADA' })).json).toEqual({});
    expect((await app.call('GET', '/auth/sessions/current', { token: accessToken })).status).toBe(401);
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).status).toBe(401);
    expect(await app.tryLogIn('ada')).toMatchObject({ status: 401, json: wrong.json });

    expect((await administer('reinstate', { userId: 'ada' })).json).toEqual({});
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).json['errorCode']).toBe('session-ended');
    expect((await app.tryLogIn('ada')).status).toBe(200);
  });

  it('stops a service with the tokens it has', async () => {
    const { refreshToken } = await app.create('_share', 'SERVICE');
    expect((await administer('suspend', { userId: '_share' })).status).toBe(200);
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).status).toBe(401);
  });
});

describe('changing a role', () => {
  it('counts from the next login on, and ends the sessions of the old one', async () => {
    const { accessToken } = await app.person('grace');
    expect((await administer('role', { userId: 'grace', role: 'ADMIN' })).json).toEqual({});
    expect((await app.call('GET', '/auth/sessions/current', { token: accessToken })).status).toBe(401);
    const again = await app.logIn('grace');
    expect((await app.call('GET', '/auth/sessions/current', { token: again.accessToken })).json['role']).toBe('ADMIN');
    const found = await app.call('POST', '/auth/users/lookup', { token: admin, json: { users: ['grace'] } });
    expect(found.json).toEqual({ results: { grace: { subject: 'grace', role: 'ADMIN' } } });
  });

  it('is refused for what no person can be, for nobody, and for oneself', async () => {
    await app.create('hedy');
    for (const role of ['SERVICE', 'GUEST'])
      expect(await administer('role', { userId: 'hedy', role })).toMatchObject(code('role-not-assignable'));
    for (const role of ['ROOT', 7, null, ['ADMIN']])
      expect(await administer('role', { userId: 'hedy', role })).toMatchObject(code('body-invalid'));
    expect(await administer('suspend', { userId: 'nobody' })).toMatchObject(code('user-unknown', 404));
    expect(await administer('suspend', { userId: 'admin' })).toMatchObject(code('own-account'));
    expect(await administer('role', { userId: 'admin', role: 'USER' })).toMatchObject(code('own-account'));
  });
});
