import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Server, passwordOf } from './support/server.js';

describe('from an empty folder to the end of all sessions, over a restart', () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start();
  });
  afterAll(() => server.remove());

  it('is one story', async () => {
    // An administrator and a service create a user each.
    const ada = {
      username: 'Ada',
      password: passwordOf('Ada'),
      email: 'ada@example.org',
      firstnames: 'Ada',
      lastname: 'Lovelace',
    };
    const grace = { ...ada, username: 'Grace', password: passwordOf('Grace'), email: 'grace@example.org' };
    const byAdmin = await server.call('POST', '/auth/users/register', { token: await server.asAdmin(), json: [grace] });
    expect(byAdmin.status).toBe(200);
    const share = { username: '_share', role: 'SERVICE' };
    const byService = await server.call('POST', '/auth/users/register', {
      token: await server.asService(),
      json: [share, ada],
    });
    expect(byService.status).toBe(200);
    const shareToken = String((byService.body as unknown as { refreshToken: string }[])[0]?.refreshToken);

    // The user logs in, and sees the session.
    const first = await server.logIn('Ada', passwordOf('Ada'));
    expect((await server.sessionsOf(first.accessToken)).map(({ service, current }) => ({ service, current }))).toEqual([
      { service: 'cli', current: true },
      { service: null, current: false },
    ]);
    const info = await server.call('GET', '/auth/users/userInfo', { token: first.accessToken });
    expect(info.body).toEqual({ email: 'ada@example.org', firstNames: 'Ada', lastName: 'Lovelace' });

    // Refreshes it.
    const refreshed = await server.call('POST', '/auth/refresh', { token: first.refreshToken });
    expect(refreshed.status).toBe(200);
    const accessToken = String(refreshed.body['accessToken']);

    // Gets a one-time token, which a service claims once.
    const oneTime = await server.call('POST', '/auth/request?audience=files.upload:write', { token: accessToken });
    expect(oneTime.status).toBe(200);
    const shareAccess = String((await server.call('POST', '/auth/refresh', { token: shareToken })).body['accessToken']);
    const claim = () => server.call('POST', `/auth/claim?jti=${String(oneTime.body['jti'])}`, { token: shareAccess });
    expect([(await claim()).status, (await claim()).status]).toEqual([200, 409]);

    // After a restart everything is still there.
    const second = await server.logIn('Ada', passwordOf('Ada'), 'web');
    const before = await server.sessionsOf(second.accessToken);
    expect(await server.process.stop()).toBe(0);
    const restarted = await Server.start({}, server.data);
    expect(restarted.process.stdout).not.toContain('First administrator');
    expect(await restarted.sessionsOf(second.accessToken)).toEqual(before);
    expect((await restarted.call('POST', '/auth/refresh', { token: shareToken })).status).toBe(200);

    // The user ends all sessions; none of them opens anything any more.
    const end = await restarted.call('DELETE', '/auth/sessions', { token: second.accessToken });
    expect(end.status).toBe(200);
    for (const token of [first.accessToken, accessToken, second.accessToken])
      expect((await restarted.call('GET', '/auth/sessions', { token })).body['errorCode']).toBe('session-ended');
    expect((await restarted.call('POST', '/auth/refresh', { token: first.refreshToken })).status).toBe(401);
    expect(await restarted.sessionsOf((await restarted.logIn('Ada', passwordOf('Ada'))).accessToken)).toHaveLength(1);
    await restarted.process.stop();
  });
});
