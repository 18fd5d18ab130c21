import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());

let before: number;
beforeEach(async () => {
  token = await app.asService();
  before = (await app.events()).length;
});
afterEach(async () => {
  // Whatever was sent, nothing was stored and nothing went wrong on our side.
  expect(await app.events()).toHaveLength(before);
  expect(app.said.lines.filter((line) => line.includes('"error"'))).toEqual([]);
});

const register = (body: string, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }) =>
  app.call('POST', '/auth/users/register', { token, body, headers });

describe('a body', () => {
  for (const [why, body] of [
    ['is cut off', '[{"username":'],
    ['has a trailing comma', '[{"username":"x",}]'],
    ['has comments', '[/* none */]'],
    ['is text', 'hello'],
    ['is a number', '7'],
    ['is null', 'null'],
    ['has a key twice', '[{"username":"a","username":"b"}]'],
    ['is nested too deep', '['.repeat(30) + ']'.repeat(30)],
    ['is nested very deep', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['is empty', ''],
  ] as const)
    it(`that ${why} is refused (SEC-128, SEC-132)`, async () =>
      expect(await register(body)).toMatchObject({
        status: 400,
        json: { errorCode: 'body-invalid', why: expect.any(String) },
      }));

  it('cannot reach the prototype of anything (SEC-130)', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype'])
      expect((await register(`[{"username":7,"${key}":{"role":"ADMIN"}}]`)).json['errorCode']).toBe('body-invalid');
    expect(({} as Record<string, unknown>)['role']).toBeUndefined();
  });

  it('of more than 64 KiB is refused before it is read (SEC-128)', async () => {
    const large = JSON.stringify([{ username: 'x'.repeat(70_000) }]);
    expect(await register(large)).toMatchObject({ status: 413, json: { errorCode: 'body-too-large' } });
    expect((await register('[]', { 'content-type': 'application/json', 'content-length': '1' })).status).toBe(400);
  });

  for (const type of [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
  ])
    it(`of type ${type} is no JSON (SEC-121)`, async () =>
      expect(await register('[]', { 'content-type': type })).toMatchObject({
        status: 415,
        json: { errorCode: 'content-type-unsupported' },
      }));

  it('that is not UTF-8 is refused, not mended', async () => {
    const token = await app.asService();
    const latin1 = Buffer.from('[{"username":"jos\u00e9","role":"SERVICE"}]', 'latin1');
    const headers = { 'content-type': 'application/json' };
    expect(await app.call('POST', '/auth/users/register', { token, body: latin1, headers })).toMatchObject({
      status: 400,
      json: { errorCode: 'body-invalid', why: 'The body is not UTF-8.' },
    });
  });

  it('of a login is a form', async () => {
    for (const body of ['{}', '[]', 'x'])
      expect(
        await app.call('POST', '/auth/login', { body, headers: { 'content-type': 'application/json' } }),
      ).toMatchObject({ status: 415, json: { errorCode: 'content-type-unsupported' } });
    expect((await app.call('POST', '/auth/login')).status).toBe(400);
    const multipart = { 'content-type': 'multipart/form-data; boundary=x' };
    for (const body of ['', 'garbage', '--x\r\n', '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nx'])
      expect((await app.call('POST', '/auth/login', { body, headers: multipart })).status).toBe(400);
    const file = '--x\r\nContent-Disposition: form-data; name="username"; filename="x"\r\n\r\nx\r\n--x--\r\n';
    expect((await app.call('POST', '/auth/login', { body: file, headers: multipart })).status).toBe(400);
  });
});

describe('a request', () => {
  it('for a path that is none is 404, with another method 405', async () => {
    for (const path of ['/', '/nowhere', '/auth', '/auth/sessions/x/y', '/auth/%2e%2e/x', '/AUTH/sessions'])
      expect(await app.call('GET', path)).toMatchObject({ status: 404, json: { errorCode: 'route-unknown' } });
    expect(await app.call('GET', '/auth/login')).toMatchObject({
      status: 405,
      json: { errorCode: 'method-not-allowed' },
      headers: { allow: 'POST' },
    });
    expect((await app.call('POST', '/auth/sessions/5b0c6a3e-9c1f-4f0a-8d7e-1a2b3c4d5e6f')).status).toBe(405);
  });

  it('with a malformed address is 400, with a long one 414 (SEC-128)', async () => {
    expect(await app.call('GET', '/auth/%zz')).toMatchObject({ status: 400, json: { errorCode: 'url-invalid' } });
    expect(await app.call('GET', `/auth/sessions?page=${'1'.repeat(9_000)}`)).toMatchObject({
      status: 414,
      json: { errorCode: 'url-too-long' },
    });
    expect((await app.call('DELETE', `/auth/sessions/${'x'.repeat(500)}`, { token })).status).toBe(414);
  });

  it('with an idempotency key that is none is 400', async () => {
    for (const key of ['', 'two words', 'x'.repeat(129), 'ünicode'])
      expect(
        (await app.call('POST', '/auth/users/register', { token, json: [], headers: { 'idempotency-key': key } })).json[
          'errorCode'
        ],
      ).toBe('idempotency-key-invalid');
  });

  it('with an authorization that is none is 401', async () => {
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      'bearer x',
      `Basic ${token}`,
      `Bearer  ${token}`,
      `Bearer ${token} `,
      'Bearer a.b.c',
      `Bearer ${'x'.repeat(9_000)}`,
    ])
      expect(await app.call('GET', '/auth/sessions', { headers: { authorization } })).toMatchObject({
        status: 401,
        json: { errorCode: expect.stringMatching(/^access-token-/) },
      });
  });

  it('carries its correlation id through, if it is harmless', async () => {
    expect((await app.call('GET', '/nowhere', { headers: { 'job-id': 'my-job_1' } })).headers['job-id']).toBe(
      'my-job_1',
    );
    for (const id of ['x'.repeat(65), 'a b', '<script>'])
      expect((await app.call('GET', '/nowhere', { headers: { 'job-id': id } })).headers['job-id']).toMatch(
        /^[0-9a-f-]{36}$/,
      );
  });
});

describe('every answer', () => {
  const answers = () =>
    Promise.all([
      app.call('GET', '/health/live'),
      app.call('GET', '/nowhere'),
      app.call('GET', '/auth/sessions'),
      app.call('GET', '/auth/%zz'),
      register('{'),
    ]);

  it('has the headers that keep browsers from misusing it (SEC-123)', async () => {
    for (const { headers } of await answers())
      expect(headers).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
      });
  });

  it('is not stored anywhere, and names no server', async () => {
    for (const { headers } of await answers()) {
      expect(headers['cache-control']).toBe('no-store, private');
      expect(headers).not.toHaveProperty('server');
      expect(headers).not.toHaveProperty('x-powered-by');
    }
  });

  it('is for pages of trusted origins only (SEC-122)', async () => {
    const from = (origin: string) => app.call('GET', '/health/live', { headers: { origin } });
    expect((await from('http://localhost:8080')).headers['access-control-allow-origin']).toBe('http://localhost:8080');
    for (const origin of [
      'https://evil.example',
      'http://localhost:8080.evil.example',
      'http://localhost:80801',
      'null',
    ])
      expect((await from(origin)).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('lets pages of trusted origins end sessions, and protects the answers to preflights, too (SEC-122, SEC-123)', async () => {
    const headers = { origin: 'http://localhost:8080', 'access-control-request-method': 'DELETE' };
    const preflight = await app.call('OPTIONS', '/auth/sessions', { headers });
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': 'http://localhost:8080',
        'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
        'x-content-type-options': 'nosniff',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
      },
    });
    expect((await app.call('OPTIONS', '/auth/sessions')).status).toBeLessThan(300);
  });
});
