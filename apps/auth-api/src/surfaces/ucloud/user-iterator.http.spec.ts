import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

let app: TestApp;
let service: string;
beforeAll(async () => {
  app = await TestApp.start();
  for (const name of ['ada', 'grace', 'hedy']) await app.create(name);
  service = await app.asService();
});
afterAll(() => app.close());

const post = (call: string, json: unknown = {}, token = service) =>
  app.call('POST', `/auth/users/iterator/${call}`, { token, json });
const open = async () => String((await post('open')).json['id']);
const next = async (id: string) => (await post('next', { id })).json as unknown as { id: string }[];
const gone = { status: 404, json: { errorCode: 'iterator-unknown' } };

describe('walking over all users', () => {
  it('hands out every user once, then nobody, then is closed for good', async () => {
    const id = await open();
    expect((await next(id)).map((user) => user.id).toSorted()).toEqual(['_bootstrap', 'ada', 'admin', 'grace', 'hedy']);
    expect(await next(id)).toEqual([]);
    expect((await post('close', { id })).json).toEqual({});
    expect(await post('next', { id })).toMatchObject(gone);
    expect(await post('close', { id })).toMatchObject(gone);
  });

  it('hands out every user once, also to those who ask at the same moment', async () => {
    const id = await open();
    const pages = await Promise.all(Array.from({ length: 10 }, () => next(id)));
    const ids = pages.flat().map((user) => user.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(5);
  });

  it('is over after 30 minutes', async () => {
    const id = await open();
    app.clock.advance(1_800_000);
    service = await app.asService();
    expect(await post('next', { id })).toMatchObject(gone);
  });

  it('is for those whom the settings name, and each sees their own only (SEC-36)', async () => {
    const { accessToken } = await app.create('_other', 'SERVICE');
    expect(await post('open', {}, accessToken)).toMatchObject({
      status: 403,
      json: { errorCode: 'caller-not-listed' },
    });
    expect(await post('next', { id: '00000000-0000-4000-8000-000000000000' })).toMatchObject(gone);
    for (const id of ['', 'x', 7, null, ['00000000-0000-4000-8000-000000000000']])
      expect(await post('next', { id })).toMatchObject({ status: 400, json: { errorCode: 'body-invalid' } });
  });
});
