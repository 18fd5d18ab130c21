import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditReader } from '../testing/audit-reader.js';
import { TestApp, refusal } from '../testing/test-app.js';

let app: TestApp;
let root: AuditReader;
let ada: string;
beforeAll(async () => {
  app = await TestApp.start();
  await app.person('ada');
  await app.tryLogIn('ada', 'not her password');
  root = await AuditReader.create(app, 'root');
  const [created] = await root.items('events', { user: 'ada', type: 'UserCreated' });
  ada = String(created?.['userId']);
});
afterAll(() => app.close());

const typesOf = (items: readonly Record<string, unknown>[]) => items.map(({ type }) => type);

describe('the audit trail', () => {
  it('says what happened, the newest first, with who did it and in which session', async () => {
    const items = await root.items('events', { user: 'ada', order: 'oldest' });
    expect(typesOf(items)).toEqual(expect.arrayContaining(['IdentifierReserved', 'UserCreated', 'SessionOpened']));
    const opened = items.findLast(({ type }) => type === 'SessionOpened');
    expect(opened).toMatchObject({
      outcome: 'done',
      userId: ada,
      position: expect.stringMatching(/^[0-9]+$/),
      correlationId: expect.any(String),
      data: { origin: { kind: 'login', service: 'cli' } },
    });
    const newest = await root.items('events', { user: ada, to: String(items.at(-1)?.['position']) });
    expect(newest.map(({ position }) => position)).toEqual(items.map(({ position }) => position).toReversed());
  });

  it('is found by each thing that is asked for', async () => {
    const [opened] = await root.items('events', { user: ada, type: 'SessionOpened' });
    const { sessionId, correlationId, actor } = opened as Record<string, string> & { actor: { id: string } };
    for (const parameters of [
      { session: sessionId },
      { correlation: correlationId },
      { actor: actor.id, user: ada },
      { actor: 'ada' },
      { address: '127.0.0.0/8', user: ada },
      { user: ada, from: String(opened?.['position']), to: String(opened?.['position']) },
    ])
      expect([parameters, typesOf(await root.items('events', parameters as Record<string, string>))]).toEqual([
        parameters,
        expect.arrayContaining(['SessionOpened']),
      ]);
    expect(typesOf(await root.items('events', { outcome: 'refused' }))).toEqual(['LoginFailed']);
    expect(await root.items('events', { address: '198.51.100.0/24' })).toEqual([]);
  });

  it('shows what is personal only to who asks for it, and never a hash (SEC-160)', async () => {
    const [hidden] = await root.items('events', { user: ada, type: 'SessionOpened' });
    expect(hidden?.['data']).toMatchObject({ ipAddress: { withheld: true } });
    const [clear] = await root.items('events', { user: ada, type: 'SessionOpened', personal: 'true' });
    expect(clear?.['data']).toMatchObject({ ipAddress: '127.0.0.1' });
    expect(JSON.stringify(await root.items('events', { itemsPerPage: '250', personal: 'true' }))).not.toMatch(/Hash"/);
  });

  it('comes in pages, while events arrive, and with the fields that are wanted', async () => {
    const whole = await root.items('events', { user: ada, order: 'oldest' });
    const seen: unknown[] = [];
    const parameters = { user: ada, order: 'oldest', itemsPerPage: '10', fields: 'position,type' };
    for (let next: string | null | undefined; next !== null;) {
      const { json } = await root.ask('events', next === undefined ? parameters : { ...parameters, next });
      seen.push(...(json['items'] as unknown[]));
      next = json['next'] as string | null;
    }
    expect(seen.slice(0, whole.length)).toEqual(whole.map(({ position, type }) => ({ position, type })));
  });

  it('is taken away line by line, to an end that says so', async () => {
    const { status, headers, text } = await root.ask('events/export', { user: ada, fields: 'type,position' });
    expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson; charset=utf-8']);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toEqual({ end: true, entries: lines.length - 1, through: expect.any(String) });
    const everything = (await root.ask('events/export')).text.trim().split('\n');
    const ofAda = everything.slice(0, -1).filter((line) => line.includes(`"userId":"${ada}"`));
    expect(ofAda.length).toBeGreaterThanOrEqual(lines.length - 1);
  });

  it('is recorded itself: who read what, about whom, why, and how much (SEC-164)', async () => {
    await root.items('events', { user: ada, type: 'UserCreated', personal: 'true', reason: 'ticket 7' });
    const [read = {}] = await root.items('events', { user: ada, type: 'AuditRead', personal: 'true' });
    expect(read['data']).toMatchObject({
      question: 'events',
      userId: ada,
      criteria: { user: ada, type: 'UserCreated', personal: 'true' },
      isPersonal: true,
      reason: 'ticket 7',
      events: 1,
    });
    await root.ask('events/export', { user: ada });
    const { id: actor } = read['actor'] as { id: string };
    const types = typesOf(await root.items('events', { actor }));
    expect(types.slice(0, 2)).toEqual(['AuditExportEnded', 'AuditRead']);
  });

  it('tells what is wrong with what is asked', async () => {
    const { json } = await root.ask('events', { user: ada, itemsPerPage: '10' });
    const next = String(json['next']);
    for (const [parameters, answer] of [
      [{ type: 'Nonsense' }, refusal('parameter-invalid')],
      [{ outcome: 'perhaps' }, refusal('parameter-invalid')],
      [{ address: 'here' }, refusal('parameter-invalid')],
      [{ from: 'yesterday' }, refusal('parameter-invalid')],
      [{ from: '2030-02-30T00:00:00Z' }, refusal('parameter-invalid')],
      [{ fields: 'type,secret' }, refusal('parameter-invalid')],
      [{ personal: 'yes' }, refusal('parameter-invalid')],
      [{ reason: ' ' }, refusal('parameter-invalid')],
      [{ next: 'altered' }, refusal('parameter-invalid')],
      [{ next }, refusal('parameter-invalid')],
      [{ user: 'nobody' }, refusal('user-unknown', 404)],
      [{ to: '999999999' }, refusal('position-beyond-log')],
      [{ to: '2099-01-01T00:00:00Z' }, refusal('time-beyond-log')],
      [{ to: '1999-01-01T00:00:00Z' }, refusal('time-before-log')],
      [{ from: '5', to: '4' }, refusal('range-empty')],
    ] as const) {
      expect([parameters, await root.ask('events', parameters as Record<string, string>)]).toMatchObject([
        parameters,
        answer,
      ]);
      const before = (await app.events('audit')).length;
      expect(await root.ask('events/export', parameters as Record<string, string>)).toMatchObject(
        'next' in parameters ? {} : answer,
      );
      if (!('next' in parameters)) expect(await app.events('audit')).toHaveLength(before);
    }
  });
});

describe('reading the audit', () => {
  it('needs a fresh second factor', async () => {
    const plain = await app.create('grace', 'ADMIN').then(() => app.logIn('grace'));
    for (const path of ['/audit/events', '/audit/events/export', `/audit/users/${ada}/state`])
      expect(await app.call('GET', path, { token: plain.accessToken })).toMatchObject(refusal('step-up-required', 401));
    app.clock.advance(900_001);
    await root.logInAgain();
    app.clock.advance(500_000);
    expect((await root.ask('events')).status).toBe(200);
  });

  it('is for auditors, too, who see what is personal only if they were let (SEC-140)', async () => {
    await root.logInAgain();
    const auditor = await AuditReader.create(app, 'auditor', 'USER');
    expect(await auditor.ask('events')).toMatchObject(refusal('role-not-allowed', 403));
    const appoint = (json: object, path = '') =>
      app.call('POST', `/auth/users/auditor${path}`, { token: root.token, json: { userId: 'auditor', ...json } });
    await root.logInAgain();
    expect(await appoint({ seesPersonalData: 'no' })).toMatchObject(refusal('body-invalid'));
    expect((await appoint({ seesPersonalData: false })).status).toBe(200);
    expect((await auditor.ask('events')).status).toBe(200);
    expect(await auditor.ask('events', { personal: 'true' })).toMatchObject(refusal('personal-data-not-allowed', 403));
    expect((await appoint({ seesPersonalData: true, reason: 'the annual audit' })).status).toBe(200);
    expect((await auditor.ask('events', { personal: 'true' })).status).toBe(200);
    expect((await appoint({}, '/dismiss')).status).toBe(200);
    expect(await auditor.ask('events')).toMatchObject(refusal('role-not-allowed', 403));
  });
});
