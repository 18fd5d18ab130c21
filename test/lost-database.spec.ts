import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LineToServer } from '#database/testing/line-to-server.js';
import { TestDatabase } from '#database/testing/test-database.js';
import { TestApp, type TestTokens, passwordOf } from '../apps/auth-api/src/testing/test-app.js';

const WITHIN = { timeout: 5_000 };
const UNAVAILABLE = { status: 503, json: { errorCode: 'store-unavailable' }, headers: { 'retry-after': '1' } };

describe('a database that goes away and comes back', () => {
  let database: TestDatabase;
  let line: LineToServer;
  let app: TestApp;
  let ada: TestTokens;
  beforeAll(async () => {
    database = await TestDatabase.create();
    line = await LineToServer.to(database.server);
    app = await TestApp.startOn(line.server, 'passwordReset: { callers: [_bootstrap] }');
    ada = await app.person('ada');
  });
  afterAll(async () => {
    await app.close();
    await line.cut();
    await database.remove();
  });
  const ready = () => app.call('GET', '/health/ready');
  const sessions = (token = ada.accessToken) => app.call('GET', '/auth/sessions', { token });

  it('is missed by what needs it, and by nothing else', async () => {
    const [service, admin] = [await app.asService(), await app.asAdmin()];
    const json = [{ username: 'grace', role: 'USER', password: passwordOf('grace'), email: 'grace@example.org' }];
    await line.cut();
    for (const answer of [
      await app.tryLogIn('ada'),
      await sessions(),
      await app.call('GET', '/auth/users?query=ad', { token: admin }),
      await app.call('POST', '/auth/users/register', { token: service, json }),
    ])
      expect(answer).toMatchObject(UNAVAILABLE);
    expect(await ready()).toMatchObject({ status: 503, json: { missing: ['the database cannot be used'] } });

    expect((await app.call('GET', '/health/live')).status).toBe(200);
    expect((await app.call('GET', '/metrics')).status).toBe(200);
    expect((await app.call('GET', '/auth/.well-known/jwks.json')).status).toBe(200);
    expect((await app.call('GET', '/auth/sessions/current', { token: ada.accessToken })).status).toBe(200);
    expect((await app.call('POST', '/auth/refresh', { token: ada.refreshToken })).status).toBe(200);
    expect(app.said.lines.join('\n')).not.toContain(database.server.password);
  });

  it('is used again within five seconds, with all that happened meanwhile', async () => {
    await line.mend();
    await expect.poll(async () => (await app.tryLogIn('ada')).status, WITHIN).toBe(200);
    await expect.poll(async () => (await ready()).status, WITHIN).toBe(200);
    await expect.poll(async () => (await sessions()).status, WITHIN).toBe(200);
    expect((await app.create('grace')).accessToken).not.toBe('');
    const { accessToken } = await app.logIn('grace');
    expect(await app.sessionsOf(accessToken)).toHaveLength(2);
  });
});
