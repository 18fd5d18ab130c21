import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FREE_FAILURES, type LoginFailed, attemptsStream } from '#domain/attempts/attempts.js';
import type { RequestRefused } from '#domain/refusal/refusal.js';
import type { DecodedEvent } from '#event-store/codec.js';
import { Stores } from '#host/stores.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { Authenticator } from '../testing/authenticator.js';
import { ORIGIN, type TestAnswer, TestApp, passwordOf } from '../testing/test-app.js';
import { Accounts } from '../user/accounts.js';
import { RefusalLog } from './refusal-log.js';

const HERE = '192.0.2.7';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start(`
trustedProxies: [127.0.0.1]
loginServices:
  - { name: cli, endpoint: "http://localhost:8080/account", mode: APPLICATION }
  - { name: web, endpoint: "http://localhost:8080/account", mode: WEB, rotate: true }
tokenExtension: [{ service: _share, scopes: ["files:read"] }]
`);
  for (const name of ['ada', 'eve', 'grace']) await app.create(name);
  credential = (await app.create('_share', 'SERVICE')).refreshToken;
});
afterAll(() => app.close());
// Each test has minutes of its own.
beforeEach(() => app.clock.advance(2 * MINUTE));

let credential: string;
const headers = { 'x-forwarded-for': HERE, accept: 'application/json' };
const call = (method: 'GET' | 'POST', url: string, options: Parameters<TestApp['call']>[2] = {}) =>
  app.call(method, url, { ...options, headers: { ...headers, ...options.headers } });
const post = (url: string, json: object, token?: string) =>
  call('POST', url, token === undefined ? { json } : { json, token });
const digestOf = (kind: 'login' | 'address' | 'network', text: string) => app.get(IdentifierDigest).of(kind, text);
const idOf = (username: string) => app.get(Accounts).idOf(username);

const decoded = async (category: string, type: string) =>
  app.get(Stores).codec.decode(await app.stored(category, type));
const dataOf = ({ event }: DecodedEvent) => event.data as RequestRefused;

/** What the log has of the refusals that these calls met with, once the minute is over. */
async function refusalsOf(calls: () => Promise<unknown>): Promise<DecodedEvent[]> {
  const log = app.get(RefusalLog);
  await log.look();
  const before = (await decoded('refusals', 'RequestRefused')).length;
  await calls();
  app.clock.advance(MINUTE);
  await log.look();
  return (await decoded('refusals', 'RequestRefused')).slice(before);
}

/** A browser that has logged in, as the cookie and the CSRF token. */
async function browserOf(username: string) {
  const { json, cookies } = await app.tryLogIn(username, passwordOf(username), 'web');
  const refreshToken = cookies.find(({ name }) => name === 'refreshToken')?.value ?? '';
  return { refreshToken, csrfToken: String(json['csrfToken']) };
}
const webRefresh = (refreshToken: string, csrfToken?: string, origin = ORIGIN) =>
  call('POST', '/auth/refresh/web', {
    headers: { origin, ...(csrfToken === undefined ? {} : { 'x-csrftoken': csrfToken }) },
    cookies: { refreshToken },
  });

/** A token of Ada's that a service has derived. */
async function lentToken(): Promise<string> {
  const token = String((await app.call('POST', '/auth/refresh', { token: credential })).json['accessToken']);
  const { accessToken: validJWT } = await app.logIn('ada');
  const wish = { validJWT, requestedScopes: ['files:read'], expiresIn: 5 * MINUTE };
  return String((await app.call('POST', '/auth/extend', { token, json: wish })).json['accessToken']);
}

interface Case {
  readonly code: string;
  readonly kind: string;
  readonly call: string;
  /** Whose account it is about; nobody's where it is left out. */
  readonly who?: string;
  /** Whether they have shown who they are. */
  readonly isCaller?: true;
  /** What was typed. */
  readonly typed?: string;
  /** Makes one such request. */
  attempt(): Promise<TestAnswer>;
}

const CASES: readonly Case[] = [
  {
    code: 'role-not-allowed',
    kind: 'role',
    call: 'POST /auth/users/register',
    who: 'ada',
    isCaller: true,
    attempt: async () => post('/auth/users/register', [], (await app.logIn('ada')).accessToken),
  },
  {
    code: 'scope-missing',
    kind: 'scope',
    call: 'GET /auth/sessions',
    who: 'ada',
    isCaller: true,
    attempt: async () => call('GET', '/auth/sessions', { token: await lentToken() }),
  },
  {
    code: 'step-up-required',
    kind: 'step-up',
    call: 'POST /auth/2fa',
    who: 'ada',
    isCaller: true,
    async attempt() {
      const { accessToken } = await app.logIn('ada');
      app.clock.advance(6 * MINUTE);
      return post('/auth/2fa', {}, accessToken);
    },
  },
  {
    code: 'origin-not-trusted',
    kind: 'origin',
    call: 'POST /auth/login',
    typed: 'ada',
    attempt: () => app.tryLogIn('ada', passwordOf('ada'), 'cli', { ...headers, origin: 'https://evil.example' }),
  },
  {
    code: 'csrf-token-missing',
    kind: 'csrf',
    call: 'POST /auth/refresh/web',
    attempt: async () => webRefresh((await browserOf('ada')).refreshToken),
  },
  {
    code: 'csrf-token-wrong',
    kind: 'csrf',
    call: 'POST /auth/refresh/web',
    attempt: async () => webRefresh((await browserOf('ada')).refreshToken, (await browserOf('eve')).csrfToken),
  },
  {
    code: 'refresh-token-reused',
    kind: 'reuse',
    call: 'POST /auth/refresh/web',
    who: 'ada',
    async attempt() {
      const { refreshToken, csrfToken } = await browserOf('ada');
      await webRefresh(refreshToken, csrfToken);
      app.clock.advance(11 * SECOND);
      return webRefresh(refreshToken, csrfToken);
    },
  },
  {
    code: 'refresh-token-unknown',
    kind: 'token',
    call: 'POST /auth/refresh',
    attempt: () => call('POST', '/auth/refresh', { token: 'marked-garbage' }),
  },
  {
    code: 'refresh-token-unknown',
    kind: 'token',
    call: 'POST /auth/refresh',
    who: 'ada',
    async attempt() {
      const { refreshToken } = await app.logIn('ada');
      return call('POST', '/auth/refresh', { token: `${refreshToken.slice(0, -64)}${'A'.repeat(64)}` });
    },
  },
  {
    code: 'login-throttled',
    kind: 'throttled',
    call: 'POST /auth/login',
    typed: 'nobody-at-all',
    async attempt() {
      for (let n = 0; n < FREE_FAILURES; n += 1) await app.tryLogIn('nobody-at-all', 'marked-guess', 'cli', headers);
      return app.tryLogIn('nobody-at-all', 'marked-guess', 'cli', headers);
    },
  },
  {
    code: 'requests-throttled',
    kind: 'throttled',
    call: 'POST /api/password/reset',
    typed: 'nobody@example.org',
    async attempt() {
      for (let n = 0; n < 3; n += 1) await post('/api/password/reset', { email: 'nobody@example.org' });
      return post('/api/password/reset', { email: 'nobody@example.org' });
    },
  },
  {
    code: 'second-factor-wrong',
    kind: 'second-factor',
    call: 'POST /auth/2fa/challenge',
    attempt: () => post('/auth/2fa/challenge', { challengeId: randomUUID(), verificationCode: '123456' }),
  },
  {
    code: 'reset-token-unknown',
    kind: 'token',
    call: 'POST /api/password/reset/new',
    attempt: () => post('/api/password/reset/new', { token: 'marked-garbage', newPassword: 'a new one, long enough' }),
  },
  {
    code: 'provider-token-unknown',
    kind: 'token',
    call: 'POST /auth/providers/refresh',
    attempt: () => post('/auth/providers/refresh', { items: [{ refreshToken: 'marked-garbage' }] }),
  },
];

describe('a refused request', () => {
  it.each(CASES)('is in the log once, with who, what, when and from where: $code, $who (SEC-156)', async (each) => {
    let answer: TestAnswer | undefined;
    let refusedAt = '';
    const found = await refusalsOf(async () => {
      answer = await each.attempt();
      refusedAt = app.clock.now().toISOString();
    });
    expect(answer?.json).toMatchObject({ errorCode: each.code });
    const userId = each.who === undefined ? null : await idOf(each.who);
    expect(found.map(dataOf)).toEqual([
      {
        kind: each.kind,
        code: each.code,
        call: each.call,
        count: 1,
        firstAt: refusedAt,
        lastAt: refusedAt,
        userId,
        isAuthenticated: each.isCaller === true,
        identifierDigest: each.typed === undefined ? null : digestOf('login', each.typed),
        addressDigest: digestOf('address', HERE),
        networkDigest: digestOf('network', '192.0.2.0/24'),
        ipAddress: HERE,
      },
    ]);
    expect(found[0]?.metadata).toMatchObject({
      occurredAt: refusedAt,
      correlationId: answer?.headers['job-id'],
      ...(each.isCaller
        ? { actor: userId, actorKind: 'user', sessionId: expect.any(String) }
        : { actor: 'anonymous', actorKind: 'anonymous' }),
    });
  });

  it('says whose login it was that ended at the second factor', async () => {
    await Authenticator.enrol(app, (await app.logIn('grace')).accessToken);
    const found = await refusalsOf(async () => {
      const challengeId = (await app.tryLogIn('grace')).json['2fa'];
      await post('/auth/2fa/challenge', { challengeId, verificationCode: '123456' });
    });
    expect(found.map(dataOf)).toMatchObject([
      { code: 'second-factor-wrong', userId: await idOf('grace'), isAuthenticated: false, ipAddress: HERE },
    ]);
  });

  it('says how often a one-time token was claimed in vain', async () => {
    const { accessToken } = await app.logIn('ada');
    const { json } = await app.call('POST', '/auth/request?audience=a:read', { token: accessToken });
    const token = await app.asService();
    const claim = () => call('POST', `/auth/claim?jti=${String(json['jti'])}`, { token });
    const found = await refusalsOf(async () => {
      for (let n = 0; n < 4; n += 1) await claim();
    });
    expect(found.map(dataOf)).toMatchObject([
      { code: 'one-time-token-claimed', count: 1 },
      { code: 'one-time-token-claimed', count: 2 },
    ]);
    expect(found[0]?.metadata).toMatchObject({ actorKind: 'service' });
  });

  it('is counted with those like it: three hundred in a minute leave two events', async () => {
    const { accessToken } = await app.logIn('ada');
    const found = await refusalsOf(() =>
      Promise.all(Array.from({ length: 300 }, () => post('/auth/users/register', [], accessToken))),
    );
    expect(found.map(dataOf)).toMatchObject([{ count: 1 }, { count: 299 }]);
  });

  it('is answered before the log has taken it, and also where the log takes none', async () => {
    const { accessToken } = await app.logIn('ada');
    const { eventStore } = app.get(Stores);
    const before = await app.stored('refusals', 'RequestRefused');
    const append = eventStore.append.bind(eventStore);
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    eventStore.append = async (...what) => {
      if (what[0].startsWith('refusals-')) await held;
      return append(...what);
    };
    const found = await refusalsOf(async () => {
      for (let n = 0; n < 3; n += 1) expect((await post('/auth/users/register', [], accessToken)).status).toBe(403);
      expect(await app.stored('refusals', 'RequestRefused')).toEqual(before);
      eventStore.append = append;
      letGo();
    });
    expect(found.map(dataOf)).toMatchObject([{ count: 1 }, { count: 2 }]);
  });

  it('is not in the log where it is everyday', async () => {
    const { accessToken, refreshToken } = await app.logIn('ada');
    const found = await refusalsOf(async () => {
      expect((await call('GET', '/auth/sessions')).status).toBe(401);
      expect((await call('GET', '/nowhere')).status).toBe(404);
      expect((await post('/auth/login', {})).status).toBe(415);
      expect((await call('POST', '/auth/logout', { token: refreshToken })).status).toBe(200);
      expect((await call('POST', '/auth/refresh', { token: refreshToken })).status).toBe(401);
      expect((await call('GET', '/auth/sessions', { token: accessToken })).status).toBe(401);
    });
    expect(found).toEqual([]);
  });

  it('leaves nothing of what was sent: no token, no password, no name (SEC-158, SEC-160)', async () => {
    const stored = JSON.stringify(await app.stored('refusals', 'RequestRefused'));
    expect(stored).toContain('login-throttled');
    for (const text of ['marked', 'nobody', HERE, 'evil']) expect(stored).not.toContain(text);
  });
});

describe('a failed login', () => {
  const failed = async (username: string) => {
    const all = await decoded('attempts', 'LoginFailed');
    return all.filter(({ stream }) => stream === attemptsStream(digestOf('login', username)));
  };

  it('is in the log once, with whose password it was and from where (SEC-156)', async () => {
    const found = await refusalsOf(() => app.tryLogIn('eve', 'marked-guess', 'cli', headers));
    expect(found).toEqual([]);
    const [login, ...others] = await failed('eve');
    expect(others).toEqual([]);
    expect(login?.event.data).toEqual({
      reason: 'wrong-password',
      userId: await idOf('eve'),
      failedAt: login?.metadata['occurredAt'],
      addressDigest: digestOf('address', HERE),
      networkDigest: digestOf('network', '192.0.2.0/24'),
      ipAddress: HERE,
    });
  });

  it('at an unknown name is kept under a keyed hash of it alone (SEC-158)', async () => {
    await app.tryLogIn('marked password typed as a name', 'marked-guess', 'cli', headers);
    const [event] = await failed('marked password typed as a name');
    expect(event?.event.data as LoginFailed).toMatchObject({
      reason: 'unknown-account',
      userId: null,
      ipAddress: HERE,
    });
    const stored = JSON.stringify(await app.stored('attempts', 'LoginFailed'));
    for (const text of ['marked', HERE]) expect(stored).not.toContain(text);
  });

  it('of a changed password is one, too', async () => {
    const { accessToken } = await app.logIn('ada');
    const change = { currentPassword: 'marked-guess', newPassword: 'another one that is long enough' };
    const before = (await failed('ada')).length;
    const found = await refusalsOf(async () => {
      expect((await post('/auth/users/password', change, accessToken)).json['errorCode']).toBe('password-wrong');
    });
    expect(found).toEqual([]);
    expect(await failed('ada')).toHaveLength(before + 1);
  });
});
