import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp, refusal } from '../../testing/test-app.js';

let app: TestApp;
let admin: string;
beforeAll(async () => {
  app = await TestApp.start();
  admin = await app.asAdmin();
});
afterAll(() => app.close());

const list = (username: string, more = '') =>
  app.call('GET', `/auth/users/sessions?username=${encodeURIComponent(username)}${more}`, { token: admin });
const sessionsOf = async (username: string) => (await list(username)).json['items'] as Record<string, unknown>[];
const end = (json: object, headers = {}) =>
  app.call('POST', '/auth/users/sessions/end', { token: admin, json, headers });
const lives = async (token: string) => (await app.call('GET', '/auth/sessions/current', { token })).status === 200;

describe('the sessions of a user', () => {
  it('are listed for administrators as for their owner, without a secret (SEC-71)', async () => {
    const { accessToken } = await app.person('ada');
    const own = await app.sessionsOf(accessToken);
    const listed = await list('ADA');
    expect(listed.json).toEqual({
      itemsInTotal: 2,
      itemsPerPage: 50,
      pageNumber: 0,
      items: own.map((session) => Object.assign(session, { current: false })),
    });
    expect((await list('ada', '&itemsPerPage=10&page=1')).json).toMatchObject({ itemsInTotal: 2, items: [] });
    expect(listed.text).not.toMatch(/secret|hash|token/i);
  });

  it('are those of services as well', async () => {
    await app.create('_share', 'SERVICE');
    expect(await sessionsOf('_share')).toMatchObject([{ origin: 'provisioned' }]);
  });

  it('are none once their owner is suspended', async () => {
    await app.person('bob');
    await app.call('POST', '/auth/users/suspend', { token: admin, json: { userId: 'bob' } });
    expect(await sessionsOf('bob')).toEqual([]);
  });

  it('are asked for by a name that somebody has', async () => {
    expect(await list('nobody')).toMatchObject(refusal('user-unknown', 404));
    for (const query of ['', '?username=', '?username=a&username=b', '?username=ada&page=-1'])
      expect(await app.call('GET', `/auth/users/sessions${query}`, { token: admin })).toMatchObject(
        refusal('parameter-invalid'),
      );
  });
});

describe('ending sessions of a user', () => {
  it('ends one, once (SEC-71)', async () => {
    const { accessToken } = await app.person('grace');
    const other = await app.logIn('grace');
    const id = (await app.sessionsOf(accessToken)).find(({ current }) => current === true)?.['id'];
    const before = (await app.events('session')).length;
    expect((await end({ userId: 'Grace', id: String(id).toUpperCase() })).json).toEqual({});
    expect([await lives(accessToken), await lives(other.accessToken)]).toEqual([false, true]);
    expect((await end({ userId: 'grace', id })).status).toBe(200);
    expect((await app.events('session')).slice(before)).toEqual(['SessionEnded']);
    expect((await sessionsOf('grace')).map((session) => session['id'])).not.toContain(id);
  });

  it('ends all of them at once, with one event', async () => {
    const { accessToken } = await app.person('hedy');
    const other = await app.logIn('hedy');
    const before = (await app.events()).length;
    expect((await end({ userId: 'hedy' })).json).toEqual({});
    expect([await lives(accessToken), await lives(other.accessToken), await lives(admin)]).toEqual([
      false,
      false,
      true,
    ]);
    expect((await app.events()).slice(before)).toEqual(['SessionsInvalidated']);
    expect(await sessionsOf('hedy')).toEqual([]);
    expect((await app.tryLogIn('hedy')).status).toBe(200);
  });

  it('begins one epoch for one idempotency key (SEC-134)', async () => {
    await app.person('joan');
    const before = (await app.events('user')).length;
    const key = { 'idempotency-key': randomUUID() };
    expect([(await end({ userId: 'joan' }, key)).status, (await end({ userId: 'JOAN' }, key)).status]).toEqual([
      200, 200,
    ]);
    expect(await app.events('user')).toHaveLength(before + 1);
  });

  it('does not reach the session of somebody else (SEC-36)', async () => {
    const { accessToken } = await app.person('eve');
    const [{ id } = {}] = await app.sessionsOf(accessToken);
    expect(await end({ userId: 'ada', id })).toMatchObject(refusal('session-unknown', 404));
    expect(await end({ userId: 'eve', id: randomUUID() })).toMatchObject(refusal('session-unknown', 404));
    expect(await end({ userId: 'nobody', id })).toMatchObject(refusal('user-unknown', 404));
    expect(await lives(accessToken)).toBe(true);
  });

  it('takes no id that is none for all of them', async () => {
    const { accessToken } = await app.person('radia');
    for (const id of [null, '', 'x', 7, [], {}, ['x']])
      expect(await end({ userId: 'radia', id })).toMatchObject(refusal('body-invalid'));
    for (const userId of [null, 7, ['radia'], undefined])
      expect(await end({ userId })).toMatchObject(refusal('body-invalid'));
    expect(await lives(accessToken)).toBe(true);
  });

  it('asks for a fresh login (SEC-76)', async () => {
    const { accessToken } = await app.person('barbara');
    app.clock.advance(300_001);
    expect(await end({ userId: 'barbara' })).toMatchObject(refusal('step-up-required', 401));
    expect(await lives(accessToken)).toBe(true);
    admin = await app.asAdmin();
    expect((await end({ userId: 'barbara' })).status).toBe(200);
  });
});
