import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

let app: TestApp;
let service: string;
beforeAll(async () => {
  app = await TestApp.start('userIterator: { callers: [_bootstrap, _other] }');
  for (const name of ['ada', 'grace', 'hedy']) await app.create(name);
  service = await app.asService();
});
afterAll(() => app.close());

const post = (call: string, json: unknown = {}, token = service) =>
  app.call('POST', `/auth/users/iterator/${call}`, { token, json });
const open = async (token?: string) => String((await post('open', {}, token)).json['id']);
const next = async (id: string) => {
  const users = (await post('next', { id })).json as unknown as { id: string }[];
  return users.map((each) => each.id);
};
const gone = { status: 404, json: { errorCode: 'iterator-unknown' } };

describe('walking over all users', () => {
  it('hands out every user once, then nobody, then is closed for good', async () => {
    const id = await open();
    expect((await next(id)).toSorted()).toEqual(['_bootstrap', 'ada', 'admin', 'grace', 'hedy']);
    expect(await next(id)).toEqual([]);
    expect(await next(id)).toEqual([]);
    expect((await post('close', { id })).json).toEqual({});
    expect(await post('next', { id })).toMatchObject(gone);
    expect(await post('close', { id })).toMatchObject(gone);
    expect(await app.events('iterator')).toEqual(['UserIteratorOpened', 'UserIteratorAdvanced', 'UserIteratorClosed']);
  });

  it('is closed once by many who close it at the same moment', async () => {
    const id = await open();
    const closed = await Promise.all(Array.from({ length: 20 }, () => post('close', { id })));
    expect(closed.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 404)]);
  });

  it('is over after 30 minutes', async () => {
    const id = await open();
    app.clock.advance(1_800_000);
    service = await app.asService();
    expect(await post('next', { id })).toMatchObject(gone);
    expect(await post('close', { id })).toMatchObject(gone);
  });

  it('is for those whom the settings name', async () => {
    const { accessToken } = await app.create('_unnamed', 'SERVICE');
    for (const call of ['open', 'next', 'close'])
      expect(await post(call, { id: randomUUID() }, accessToken)).toMatchObject({
        status: 403,
        json: { errorCode: 'caller-not-listed' },
      });
  });

  it('is seen by none but who opened it (SEC-36)', async () => {
    const { accessToken } = await app.create('_other', 'SERVICE');
    const id = await open();
    expect(await post('next', { id }, accessToken)).toMatchObject(gone);
    expect(await post('close', { id }, accessToken)).toMatchObject(gone);
    expect(await post('next', { id: await open(accessToken) })).toMatchObject(gone);
    expect(await next(id)).toContain('ada');
  });

  it('goes by its id and no other', async () => {
    const id = await open();
    for (let at = 0; at < id.length; at += 1) {
      const altered = id.slice(0, at) + (id[at] === '1' ? '2' : '1') + id.slice(at + 1);
      expect([404, 400]).toContain((await post('next', { id: altered })).status);
    }
    expect(await post('next', { id: randomUUID() })).toMatchObject(gone);
    for (const none of ['', 'x', 7, null, [id], {}, `${id} `, id.replaceAll('-', ''), `{${id}}`, 'x'.repeat(60_000)])
      for (const call of ['next', 'close'])
        expect(await post(call, { id: none })).toMatchObject({ status: 400, json: { errorCode: 'body-invalid' } });
    expect(await next(id.toUpperCase())).toContain('ada');
  });
});
