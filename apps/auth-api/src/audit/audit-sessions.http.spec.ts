import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditReader } from '../testing/audit-reader.js';
import { TestApp, type TestTokens, refusal } from '../testing/test-app.js';

const ELSEWHERE = '198.51.100.7';

let app: TestApp;
let root: AuditReader;
const tokens = new Map<string, TestTokens>();
beforeAll(async () => {
  app = await TestApp.start('trustedProxies: [127.0.0.1]');
  const from = { 'x-forwarded-for': ELSEWHERE, 'user-agent': 'stolen/1.0' };
  for (const name of ['ada', 'eve', 'bob']) {
    await app.create(name);
    const password = `the password of ${name}`;
    const { json } = name === 'bob' ? await app.tryLogIn(name) : await app.tryLogIn(name, password, 'cli', from);
    tokens.set(name, json as unknown as TestTokens);
  }
  root = await AuditReader.create(app, 'root');
});
afterAll(() => app.close());

const alive = async (name: string) =>
  (await app.call('GET', '/auth/sessions/current', { token: tokens.get(name)?.accessToken ?? '' })).status === 200;

describe('sessions, whatever became of them', () => {
  it('are found by where they were opened, and by whom', async () => {
    const found = await root.items('sessions', { address: '198.51.100.0/24', personal: 'true' });
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ provider: 'cli', ipAddress: ELSEWHERE, userAgent: 'stolen/1.0', isAlive: true });
    const [hidden] = await root.items('sessions', { user: 'eve', address: ELSEWHERE });
    expect(hidden).toMatchObject({ ipAddress: { withheld: true }, userAgent: { withheld: true } });
    expect(await root.items('sessions', { user: 'bob', address: ELSEWHERE })).toEqual([]);
    expect(await root.items('sessions', { provider: 'nothing' })).toEqual([]);
  });

  it('are found by when they were alive, by their own history and their owner’s', async () => {
    await app.create('mallory');
    const { accessToken } = await app.logIn('mallory');
    const [opened] = await root.items('sessions', { user: 'mallory' });
    await app.call('POST', '/auth/users/suspend', {
      token: root.token,
      json: { userId: 'mallory', reason: 'see ticket 8' },
    });
    expect((await app.call('GET', '/auth/sessions/current', { token: accessToken })).status).toBe(401);
    const then = String(opened?.['openedAt']);
    expect(await root.items('sessions', { user: 'mallory', aliveAt: then })).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ id: opened?.['id'], isAlive: true })]),
    );
    expect(await root.items('sessions', { user: 'mallory', aliveAt: new Date().toISOString() })).toEqual([]);
    expect(await root.items('sessions', { user: 'mallory' })).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ isAlive: false, causeOfDeath: 'session-ended' })]),
    );
  });

  it('are ended together after they were looked at, with a reason that is kept', async () => {
    const { json } = await root.ask('sessions', { address: '198.51.100.0/24', itemsPerPage: '10' });
    expect(json).toMatchObject({ mostInTotal: 2, items: [{ isAlive: true }, { isAlive: true }] });
    const body = { selection: json['selection'], reason: 'stolen passwords' };
    const end = (what: object) => app.call('POST', '/audit/sessions/end', { token: root.token, json: what });
    expect(await end({ ...body, reason: ' ' })).toMatchObject(refusal('body-invalid'));
    expect(await end({ ...body, selection: 'everything' })).toMatchObject(refusal('selection-unknown', 404));

    // Whoever came in since was not seen.
    const late = await app.tryLogIn('ada', undefined, 'cli', { 'x-forwarded-for': ELSEWHERE });
    expect((await end(body)).json).toEqual({ ended: 2 });
    expect([await alive('ada'), await alive('eve'), await alive('bob')]).toEqual([false, false, true]);
    const current = await app.call('GET', '/auth/sessions/current', { token: String(late.json['accessToken']) });
    expect(current.status).toBe(200);
    expect((await end(body)).json).toEqual({ ended: 0 });

    const [order] = await root.items('events', {
      type: 'SelectedSessionsEndOrdered',
      order: 'oldest',
      personal: 'true',
    });
    expect(order?.['data']).toMatchObject({ criteria: { address: '198.51.100.0/24' }, reason: 'stolen passwords' });
    const ended = await root.items('events', { correlation: String(order?.['correlationId']), type: 'SessionEnded' });
    expect(ended).toHaveLength(2);
  });

  it('are ended by administrators who have just logged in and looked', async () => {
    await root.logInAgain();
    const { json } = await root.ask('sessions', { user: 'bob' });
    const end = async () =>
      app.call('POST', '/audit/sessions/end', {
        token: root.token,
        json: { selection: json['selection'], reason: 'x' },
      });
    app.clock.advance(300_001);
    expect(await end()).toMatchObject(refusal('step-up-required', 401));
    app.clock.advance(3_400_000);
    await root.logInAgain();
    expect(await end()).toMatchObject(refusal('selection-unknown', 404));
    expect(
      await root.ask('sessions', { openedFrom: '2030-01-02T00:00:00Z', openedTo: '2030-01-01T00:00:00Z' }),
    ).toMatchObject(refusal('range-empty'));
    for (const wrong of [{ aliveAt: '7' }, { aliveAt: 'now' }, { address: 'x' }, { next: 'x' }])
      expect(await root.ask('sessions', wrong as Record<string, string>)).toMatchObject(refusal('parameter-invalid'));
  });
});
