import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningProcess, temporaryFolder } from './support/running-process.js';
import { Server, passwordOf } from './support/server.js';

describe('two API processes and a projector on the same files', () => {
  const folder = temporaryFolder();
  let one: Server;
  let two: Server;
  let projector: RunningProcess;
  beforeAll(async () => {
    one = await Server.start({ AUTHLOG_PROJECTOR: 'external' }, folder.path);
    two = await Server.start({ AUTHLOG_PROJECTOR: 'external' }, folder.path);
    projector = new RunningProcess('projector', { AUTHLOG_DATA: folder.path, AUTHLOG_PROJECTOR_PORT: '0' });
    await projector.says(/follows the log/);
    await one.createPerson('ada');
  });
  afterAll(async () => {
    await Promise.all([one.process.stop(), two.process.stop(), projector.stop()]);
    folder.remove();
  });

  const check = (server: Server, token: string) => server.call('GET', '/auth/sessions/current', { token });

  it('list what either of them did', async () => {
    const { accessToken } = await one.logIn('ada', passwordOf('ada'));
    await two.logIn('ada', passwordOf('ada'));
    expect(await two.sessionsOf(accessToken)).toHaveLength(3);
    expect(await one.sessionsOf(accessToken)).toHaveLength(3);
  });

  it('refuse what the other has ended, from the next request on (SEC-72)', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { accessToken, refreshToken } = await one.logIn('ada', passwordOf('ada'));
      expect((await check(two, accessToken)).status).toBe(200);
      await one.call('POST', '/auth/logout', { token: refreshToken });
      expect((await check(two, accessToken)).body['errorCode']).toBe('session-ended');
    }
    const { accessToken } = await two.logIn('ada', passwordOf('ada'));
    await one.call('DELETE', '/auth/sessions', { token: accessToken });
    expect((await check(two, accessToken)).body['errorCode']).toBe('session-ended');
  });

  it('let one of them win a one-time token, and give a retry the same successor', async () => {
    const { accessToken, refreshToken } = await one.logIn('ada', passwordOf('ada'));
    const token = await one.asService();
    const { body } = await two.call('POST', '/auth/request?audience=a:read', { token: accessToken });
    const claims = await Promise.all(
      [one, two, one, two].map((server) => server.call('POST', `/auth/claim?jti=${String(body['jti'])}`, { token })),
    );
    expect(claims.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const refreshed = await Promise.all(
      [one, two].map((server) => server.call('POST', '/auth/refresh', { token: refreshToken })),
    );
    expect(refreshed.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('are told by the projector where it stands', async () => {
    expect((await one.call('GET', '/health/ready')).body).toEqual({ status: 'ready' });
    const metrics = async () => String((await two.call('GET', '/metrics')).body['text']);
    await expect.poll(metrics).toMatch(/authlog_projection_lag_events\{projection="sessions"\} 0/);
  });

  it('and the projector says so itself, where it is given a port', async () => {
    const [, health = ''] = await projector.says(/its health is at (\S+)$/m);
    const ask = async (path: string, method = 'GET') => {
      const answer = await fetch(new URL(path, health), { method });
      return [answer.status, await answer.text()] as const;
    };
    await expect.poll(() => ask('/health/ready')).toEqual([200, '{"status":"ready"}']);
    expect(await ask('/health/live')).toEqual([200, '{"status":"live"}']);
    const [status, metrics] = await ask('/metrics');
    expect([status, metrics]).toEqual([200, expect.stringMatching(/authlog_projection_events_total\{[^}]+\} [1-9]/)]);
    expect((await ask('/auth/users'))[0]).toBe(404);
    expect((await ask('/health/ready', 'POST'))[0]).toBe(405);
  });

  it('hand out the users of one walk between them, also after a restart', async () => {
    const token = await one.asService();
    const names = Array.from({ length: 1_010 }, (_, n) => `_walked-${n}`);
    for (let from = 0; from < names.length; from += 100) {
      const json = names.slice(from, from + 100).map((username) => ({ username, role: 'SERVICE' }));
      expect((await one.call('POST', '/auth/users/register', { token, json })).status).toBe(200);
    }
    const walk = async (server: Server, id: unknown) =>
      (await server.call('POST', '/auth/users/iterator/next', { token, json: { id } })).body as unknown as {
        id: string;
      }[];
    const { body } = await one.call('POST', '/auth/users/iterator/open', { token, json: {} });
    const first = await walk(two, body['id']);
    await one.process.stop('SIGKILL');
    one = await Server.start({ AUTHLOG_PROJECTOR: 'external' }, folder.path);
    const rest = await walk(one, body['id']);
    expect([first.length, await walk(two, body['id'])]).toEqual([1_000, []]);
    const walked = [...first, ...rest].map((user) => user.id);
    expect(walked.toSorted()).toEqual(['_bootstrap', 'ada', 'admin', ...names].toSorted());
  });

  it('go on when the projector was killed and another one takes over (SEC-153)', async () => {
    await projector.stop('SIGKILL');
    const { accessToken } = await one.logIn('ada', passwordOf('ada'));
    expect((await one.call('GET', '/auth/sessions', { token: accessToken })).body['errorCode']).toBe(
      'read-model-behind',
    );
    expect((await check(one, accessToken)).status).toBe(200);
    projector = new RunningProcess('projector', { AUTHLOG_DATA: folder.path });
    await projector.says(/follows the log/);
    expect((await one.sessionsOf(accessToken)).filter(({ current }) => current)).toHaveLength(1);
  });
});
