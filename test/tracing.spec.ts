import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Collector, type Span } from './support/collector.js';
import { RunningProcess, temporaryFolder } from './support/running-process.js';
import { ADMIN, SERVICE_TOKEN, Server } from './support/server.js';

const SERVER = 2;
const PRODUCER = 4;
const CONSUMER = 5;
const ERROR = 2;

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const calledBy = (flags: '00' | '01') => ({ traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-${flags}` });
const MARKED = { username: 'Marked-Name-Xyzzy', password: 'marked-password-plugh', email: 'marked@xyzzy.example' };
const USER_AGENT = 'marked-user-agent/1.0';

let folder: ReturnType<typeof temporaryFolder>;
let collector: Collector;
const begin = async () => {
  folder = temporaryFolder();
  collector = await Collector.start();
};
const end = async () => {
  folder.remove();
  await collector.stop();
};
const configuration = (yaml: string) => {
  const file = join(folder.path, 'authlog.yaml');
  writeFileSync(file, yaml);
  return { AUTHLOG_CONFIG: file, AUTHLOG_DATA: join(folder.path, 'data') };
};

/** What is stored with the events of the log, beside their ids. */
function storedTraceparents(): string[] {
  const db = new Database(join(folder.path, 'data', 'events.db'), { readonly: true });
  const all = db.prepare('SELECT metadata FROM event').pluck().all() as string[];
  db.close();
  return all.flatMap((metadata) => (JSON.parse(metadata) as { traceparent?: string }).traceparent ?? []);
}

describe('a traced request', () => {
  let login: Span[];
  const secrets: string[] = [ADMIN.password, SERVICE_TOKEN.slice(37), MARKED.password, MARKED.username, MARKED.email];
  beforeAll(async () => {
    await begin();
    const settings = configuration(`tracing: { endpoint: "${collector.endpoint}" }`);
    const projector = new RunningProcess('projector', settings);
    await projector.says(/follows the log/);
    const server = await Server.start({ ...settings, AUTHLOG_PROJECTOR: 'external' }, settings.AUTHLOG_DATA);
    const token = await server.asService();
    const headers = { 'user-agent': USER_AGENT };
    const registered = await server.call('POST', '/auth/users/register', { token, json: [MARKED], headers });
    const [{ accessToken: first = '' } = {}] = registered.body as unknown as { readonly accessToken?: string }[];
    // It waits until the projector has taken that in: what is appended next begins a transaction of its own.
    await server.sessionsOf(first);
    const { body } = await server.tryLogIn(MARKED.username, MARKED.password, 'cli', { ...headers, ...calledBy('01') });
    await server.tryLogIn(MARKED.username, `not ${MARKED.password}`);
    const accessToken = String(body['accessToken']);
    const [session] = await server.sessionsOf(accessToken);
    await server.call('GET', `/auth/users/lookup?marked-query=${MARKED.email}`, { token });
    await server.call('GET', `/no-such/${MARKED.username}`);
    await server.call('GET', '/health/ready');
    secrets.push(token, accessToken, String(body['refreshToken']).slice(37), String(session?.['id']));
    expect(await server.process.stop()).toBe(0);
    expect(await projector.stop()).toBe(0);
    login = collector.spans.filter(({ traceId }) => traceId === CALLER.traceId);
  });
  afterAll(end);

  const named = (name: string) => login.filter((span) => span.name === name);

  it('goes on what its caller has begun', () =>
    expect(named('POST /auth/login')).toEqual([
      expect.objectContaining({
        program: 'authlog-api',
        kind: SERVER,
        parentSpanId: CALLER.spanId,
        attributes: {
          'http.request.method': 'POST',
          'http.route': '/auth/login',
          'http.response.status_code': 200,
        },
      }),
    ]));

  it('has the appends that it led to', () => {
    const [request] = named('POST /auth/login');
    expect(named('append session')).toEqual([
      expect.objectContaining({
        program: 'authlog-api',
        kind: PRODUCER,
        parentSpanId: request?.spanId,
        attributes: {
          'authlog.stream.category': 'session',
          'authlog.event.types': ['SessionOpened'],
          'authlog.stream.revision': 0,
          'authlog.position': expect.stringMatching(/^[0-9]+$/) as string,
        },
      }),
    ]);
  });

  it('goes on in the projector, by what is stored with the events', () => {
    const [append] = named('append session');
    expect(storedTraceparents()).toContain(`00-${CALLER.traceId}-${append?.spanId}-01`);
    const batches = collector.spans.filter(({ links = [] }) =>
      links.some(({ traceId, spanId }) => traceId === CALLER.traceId && spanId === append?.spanId),
    );
    for (const batch of batches)
      expect(batch).toMatchObject({ program: 'authlog-projector', kind: CONSUMER, name: 'project' });
    // In the background more is applied together, of other requests, too.
    const ofLists = batches.filter(({ attributes }) => String(attributes['authlog.projections']) === 'users,sessions');
    expect(ofLists.map(({ traceId }) => traceId)).toEqual([CALLER.traceId]);
  });

  it('is no fault if it is refused', () => {
    const refused = collector.spans.filter(({ attributes }) => attributes['http.response.status_code'] === 401);
    expect(refused).toHaveLength(1);
    expect(collector.spans.filter(({ status }) => status.code === ERROR)).toEqual([]);
  });

  it('is none of those that watch the service', () =>
    expect(collector.spans.filter(({ name }) => name.includes('health'))).toEqual([]));

  it('says nothing of anybody, and no secret (SEC-160)', () => {
    const all = collector.bodies.join();
    for (const text of [
      ...secrets,
      ...secrets.map((each) => each.toLowerCase()),
      USER_AGENT,
      'marked-query',
      '127.0.0.1',
    ])
      expect([text, all.includes(text)]).toEqual([text, false]);
    // Nor an id of an account or session.
    expect(all).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  });
});

describe('how much is traced', () => {
  beforeEach(begin);
  afterEach(end);

  const tracesOf = async (yaml: string, headers: Readonly<Record<string, string>>, environment = {}) => {
    const settings = configuration(yaml);
    const server = await Server.start({ ...settings, ...environment }, settings.AUTHLOG_DATA);
    expect((await server.tryLogIn(ADMIN.username, ADMIN.password, 'cli', headers)).status).toBe(200);
    expect(await server.process.stop()).toBe(0);
    return [collector.bodies.length, storedTraceparents().length];
  };

  it('is nothing by default, whatever else is in the environment', async () =>
    expect(
      await tracesOf('', calledBy('01'), {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint.replace('/v1/traces', ''),
        OTEL_TRACES_EXPORTER: 'otlp',
      }),
    ).toEqual([0, 0]));

  it('is what the settings say, and no caller can make it more', async () =>
    expect(await tracesOf(`tracing: { endpoint: "${collector.endpoint}", sampling: 0 }`, calledBy('01'))).toEqual([
      0, 0,
    ]));

  it('is nothing of a caller who does not trace', async () =>
    expect(await tracesOf(`tracing: { endpoint: "${collector.endpoint}" }`, calledBy('00'))).toEqual([0, 0]));

  it('does not keep a process whose collector is away from ending', async () => {
    const settings = configuration(`tracing: { endpoint: "${collector.endpoint}" }`);
    const server = await Server.start(settings, settings.AUTHLOG_DATA);
    await collector.stop();
    expect((await server.tryLogIn(ADMIN.username, ADMIN.password)).status).toBe(200);
    const before = performance.now();
    expect(await server.process.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(server.process.stderr).toContain('the last traces could not be sent');
    collector = await Collector.start();
  });
});
