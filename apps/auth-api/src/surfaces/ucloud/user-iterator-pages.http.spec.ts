import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';
import { USERS_PER_PAGE } from '../../user/iterate-users.js';

const services = Array.from({ length: USERS_PER_PAGE + 10 }, (_, n) => `_service-${n}`);
const everybody = [...services, '_bootstrap', 'admin'].toSorted();

let app: TestApp;
let service: string;
beforeAll(async () => {
  app = await TestApp.start();
  service = await app.asService();
  for (let from = 0; from < services.length; from += 100) {
    const json = services.slice(from, from + 100).map((username) => ({ username, role: 'SERVICE' }));
    await app.call('POST', '/auth/users/register', { token: service, json });
  }
});
afterAll(() => app.close());

const post = (call: string, json: unknown = {}) =>
  app.call('POST', `/auth/users/iterator/${call}`, { token: service, json });
const open = async () => String((await post('open')).json['id']);
const next = async (id: string) => {
  const page = (await post('next', { id })).json as unknown as { id: string }[];
  return page.map((each) => each.id);
};

describe('a walk over more users than a page has', () => {
  it('gives a full page and the rest (ucloud-users-api §23)', async () => {
    const id = await open();
    const pages = [await next(id), await next(id), await next(id)];
    expect(pages.map(({ length }) => length)).toEqual([USERS_PER_PAGE, everybody.length - USERS_PER_PAGE, 0]);
    expect(pages.flat().toSorted()).toEqual(everybody);
  });

  it('hands out each user once to twenty who ask at the same moment', async () => {
    const id = await open();
    const pages = await Promise.all(Array.from({ length: 20 }, () => next(id)));
    expect(pages.flat().toSorted()).toEqual(everybody);
  });

  it('passes over users who are deleted meanwhile, and does not take them for the end', async () => {
    const id = await open();
    const first = await next(id);
    const [last, ...deleted] = everybody.filter((name) => !first.includes(name));
    for (const name of deleted) await app.deleteUser(name);
    expect(await next(id)).toEqual([last]);
    expect(await next(id)).toEqual([]);
  });
});
