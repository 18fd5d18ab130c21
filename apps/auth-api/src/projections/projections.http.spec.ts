import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECTION_CATEGORY, projectionStream } from '#domain/projection/projection-control.js';
import { Stores } from '#host/stores.js';
import { TestApp, refusal } from '../testing/test-app.js';

const WITHIN = { timeout: 10_000 };
/** A rebuild lets everybody else go first, and the other tests have much to do. */
const ONCE_IT_MAY = { timeout: 40_000 };

let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await TestApp.start();
  token = await app.asAdmin();
});
afterAll(() => app.close());

const get = (path: string) => app.call('GET', `/ops/projections${path}`, { token });
const post = (path: string, json: object) => app.call('POST', `/ops/projections/${path}`, { token, json });
const items = async (path: string) => (await get(path)).json['items'] as Record<string, unknown>[];

describe('administrators who have just logged in', () => {
  it('see how the projections get on', async () => {
    await expect
      .poll(() => items(''))
      .toEqual(
        ['users', 'sessions', 'subject-streams', 'audit-trail'].map((projection) =>
          expect.objectContaining({ projection, state: 'current', behind: 0, parked: 0 }),
        ),
      );
  });

  it('let one stand still, and go on; the log says who did', async () => {
    const stateOf = async () => (await items('')).find(({ projection }) => projection === 'sessions')?.['state'];
    expect((await post('pause', { projection: 'sessions' })).status).toBe(200);
    await expect.poll(stateOf).toBe('paused');
    expect((await post('resume', { projection: 'sessions' })).status).toBe(200);
    await expect.poll(stateOf).toBe('current');
    expect(await app.events(PROJECTION_CATEGORY)).toEqual(['ProjectionPaused', 'ProjectionResumed']);
    for await (const { metadata } of app.get(Stores).eventStore.readStream(projectionStream('sessions'), 0))
      expect(metadata).toMatchObject({ actorKind: 'admin', actor: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('see what is parked, have it tried again, and leave it out', async () => {
    const metadata = { schema: '1', occurredAt: app.clock.now().toISOString() };
    const id = randomUUID();
    const waiting = { id: randomUUID(), type: 'SessionsInvalidated', data: { userId: 'x', epoch: 1, spared: null } };
    await app.get(Stores).eventStore.append('user-x', 'no-stream', [
      { id, type: 'FromTheFuture', data: {}, metadata },
      { ...waiting, metadata },
    ]);
    const parked = async () => (await items('/parked')).map(({ projection, eventId }) => [projection, eventId]);
    const all = [
      ['users', id],
      ['sessions', id],
      ['sessions', waiting.id],
    ];
    await expect.poll(parked, WITHIN).toEqual(all);
    const attempts = async () => (await items('/parked'))[0]?.['attempts'];
    expect((await post('parked/retry', { projection: 'users' })).status).toBe(200);
    await expect.poll(attempts).toBe(4);
    expect((await post('parked/retry', { projection: 'users', eventId: id })).status).toBe(200);
    await expect.poll(attempts).toBe(5);

    const skip = (projection: string, eventId: string, reason = 'nobody needs it') =>
      post('parked/skip', { projection, eventId, reason });
    expect(await skip('sessions', waiting.id)).toMatchObject(refusal('parked-event-waits', 409));
    expect(await skip('sessions', 'x')).toMatchObject(refusal('parked-event-unknown', 404));
    expect(await skip('sessions', id, ' ')).toMatchObject({ status: 400 });
    expect((await skip('sessions', id)).status).toBe(200);
    await expect.poll(parked).toEqual([['users', id]]);
  });

  it('have one filled anew, see what came of it, and take it back', async () => {
    const rebuild = async () => (await items('')).find(({ projection }) => projection === 'sessions')?.['rebuild'];
    const body = { projection: 'sessions' };
    const [{ head = '' } = {}] = (await items('')) as { head?: string }[];
    const beyond = String(BigInt(head) + 9n);
    expect(await post('rebuild', { ...body, to: beyond })).toMatchObject(refusal('position-beyond-log', 400));
    for (const to of [7, '-1', 'first', ['1'], {}]) expect((await post('rebuild', { ...body, to })).status).toBe(400);
    expect((await post('rebuild', { ...body, force: 'yes' })).status).toBe(400);
    expect(await post('rebuild/cancel', body)).toMatchObject(refusal('rebuild-unknown', 409));
    expect(await post('rebuild/undo', body)).toMatchObject(refusal('undo-unknown', 409));

    expect((await post('rebuild', { ...body, to: '2' })).status).toBe(200);
    await expect.poll(rebuild, ONCE_IT_MAY).toMatchObject({ state: 'stands', position: '2' });
    expect(await post('rebuild', { ...body, to: '1' })).toMatchObject(refusal('rebuild-runs', 409));
    expect((await post('rebuild/cancel', body)).status).toBe(200);
    await expect.poll(rebuild, ONCE_IT_MAY).toMatchObject({ state: 'cancelled' });

    const order = await Promise.all([post('rebuild', body), post('rebuild', body)]);
    expect(order.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    await expect.poll(rebuild, ONCE_IT_MAY).toMatchObject({
      state: 'swapped',
      comparison: {
        tables: expect.arrayContaining([expect.objectContaining({ onlyLive: 0, onlyNext: 0, changed: 0 })]),
      },
    });
    await expect.poll(async () => (await post('rebuild/undo', body)).status, ONCE_IT_MAY).toBe(200);
    await expect.poll(rebuild, ONCE_IT_MAY).toMatchObject({ state: 'swapped', comparison: null });
    await expect.poll(async () => (await app.events(PROJECTION_CATEGORY)).at(-1)).toBe('ProjectionRebuilt');
  }, 120_000);

  it('are told what is wrong with a name', async () => {
    for (const call of ['pause', 'resume', 'rebuild', 'rebuild/cancel', 'rebuild/undo', 'parked/retry'])
      expect(await post(call, { projection: 'nonsense' })).toMatchObject(refusal('projection-unknown', 404));
    for (const projection of [undefined, 7, ['users']]) expect((await post('pause', { projection })).status).toBe(400);
  });
});

it('administrators who logged in a while ago log in again first (SEC-76, SEC-174)', async () => {
  token = await app.asAdmin();
  app.clock.advance(300_001);
  const before = await app.events();
  const body = { projection: 'users', eventId: 'x', reason: 'nobody needs it' };
  for (const path of ['', '/parked']) expect(await get(path)).toMatchObject(refusal('step-up-required', 401));
  for (const call of ['pause', 'resume', 'rebuild', 'rebuild/cancel', 'rebuild/undo', 'parked/retry', 'parked/skip'])
    expect(await post(call, body)).toMatchObject(refusal('step-up-required', 401));
  expect(await app.events()).toEqual(before);
});
