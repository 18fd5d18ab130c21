import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stores } from '#host/stores.js';
import { TestApp } from '../testing/test-app.js';

const WITHIN = { timeout: 10_000 };

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());

it('an event that no projection can apply is told of, and keeps neither logins nor lists from going on (SEC-163)', async () => {
  const metadata = { schema: '1', occurredAt: app.clock.now().toISOString() };
  const fromTheFuture = { id: randomUUID(), type: 'FromTheFuture', data: { secret: 'of whom it is about' }, metadata };
  await app.get(Stores).eventStore.append('user-somebody', 'no-stream', [fromTheFuture]);
  await app.create('ada');
  const { accessToken } = await app.logIn('ada');

  const metrics = async () => (await app.call('GET', '/metrics')).text;
  for (const projection of ['users', 'sessions'])
    await expect.poll(metrics, WITHIN).toContain(`authlog_projection_parked_events{projection="${projection}"} 1`);
  expect(await app.sessionsOf(accessToken)).toHaveLength(2);
  expect((await app.call('GET', '/health/ready')).status).toBe(200);
  const said = app.said.lines.filter((line) => line.includes('an event was parked'));
  expect(said).toHaveLength(2);
  expect(said.join()).toContain('FromTheFuture');
  expect(said.join()).not.toContain('of whom it is about');
});
