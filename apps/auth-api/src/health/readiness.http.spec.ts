import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '#event-store/event-store.js';
import { Stores } from '#host/stores.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { sessions } from '#read-models/sessions/sessions.projection.js';
import { TestApp } from '../testing/test-app.js';

const HOUR_MS = 3_600_000;

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
  await app.create('ada');
});
afterAll(() => app.close());

const ready = () => app.call('GET', '/health/ready');

describe('a read model that is behind', () => {
  it('makes the service not ready once it has not seen what is ten seconds old', async () => {
    expect((await ready()).status).toBe(200);
    const progress = app.get(ReadModelProgress);
    const stuck = await progress.look(sessions);
    const look = vi.spyOn(progress, 'look').mockResolvedValue(stuck);
    await app.logIn('ada');
    app.clock.advance(9_999);
    expect((await ready()).status).toBe(200);
    app.clock.advance(10_000);
    expect(await ready()).toMatchObject({
      status: 503,
      json: { missing: expect.arrayContaining([expect.stringMatching(/^the read model sessions is at \d+ of \d+$/)]) },
    });
    look.mockRestore();
    await expect.poll(async () => (await ready()).status).toBe(200);
  });

  it('does so after a clock that ran ahead was put right, too', async () => {
    app.clock.advance(HOUR_MS);
    expect((await ready()).status).toBe(200);
    const progress = app.get(ReadModelProgress);
    const stuck = await progress.look(sessions);
    const look = vi.spyOn(progress, 'look').mockResolvedValue(stuck);
    app.clock.advance(-HOUR_MS);
    expect((await ready()).status).toBe(200);
    await app.logIn('ada');
    expect((await ready()).status).toBe(200);
    app.clock.advance(10_000);
    await ready();
    app.clock.advance(10_000);
    expect((await ready()).status).toBe(503);
    look.mockRestore();
    await expect.poll(async () => (await ready()).status).toBe(200);
  });
});

describe('a log that cannot be written', () => {
  it('makes the service not ready for a while, is logged, and refuses what would be lost (SEC-180)', async () => {
    const { eventStore } = app.get(Stores);
    const append = vi.spyOn(eventStore, 'append').mockRejectedValue(new StoreUnavailable('database or disk is full'));
    expect(await app.tryLogIn('ada')).toMatchObject({
      status: 503,
      json: { errorCode: 'store-unavailable' },
      headers: { 'retry-after': '1' },
    });
    expect(await ready()).toMatchObject({ status: 503, json: { missing: ['the event log cannot be written'] } });
    expect(app.said.lines.join()).toContain('a request failed');

    app.clock.advance(10_000);
    expect((await ready()).status).toBe(200);
    expect((await app.tryLogIn('ada')).status).toBe(503);
    // So does a clock that was put back.
    app.clock.advance(-HOUR_MS);
    expect((await ready()).status).toBe(200);
    append.mockRestore();
    expect((await app.tryLogIn('ada')).status).toBe(200);
    expect((await ready()).status).toBe(200);
  });
});
