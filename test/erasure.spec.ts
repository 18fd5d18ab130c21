import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestDatabase } from '#database/testing/test-database.js';
import { TestApp, passwordOf } from '../apps/auth-api/src/testing/test-app.js';
import { temporaryFolder } from './support/running-process.js';
import { Server } from './support/server.js';
import { formsOf, tracesIn } from './support/traces.js';

const PERSON = {
  username: 'Marked-Name-Xyzzy',
  password: 'marked-password-plugh',
  email: 'marked.address@xyzzy.example',
  firstnames: 'Marked-First',
  lastname: 'Marked-Last',
};
const OTHER_NAME = 'Marked-Renamed';
const OTHER_EMAIL = 'marked.new.address@xyzzy.example';
const USER_AGENT = 'marked-user-agent/1.0';
const ADDRESS = '203.0.113.77';
const PERSONAL = [
  PERSON.username,
  PERSON.email,
  PERSON.firstnames,
  PERSON.lastname,
  OTHER_NAME,
  OTHER_EMAIL,
  USER_AGENT,
  ADDRESS,
];
const WITHIN = { timeout: 10_000, interval: 50 };
/** A rebuild lets everybody else go first, and the other tests have much to do. */
const REBUILD = { timeout: 60_000, interval: 50 };
const TIMEOUT = 120_000;

/** A person who has done most of what leaves something behind. @returns their id */
async function live(server: Server): Promise<string> {
  const headers = { 'user-agent': USER_AGENT, 'x-forwarded-for': ADDRESS };
  const token = await server.asService();
  await server.call('POST', '/auth/users/register', { token, json: [PERSON], headers });
  const { body } = await server.tryLogIn(PERSON.username, PERSON.password, 'cli', headers);
  const own = String(body['accessToken']);
  for (const json of [{ firstNames: OTHER_NAME }, { email: OTHER_EMAIL }])
    await server.call('POST', '/auth/users/updateUserInfo', { token: own, json, headers });
  await server.tryLogIn(PERSON.username, 'a wrong one', 'cli', headers);
  await server.call('POST', '/auth/2fa', { token: own, headers });
  await server.call('POST', '/api/password/reset', { json: { email: PERSON.email }, headers });
  await server.process.logs(/"kind":"email-confirmation".*handed over/);
  await server.process.logs(/"kind":"password-reset".*handed over/);
  return String((await server.call('GET', '/auth/sessions/current', { token: own })).body['userId']);
}

async function rebuild(server: Server, projection: string): Promise<void> {
  const token = await server.asAdmin();
  const ask = async () => {
    const { body } = await server.call('GET', '/ops/projections', { token });
    const found = (body['items'] as { projection: string; rebuild: { state: string; runId: string } | null }[]).find(
      (item) => item.projection === projection,
    );
    return found?.rebuild ?? null;
  };
  const before = (await ask())?.runId;
  await server.call('POST', '/ops/projections/rebuild', { token, json: { projection } });
  await expect
    .poll(async () => {
      const now = await ask();
      return now !== null && now.runId !== before && now.state;
    }, REBUILD)
    .toBe('swapped');
}

describe('somebody who was erased, in files', () => {
  const folder = temporaryFolder();
  const config = temporaryFolder();
  const backUps = temporaryFolder();
  let server: Server;
  let id: string;
  const start = async (more = {}) => {
    const file = join(config.path, 'authlog.yaml');
    writeFileSync(file, 'trustedProxies: [127.0.0.1]');
    server = await Server.start({ AUTHLOG_CONFIG: file, ...more }, folder.path);
  };
  beforeAll(async () => {
    await start();
    await server.createPerson('eve');
    id = await live(server);
  });
  afterAll(async () => {
    await server.process.stop('SIGKILL');
    for (const each of [folder, config, backUps]) each.remove();
  });

  it(
    'was in clear before, so the search would find it',
    async () => {
      // The tables that were replaced are kept, with what was in them.
      await rebuild(server, 'users');
      const traces = tracesIn(folder.path, PERSONAL).join('\n');
      for (const text of PERSONAL) expect(traces).toContain(text);
      expect(readdirSync(join(folder.path, 'mail'))).toHaveLength(2);
    },
    TIMEOUT,
  );

  it('is in no byte of any file, while the service goes on (SEC-159)', async () => {
    const token = await server.asAdmin();
    const path = `/auth/users/${id}`;
    const { status, body } = await server.call('DELETE', `${path}?ground=consent-withdrawn`, { token });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      completedAt: expect.any(Number),
      destroyed: {
        identifiers: 2,
        credentials: 3,
        mails: 2,
        sessions: 2,
        readModels: ['users', 'sessions', 'audit-trail'],
      },
    });
    expect(tracesIn(folder.path, PERSONAL)).toEqual([]);
  });

  it(
    'is in no back-up that is made afterwards, and comes back by no restart and no rebuild',
    async () => {
      cpSync(folder.path, join(backUps.path, 'running'), { recursive: true });
      for (const projection of ['users', 'sessions']) await rebuild(server, projection);
      expect(tracesIn(folder.path, PERSONAL)).toEqual([]);
      await server.process.stop();
      cpSync(folder.path, join(backUps.path, 'stopped'), { recursive: true });
      expect(tracesIn(backUps.path, PERSONAL)).toEqual([]);
      await start();
      expect(tracesIn(folder.path, PERSONAL)).toEqual([]);
      expect((await server.tryLogIn(PERSON.username, PERSON.password)).status).toBe(401);
      expect((await server.tryLogIn('eve', passwordOf('eve'))).status).toBe(200);
    },
    TIMEOUT,
  );

  it('is erased to the end by the next start, where the process was killed on the way', async () => {
    id = await live(server);
    await server.process.stop();
    // Nobody keeps the read models now, so that it cannot be completed.
    await start({ AUTHLOG_PROJECTOR: 'external' });
    const path = `/auth/users/${id}`;
    const asked = await server.call('DELETE', `${path}?ground=objection`, { token: await server.asAdmin() });
    expect(asked).toMatchObject({ status: 200, body: { completedAt: null, destroyed: { credentials: 3 } } });
    await server.process.stop('SIGKILL');
    await start();
    const ask = async () =>
      (await server.call('GET', `${path}/erasure`, { token: await server.asAdmin() })).body['completedAt'];
    await expect.poll(ask, WITHIN).toEqual(expect.any(Number));
    expect(tracesIn(folder.path, PERSONAL)).toEqual([]);
  });
});

describe('somebody who was erased, on PostgreSQL', () => {
  let database: TestDatabase;
  let app: TestApp;
  let id: string;
  beforeAll(async () => {
    database = await TestDatabase.create();
    app = await TestApp.startOn(database.server, 'trustedProxies: [127.0.0.1]', database);
    const headers = { 'user-agent': USER_AGENT, 'x-forwarded-for': ADDRESS };
    await app.call('POST', '/auth/users/register', { token: await app.asService(), json: [PERSON], headers });
    const { json } = await app.tryLogIn(PERSON.username, PERSON.password, 'cli', headers);
    const token = String(json['accessToken']);
    await app.call('POST', '/auth/users/updateUserInfo', { token, json: { firstNames: OTHER_NAME } });
    await app.sessionsOf(token);
    id = String((await app.call('GET', '/auth/sessions/current', { token })).json['userId']);
  });
  afterAll(() => app.close());

  async function tables(): Promise<{ name: string }[]> {
    return database.query<{ name: string }>(
      `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables WHERE table_schema LIKE 'authlog%'`,
    );
  }
  async function traces(): Promise<string[]> {
    const forms = PERSONAL.flatMap((text) => Array.from(formsOf(text)));
    const found: string[] = [];
    for (const { name } of await tables()) {
      const rows = Buffer.from(JSON.stringify(await database.query(`SELECT * FROM ${name}`)));
      found.push(...forms.filter(([, form]) => rows.includes(form)).map(([form]) => `${form} in ${name}`));
    }
    return found;
  }

  it('is in no table (SEC-159)', async () => {
    const before = (await traces()).join('\n');
    for (const text of [PERSON.username, PERSON.email, OTHER_NAME, PERSON.lastname, USER_AGENT, ADDRESS])
      expect(before).toContain(text);
    const path = `/auth/users/${id}?ground=legal-obligation`;
    const { status, json } = await app.call('DELETE', path, { token: await app.asAdmin() });
    expect([status, typeof json['completedAt']]).toEqual([200, 'number']);
    expect(await traces()).toEqual([]);
    expect(app.said.lines.join('\n')).not.toMatch(/marked/i);
  });

  it('of the key only the row is left that says so', async () => {
    const rows = await database.query<{ wrapped: string | null }>(
      `SELECT wrapped FROM authlog_vault.data_key WHERE subject = '${id}'`,
    );
    expect(rows).toEqual([{ wrapped: null }]);
  });
});
