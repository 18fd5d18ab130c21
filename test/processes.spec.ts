import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StandInServer } from '#event-store/eventstoredb/testing/stand-in-server.js';
import { IdentityProvider } from './support/identity-provider.js';
import { type Environment, RunningProcess, temporaryFolder } from './support/running-process.js';
import { SP_ENTITY_ID, writeSamlSettings } from './support/saml-settings.js';
import { PUBLIC_URL, Server, passwordOf } from './support/server.js';

interface StartedLog {
  readonly environment: Environment;
  /** Whether news of it takes a journey. */
  readonly isFar: boolean;
  readonly stop: () => Promise<void>;
}

const LOGS: readonly (readonly [string, () => Promise<StartedLog>])[] = [
  ['the log in a file', () => Promise.resolve({ environment: {}, isFar: false, stop: () => Promise.resolve() })],
  [
    'a stand-in for EventStoreDB',
    async () => {
      const server = await StandInServer.start();
      return {
        environment: { AUTHLOG_EVENT_STORE: server.connectionString },
        isFar: true,
        stop: () => server.stop(),
      };
    },
  ],
];

describe.each(LOGS)('two API processes and a projector with %s', (_, startLog) => {
  const folder = temporaryFolder();
  const settings = temporaryFolder();
  let log: StartedLog;
  let environment: Environment;
  let one: Server;
  let two: Server;
  let projector: RunningProcess;
  let provider: IdentityProvider;
  beforeAll(async () => {
    log = await startLog();
    const party = { entityId: SP_ENTITY_ID, assertionConsumerUrl: `${PUBLIC_URL}/auth/saml/acs` };
    provider = await IdentityProvider.start('https://hub.test', () => party);
    const config = writeSamlSettings(settings.path, provider, `${PUBLIC_URL}/account`);
    environment = { AUTHLOG_PROJECTOR: 'external', AUTHLOG_CONFIG: config, ...log.environment };
    one = await Server.start(environment, folder.path);
    two = await Server.start(environment, folder.path);
    projector = await startProjector();
    await one.createPerson('ada');
  });
  afterAll(async () => {
    await Promise.all([one.process, two.process, projector].map((each) => each.stop('SIGKILL')));
    await log.stop();
    await provider.stop();
    folder.remove();
    settings.remove();
  });

  async function startProjector(): Promise<RunningProcess> {
    const started = new RunningProcess('projector', {
      AUTHLOG_DATA: folder.path,
      AUTHLOG_PROJECTOR_PORT: '0',
      ...log.environment,
    });
    await started.says(/follows the log/);
    return started;
  }

  const check = (server: Server, token: string) => server.call('GET', '/auth/sessions/current', { token });

  it('take one of twelve copies of a response by SAML, and make one account of first logins at the same time (SEC-112)', async () => {
    const begin = async (server: Server) => provider.begin(server.url);
    const bring = async (server: Server, { cookie, response }: Awaited<ReturnType<typeof begin>>) =>
      server.call('POST', '/auth/saml/acs', {
        form: { SAMLResponse: response },
        headers: { cookie, accept: 'application/json' },
      });
    const first = await begin(one);
    const copies = Array.from({ length: 12 }, (_, n) => bring(n % 2 === 0 ? one : two, first));
    // Begun on one, finished on the other, by the same person for the first time.
    const logins = [bring(two, await begin(one)), bring(one, await begin(two))];
    const statuses = (await Promise.all(copies)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 11 }, () => 401)]);
    const users = (await Promise.all(logins)).map(({ body }) => decodeJwt(String(body['accessToken']))['uid']);
    expect(new Set(users).size).toBe(1);
  });

  it('list what either of them did', async () => {
    const { accessToken } = await one.logIn('ada', passwordOf('ada'));
    await two.logIn('ada', passwordOf('ada'));
    expect(await two.sessionsOf(accessToken)).toHaveLength(3);
    expect(await one.sessionsOf(accessToken)).toHaveLength(3);
  });

  it('refuse what the other has ended: at once by the embedded log, and within a moment by one far away (SEC-72)', async () => {
    const errorCode = async (token: string) => (await check(two, token)).body['errorCode'];
    const expectEnded = async (token: string) => {
      if (log.isFar) await expect.poll(() => errorCode(token), { interval: 5, timeout: 1_000 }).toBe('session-ended');
      else expect(await errorCode(token)).toBe('session-ended');
    };
    for (let round = 0; round < 10; round += 1) {
      const { accessToken, refreshToken } = await one.logIn('ada', passwordOf('ada'));
      expect((await check(two, accessToken)).status).toBe(200);
      await one.call('POST', '/auth/logout', { token: refreshToken });
      await expectEnded(accessToken);
    }
    const { accessToken } = await two.logIn('ada', passwordOf('ada'));
    await one.call('DELETE', '/auth/sessions', { token: accessToken });
    await expectEnded(accessToken);
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

  it('go on when the projector was killed and another one takes over (SEC-153)', async () => {
    await projector.stop('SIGKILL');
    const { accessToken } = await one.logIn('ada', passwordOf('ada'));
    expect((await one.call('GET', '/auth/sessions', { token: accessToken })).body['errorCode']).toBe(
      'read-model-behind',
    );
    expect((await check(one, accessToken)).status).toBe(200);
    projector = await startProjector();
    expect((await one.sessionsOf(accessToken)).filter(({ current }) => current)).toHaveLength(1);
  });
});

describe('two API processes on the same files', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  it('hand out the users of one walk between them, also after a restart', async () => {
    let one = await Server.start({}, folder.path);
    const two = await Server.start({}, folder.path);
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
    one = await Server.start({}, folder.path);
    const rest = await walk(one, body['id']);
    expect([first.length, await walk(two, body['id'])]).toEqual([1_000, []]);
    const walked = [...first, ...rest].map((user) => user.id);
    await Promise.all([one, two].map(({ process }) => process.stop('SIGKILL')));
    expect(walked.toSorted()).toEqual(['_bootstrap', 'admin', ...names].toSorted());
  });
});
