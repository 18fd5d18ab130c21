import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, Server } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await Server.start({ AUTHLOG_PUBLIC_URL: 'https://auth.example.org' });
});
afterAll(() => server.remove());

/** Sends bytes as they are and gives back what the server answers before it closes the connection. */
async function send(...bytes: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (text: Buffer) => (answer += text.toString()));
  socket.on('error', () => undefined);
  for (const part of bytes) socket.write(part);
  await once(socket, 'close');
  return answer;
}

describe('a connection', () => {
  it('with headers of 10 MB is answered with 431 (SEC-128)', async () => {
    const answer = await send('GET /health/live HTTP/1.1\r\nHost: x\r\nX-Large: ', 'x'.repeat(10_000_000));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ errorCode: 'headers-too-large' });
    expect(answer).toContain('X-Content-Type-Options: nosniff');
  });

  it('that does not speak HTTP is answered with 400', async () => {
    for (const bytes of [
      'hello\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n',
      '\u0000\u0001\u0002\r\n\r\n',
    ])
      expect(await send(bytes)).toMatch(/^HTTP\/1\.1 400 [^]*"errorCode":"request-invalid"/);
  });

  it('goes on after a refused request', async () => {
    const answer = await send(
      'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(answer.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200']);
  });
});

describe('a service that is reached by https', () => {
  it('sets cookies that are sent over https only (SEC-118)', async () => {
    const { headers } = await server.tryLogIn(ADMIN.username, ADMIN.password, 'web', {
      origin: 'https://auth.example.org',
    });
    const cookies = headers.getSetCookie();
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual(['refreshToken', 'device']);
    for (const cookie of cookies)
      expect(cookie).toMatch(/^[a-zA-Z]+=\S+; Path=\/; Max-Age=\d+; HttpOnly; Secure; SameSite=Strict$/);
  });

  it('is the issuer of its tokens, and accepts no other', async () => {
    const { body } = await server.tryLogIn(ADMIN.username, ADMIN.password);
    const [, claims = ''] = String(body['accessToken']).split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: 'https://auth.example.org' });
  });
});

describe('what is served beside the calls', () => {
  it('is the API description, and a page to read it', async () => {
    const { body } = await server.call('GET', '/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'authlog' } });
    const page = await server.call('GET', '/docs');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html']);
  });

  it('is the metrics, by route and not by address', async () => {
    await server.call('GET', '/auth/sessions?itemsPerPage=10');
    const text = String((await server.call('GET', '/metrics')).body['text']);
    expect(text).toMatch(/authlog_http_request_seconds_count\{method="GET",route="\/auth\/sessions",status="401"\} 1/);
    for (const name of [
      'append_seconds',
      'append_conflicts_total',
      'projection_position',
      'projection_lag_seconds',
      'password_queue_length',
    ])
      expect(text).toContain(`authlog_${name}`);
  });

  it('is a public key set without a private part (SEC-146)', async () => {
    const { body, headers } = await server.call('GET', '/auth/.well-known/jwks.json');
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(body['keys']).toEqual([
      {
        kty: 'EC',
        crv: 'P-256',
        x: expect.any(String),
        y: expect.any(String),
        kid: expect.any(String),
        alg: 'ES256',
        use: 'sig',
      },
    ]);
  });
});
