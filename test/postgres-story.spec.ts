import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestDatabase, addressOf } from '#database/testing/test-database.js';
import { MASTER_KEY, TestApp, passwordOf, refusal } from '../apps/auth-api/src/testing/test-app.js';
import { RunningProcess } from './support/running-process.js';
import { Server } from './support/server.js';

const RESET = 'seven small green bottles';
const WITHIN = { timeout: 5_000 };

describe('on PostgreSQL people', () => {
  let app: TestApp;
  beforeAll(async () => {
    const configuration = 'passwordReset: { callers: [_bootstrap] }\nthrottling: { address: { failures: 20 } }';
    app = await TestApp.start(configuration, 'PostgreSQL');
  });
  afterAll(() => app.close());

  it('log in, are found, get another password, and are throttled as anywhere', async () => {
    for (const name of ['ada', 'adam', 'grace']) await app.create(name);
    const { accessToken } = await app.logIn('ada');
    expect(await app.sessionsOf(accessToken)).toHaveLength(2);

    const found = await app.call('GET', '/auth/users?query=AD', { token: await app.asAdmin() });
    const items = found.json['items'] as { username: string }[];
    expect(items.map(({ username }) => username)).toEqual(['ada', 'adam', 'admin']);

    const kept = await app.passwordsKept();
    const json = { userId: 'ada', newPassword: RESET };
    const token = await app.asService();
    expect((await app.call('POST', '/auth/users/password/reset', { token, json })).status).toBe(200);
    expect(await app.passwordsKept()).toBe(kept);
    expect(await app.call('GET', '/auth/sessions', { token: accessToken })).toMatchObject(
      refusal('session-ended', 401),
    );
    expect((await app.tryLogIn('ada', RESET)).status).toBe(200);
    expect((await app.tryLogIn('ada', passwordOf('ada'))).status).toBe(401);

    const guesses = Array.from({ length: 60 }, (_, n) => app.tryLogIn(`nobody-${n}`));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([...Array<number>(19).fill(401), ...Array<number>(41).fill(429)]);
  });
});

describe('two projectors on PostgreSQL', () => {
  let database: TestDatabase;
  let server: Server;
  let environment: Record<string, string>;
  const projectors: RunningProcess[] = [];
  beforeEach(async () => {
    database = await TestDatabase.create();
    environment = {
      AUTHLOG_PROJECTOR: 'external',
      AUTHLOG_DATABASE: addressOf(database.server),
      AUTHLOG_MASTER_KEY: MASTER_KEY,
    };
    server = await Server.start(environment);
    environment['AUTHLOG_DATA'] = server.data;
  });
  afterEach(async () => {
    await Promise.all(projectors.map((projector) => projector.stop('SIGKILL')));
    await server.remove();
    await database.remove();
  });
  const start = async () => {
    const projector = new RunningProcess('projector', environment);
    projectors.push(projector);
    await projector.says(/follows the log/);
    return projector;
  };

  it('take turns: the second goes on within five seconds after the first was killed (SEC-153)', async () => {
    const first = await start();
    await first.logs(/keeps the read models/);
    const second = await start();
    const { accessToken } = await server.newPerson('ada');
    expect(await server.sessionsOf(accessToken)).toHaveLength(2);
    expect(second.stderr).not.toContain('keeps the read models');
    const token = await server.asAdmin();
    const shown = async () => {
      const { body } = await server.call('GET', '/ops/projections', { token });
      return (body['items'] as { keptBy: string; standbys: string[] }[])[0];
    };
    const one = ({ pid }: RunningProcess) => expect.stringMatching(new RegExp(`/${pid}$`));
    await expect.poll(shown, WITHIN).toMatchObject({ keptBy: one(first), standbys: [one(second)] });

    await first.stop('SIGKILL');
    await server.logIn('ada', passwordOf('ada'));
    await expect.poll(() => server.sessionsOf(accessToken), WITHIN).toHaveLength(3);
    await second.logs(/keeps the read models/);
  });
});
