import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asUserId, userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import { SystemClock } from '#host/clock.js';
import { createLog } from '#host/log.js';
import { Metrics } from '#host/metrics.js';
import { Stores } from '#host/stores.js';
import { parametersOf } from '#vault/password-hash.js';
import { RunningProcess, temporaryFolder } from './support/running-process.js';
import { ADMIN, SERVICE_TOKEN, Server } from './support/server.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** What the vault has of somebody's password. */
async function keptOf(userId: unknown, data: string): Promise<string> {
  const settings = { data, database: null, eventStore: null, masterKey: null };
  const stores = await Stores.open(settings, new SystemClock(), new Metrics(), createLog('error'));
  const { state } = await stores.repository.load(user, userStream(asUserId(String(userId))));
  const credential = state.status === 'active' ? state.credentialId : null;
  const kept = credential === null ? null : await stores.vault.reveal(credential);
  await stores.close();
  return kept ?? 'nothing';
}

describe('the first start', () => {
  it('says the password of the administrator once, keeps its hash, and says where the service is (SEC-11)', async () => {
    const data = join(folder.path, 'data');
    const server = await Server.start({ AUTHLOG_ADMIN_PASSWORD: '' }, data);
    const [, password = ''] = /password (\S+) \(shown only now\)/.exec(server.process.stdout) ?? [];
    expect(password).toMatch(/^[A-Za-z0-9_-]{24}$/);
    expect((await server.tryLogIn('admin', password)).status).toBe(200);
    expect(await server.process.stop()).toBe(0);
    expect(server.process.stderr).not.toContain(password);
    expect([statSync(data).mode & 0o777, statSync(join(data, 'master.key')).mode & 0o777]).toEqual([0o700, 0o600]);

    const again = await Server.start({ AUTHLOG_ADMIN_PASSWORD: '' }, data);
    expect(again.process.stdout).toBe(`authlog is ready at ${again.url}\n`);
    const { accessToken } = await again.logIn('admin', password);
    await again.process.stop();
    // What else of passwords is tested is hashed more quickly.
    expect(parametersOf(await keptOf(decodeJwt(accessToken)['uid'], data))).toBe('argon2id m=19456 t=2 p=1');
  });

  it('by several processes at once makes one administrator, as the settings say, and says no secret (SEC-151)', async () => {
    const servers = await Promise.all([1, 2].map(() => Server.start({}, folder.path)));
    for (const server of servers) {
      expect((await server.tryLogIn(ADMIN.username, ADMIN.password)).status).toBe(200);
      expect(await server.asService()).toBeTruthy();
    }
    await Promise.all(servers.map((server) => server.process.stop()));
    for (const { process } of servers)
      for (const secret of [ADMIN.password, SERVICE_TOKEN])
        expect(process.stdout + process.stderr).not.toContain(secret);
    const db = new Database(join(folder.path, 'events.db'), { readonly: true });
    const count = (type: string) => db.prepare('SELECT count(*) FROM event WHERE type = ?').pluck().get(type);
    expect([count('UserCreated'), count('InstallationBootstrapped')]).toEqual([2, 1]);
    db.close();
  });
});

describe('a start that is refused', () => {
  const refusal = async (environment: Readonly<Record<string, string>>): Promise<string> => {
    const process = new RunningProcess('auth-api', { AUTHLOG_DATA: folder.path, ...environment });
    expect(await process.end()).toBe(1);
    expect(process.stdout).toBe('');
    return process.stderr;
  };

  it('says in one line which setting is wrong', async () =>
    expect(await refusal({ AUTHLOG_SPEED: 'fast' })).toBe(
      'authlog did not start: AUTHLOG_SPEED is not a known setting\n',
    ));

  it('says in one line that the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await refusal({ AUTHLOG_PORT: String(port), AUTHLOG_ADMIN_PASSWORD: ADMIN.password })).toMatch(
      new RegExp(`^authlog did not start: port ${port} is in use: [^\n]+\n$`),
    );
    other.close();
  });
});

describe('the log', () => {
  it('says every answer after SIGUSR2, and no longer after the next one', async () => {
    const server = await Server.start({}, folder.path);
    const ask = () => server.call('GET', '/health/live');
    await ask();
    server.process.signal('SIGUSR2');
    await server.process.logs(/"logLevel":"debug","msg":"the log changes its level"/);
    await ask();
    await server.process.logs(/"route":"\/health\/live","status":"200","ms":[^,]+,"msg":"answered"/);
    server.process.signal('SIGUSR2');
    await server.process.logs(/"logLevel":"info","msg":"the log changes its level"/);
    await ask();
    expect(await server.process.stop()).toBe(0);
    expect(server.process.stderr.match(/"msg":"answered"/g)).toHaveLength(1);
  });

  it('is as quiet as the settings say', async () => {
    const config = join(folder.path, 'authlog.yaml');
    writeFileSync(config, 'log: { level: error }');
    const server = await Server.start({ AUTHLOG_CONFIG: config }, folder.path);
    expect(await server.process.stop()).toBe(0);
    expect(server.process.stderr).toBe('');
  });
});

describe('being told to end', () => {
  it('finishes what is under way', async () => {
    const server = await Server.start({}, folder.path);
    const logins = Array.from({ length: 8 }, () => server.tryLogIn(ADMIN.username, ADMIN.password));
    await Promise.race(logins);
    expect(await server.process.stop()).toBe(0);
    expect((await Promise.all(logins)).map(({ status }) => status)).toEqual(Array(8).fill(200));
  });
});
