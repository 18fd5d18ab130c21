import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditReader } from '../testing/audit-reader.js';
import { TestApp, refusal } from '../testing/test-app.js';

type Items = Record<string, unknown>[];

let app: TestApp;
let root: AuditReader;
let ada: string;
let session: string;
/** By the type of the event: where it stands. */
const positions = new Map<string, string>();
beforeAll(async () => {
  app = await TestApp.start();
  await app.create('ada');
  const { accessToken } = await app.logIn('ada');
  await app.call('POST', '/auth/users/updateUserInfo', { token: accessToken, json: { firstNames: 'Augusta Ada' } });
  root = await AuditReader.create(app, 'root');
  await app.call('POST', '/auth/users/suspend', {
    token: root.token,
    json: { userId: 'ada', reason: 'lost her phone' },
  });
  const items = await root.items('events', { user: 'ada', order: 'oldest', itemsPerPage: '100' });
  for (const { type, position, userId, sessionId } of items) {
    positions.set(String(type), String(position));
    ada = String(userId);
    if (type === 'SessionOpened') session = String(sessionId);
  }
});
afterAll(() => app.close());

const at = (type: string) => positions.get(type) ?? 'nowhere';
const before = (type: string) => String(Number(at(type)) - 1);

describe('what an account was', () => {
  const state = async (parameters: Record<string, string>) => (await root.ask(`users/${ada}/state`, parameters)).json;

  it('is replayed as of a position, by the rules that decide on it', async () => {
    expect(await state({ at: before('UserCreated') })).toMatchObject({
      state: { account: { status: 'none' } },
      since: null,
      until: { type: 'UserCreated', position: at('UserCreated') },
    });
    expect(await state({ at: at('UserCreated'), personal: 'true' })).toMatchObject({
      position: at('UserCreated'),
      state: { account: { status: 'active', suspended: false, claims: { username: 'ada', firstNames: 'ada' } } },
      since: { type: 'UserCreated' },
      until: { type: 'ProfileChanged' },
    });
    expect(await state({ personal: 'true' })).toMatchObject({
      state: { account: { suspended: true, claims: { firstNames: 'Augusta Ada' } } },
      since: { type: 'SessionsInvalidated' },
      until: null,
    });
  });

  it('is replayed as of a revision, or a time', async () => {
    const found = await state({ revision: '1' });
    expect(found).toMatchObject({ position: null, since: { revision: 1, type: 'ProfileChanged' } });
    const { recordedAt } = found['since'] as { recordedAt: string };
    expect(await state({ at: recordedAt })).toMatchObject({ since: { revision: expect.any(Number) } });
    expect(await state({ revision: '99' })).toMatchObject({ errorCode: 'parameter-invalid' });
    expect(await state({ revision: '1', at: '7' })).toMatchObject({ errorCode: 'parameter-invalid' });
  });

  it('shows nothing that is personal unless that was asked for', async () => {
    const { text } = await root.ask(`users/${ada}/state`);
    expect(text).toContain('"username":{"withheld":true}');
    expect(text).not.toContain('Augusta');
  });

  it('is found by the user name, too, and is unknown of nobody', async () => {
    expect((await root.ask('users/ADA/state')).status).toBe(200);
    for (const nobody of ['nobody', '01890000-0000-7000-8000-000000000000'])
      expect(await root.ask(`users/${nobody}/state`)).toMatchObject(refusal('user-unknown', 404));
  });

  it('is told point by point: who, from where, what changed, and what led to it', async () => {
    const items = await root.items('users/ada/timeline', { personal: 'true', itemsPerPage: '100' });
    const of = (type: string) => items.find((item) => item['type'] === type);
    expect(of('ProfileChanged')).toMatchObject({
      actor: { id: ada, kind: 'user' },
      from: { ipAddress: '127.0.0.1' },
      changes: [{ field: 'claims.firstNames', from: 'ada', to: 'Augusta Ada' }],
      cause: null,
    });
    expect(of('UserSuspended')).toMatchObject({
      actor: { kind: 'admin' },
      changes: [{ field: 'suspended', from: false, to: true }],
      data: { reason: 'lost her phone' },
    });
    expect(of('UserCreated')?.['changes']).toContainEqual({ field: 'status', from: 'none', to: 'active' });
  });

  it('is compared between two points, with what happened in between', async () => {
    const { json } = await root.ask('diff', { user: 'ada', from: at('UserCreated'), personal: 'true' });
    expect(json['changes']).toEqual(
      expect.arrayContaining([
        { field: 'account.claims.firstNames', from: 'ada', to: 'Augusta Ada' },
        { field: 'account.suspended', from: false, to: true },
      ]),
    );
    const types = (json['events'] as Items).map(({ type }) => type);
    expect(types).toEqual(['ProfileChanged', 'UserSuspended', 'SessionsInvalidated']);
    const ask = (parameters: Record<string, string>) => root.ask('diff', parameters);
    const point = at('UserCreated');
    expect(await ask({ user: 'ada', from: point, to: point })).toMatchObject(refusal('range-empty'));
    expect(await ask({ user: 'ada', from: at('ProfileChanged'), to: point })).toMatchObject(refusal('range-empty'));
    expect(await ask({ user: 'ada' })).toMatchObject(refusal('parameter-invalid'));
    expect(await ask({ from: point })).toMatchObject(refusal('parameter-invalid'));
    expect(await ask({ user: 'ada', session, from: point })).toMatchObject(refusal('parameter-invalid'));
  });
});

describe('what a session was', () => {
  it('is replayed with whether it was alive: its owner says as much about that as it does', async () => {
    const state = async (parameters: Record<string, string>) =>
      (await root.ask(`sessions/${session}/state`, parameters)).json['state'];
    expect(await state({ at: at('SessionOpened') })).toMatchObject({ isAlive: true, causeOfDeath: null });
    expect(await state({ at: at('UserSuspended') })).toMatchObject({
      session: { status: 'open' },
      isAlive: false,
      causeOfDeath: 'session-ended',
    });
    expect(await state({ at: before('SessionOpened') })).toMatchObject({ causeOfDeath: 'session-unknown' });
    expect(await root.ask('sessions/nothing/state')).toMatchObject(refusal('session-unknown', 404));
  });
});

describe('what a one-time token was', () => {
  it('is replayed until it was claimed', async () => {
    const { accessToken } = await app.person('grace');
    const json = { audience: 'files.download:read' };
    const issued = await app.call('POST', `/auth/request?audience=${json.audience}`, { token: accessToken });
    const jti = String(issued.json['jti']);
    const service = (await app.create('_files', 'SERVICE')).accessToken;
    expect((await app.call('POST', `/auth/claim?jti=${jti}`, { token: service })).status).toBeLessThan(300);
    const state = async (revision: string) =>
      (await root.ask(`one-time-tokens/${jti}/state`, { revision })).json['state'];
    expect(await state('0')).toMatchObject({ status: 'issued', audience: ['files.download:read'] });
    expect(await state('1')).toEqual({ status: 'claimed' });
    expect(await root.ask('one-time-tokens/nothing/state')).toMatchObject(refusal('one-time-token-unknown', 404));
  });
});
