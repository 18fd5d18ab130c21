import { afterAll, beforeAll, expect, it } from 'vitest';
import { AuditReader } from '../testing/audit-reader.js';
import { TestApp, refusal } from '../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());

it('people see what happened to their account, and what is personal of them only (SEC-164)', async () => {
  const { accessToken } = await app.person('ada');
  const root = await AuditReader.create(app, 'root');
  await app.call('POST', '/auth/users/suspend', { token: root.token, json: { userId: 'eve', reason: 'x' } });
  await root.items('events', { user: 'ada', reason: 'a ticket of somebody else' });
  const own = async (query = '') => app.call('GET', `/audit/own/events${query}`, { token: accessToken });
  const { json, text } = await own('?itemsPerPage=100');
  const items = json['items'] as Record<string, unknown>[];
  const of = (type: string) => items.find((item) => item['type'] === type);
  expect(of('SessionOpened')?.['data']).toMatchObject({ ipAddress: '127.0.0.1' });
  expect(of('UserCreated')?.['data']).toMatchObject({ username: 'ada' });
  expect(of('AuditRead')?.['data']).toMatchObject({ question: 'events', reason: { withheld: true } });
  expect(text).not.toContain('somebody else');
  expect(new Set(items.map(({ userId }) => userId)).size).toBe(1);

  expect(((await own('?type=UserCreated')).json['items'] as unknown[]).length).toBe(1);
  const first = (await own('?itemsPerPage=10')).json;
  const second = (await own(`?itemsPerPage=10&next=${String(first['next'])}`)).json;
  expect(first['next'] === null ? [] : second['items']).not.toEqual(first['items']);
  expect(await own('?next=x')).toMatchObject(refusal('parameter-invalid'));
  expect(await own('?user=root')).toMatchObject({ json: { items: expect.any(Array) } });
});
