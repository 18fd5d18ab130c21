import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

it('a mail server that takes connections and says nothing holds up no answer (SEC-34)', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const app = await TestApp.start(`mail: { smtp: "smtp://127.0.0.1:${port}" }`);
  await app.person('ada');
  const request = (email: string) => app.call('POST', '/api/password/reset', { json: { email } });

  const mailUnderWay = once(server, 'connection');
  expect((await request('ada@example.org')).json).toEqual({});
  await mailUnderWay;

  expect((await request('ada@example.org')).json).toEqual({});
  expect((await request('nobody@example.org')).json).toEqual({});
  expect((await app.tryLogIn('ada')).status).toBe(200);
  await app.close();
  server.close();
});
