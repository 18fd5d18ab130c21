import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STEP_UP_MS } from '#domain/access/access.js';
import { LOG_START, type RecordedEvent, hasReached } from '#event-store/event-store.js';
import { Stores } from '#host/stores.js';
import { TestApp, type TestTokens, passwordOf, refusal } from '../../testing/test-app.js';

interface Exported {
  readonly format: string;
  readonly subject: string;
  readonly account: Record<string, unknown>;
  readonly emailAddresses: unknown[];
  readonly authenticators: { readonly kind: string; readonly boundAt: string; readonly unboundAt: string | null }[];
  readonly agreements: unknown[];
  readonly sessions: Record<string, unknown>[];
  readonly oneTimeTokens: unknown[];
  readonly mails: Record<string, unknown>[];
  readonly events: {
    readonly id: string;
    readonly stream: string;
    readonly type: string;
    readonly data: Record<string, unknown>;
  }[];
}

const OTHER_PASSWORD = 'seven small green bottles';

let app: TestApp;
let ada: TestTokens;
let id: string;
beforeAll(async () => {
  app = await TestApp.start('serviceLicenseAgreement: { version: 1, text: read me }');
  await app.create('eve');
  await app.create('ada');
  const headers = { 'user-agent': 'Mozilla/5.0' };
  ada = (await app.tryLogIn('ada', passwordOf('ada'), 'cli', headers)).json as unknown as TestTokens;
  const token = ada.accessToken;
  await app.call('POST', '/api/sla/accept', { token, json: { version: 1 } });
  await app.call('POST', '/auth/request?audience=a:read', { token });
  await app.call('POST', '/auth/users/updateUserInfo', { token, json: { firstNames: 'Augusta' } });
  const json = { currentPassword: passwordOf('ada'), newPassword: OTHER_PASSWORD };
  await app.call('POST', '/auth/users/password', { token, json });
  ada = (await app.tryLogIn('ada', OTHER_PASSWORD)).json as unknown as TestTokens;
  id = String((await app.call('GET', '/auth/sessions/current', { token: ada.accessToken })).json['userId']);
});
afterAll(() => app.close());

const exportOf = (path: string, token: string) => app.call('GET', `/auth/users/${path}/export`, { token });
const own = async () => (await exportOf('self', ada.accessToken)).json as unknown as Exported;

async function wholeLog(): Promise<RecordedEvent[]> {
  const { eventStore } = app.get(Stores);
  const head = await eventStore.head();
  const stop = new AbortController();
  const recorded: RecordedEvent[] = [];
  for await (const { events, through } of eventStore.subscribeAll({ after: LOG_START, signal: stop.signal })) {
    recorded.push(...events);
    if (hasReached(through, head)) stop.abort();
  }
  return recorded;
}

const isAbout = ({ stream, data }: RecordedEvent) => stream.includes(id) || JSON.stringify(data).includes(id);

describe('all that is held about a person (SEC-166)', () => {
  it('is handed to them as JSON, and to nobody but them and administrators', async () => {
    const answer = await exportOf('self', ada.accessToken);
    expect(answer).toMatchObject({ status: 200, json: { format: 'authlog-subject-export/1', subject: id } });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="${id}.json"`,
    });
    expect(await exportOf(id, ada.accessToken)).toMatchObject(refusal('role-not-allowed', 403));
    expect(await exportOf(id, await app.asAdmin())).toMatchObject({ status: 200, json: { subject: id } });
  });

  it('is what the account is', async () => {
    const claims = { username: 'ada', email: 'ada@example.org', firstNames: 'Augusta' };
    const what = { status: 'active', role: 'USER', kind: 'password', legalHold: false, acceptedAgreement: 1 };
    expect((await own()).account).toMatchObject({ ...claims, ...what });
  });

  it('is every session, with where it came from and how it ended', async () => {
    const { sessions } = await own();
    expect(sessions).toHaveLength(3);
    expect(sessions.find(({ userAgent }) => userAgent === 'Mozilla/5.0')).toMatchObject({
      ipAddress: '127.0.0.1',
      methods: ['pwd'],
      endedAt: null,
    });
    // The one from before the password was changed.
    expect(sessions.filter(({ endedAt }) => endedAt !== null)).toMatchObject([{ endedBecause: 'all-sessions-ended' }]);
  });

  it('is every authenticator that was ever bound, with its times (SEC-157)', async () => {
    const { authenticators } = await own();
    expect(authenticators).toMatchObject([
      { kind: 'password', unboundAt: expect.any(String) },
      { kind: 'password', unboundAt: null },
    ]);
  });

  it('is addresses, agreements, one-time tokens and mails', async () => {
    await expect
      .poll(async () => (await own()).mails)
      .toMatchObject([{ kind: 'password-changed', outcome: 'dispatched' }]);
    expect(await own()).toMatchObject({
      emailAddresses: [{ email: 'ada@example.org', until: null }],
      agreements: [{ version: 1 }],
      oneTimeTokens: [{ audience: ['a:read'], claimedAt: null }],
    });
  });

  it('is every event of the log that names them, in clear, and none of somebody else', async () => {
    const logged = await wholeLog();
    const { events } = await own();
    const types = new Set(events.map(({ type }) => type));
    for (const type of ['UserCreated', 'IdentifierReserved', 'SessionOpened', 'PasswordChanged', 'OneTimeTokenIssued'])
      expect(types).toContain(type);
    expect(JSON.stringify(events)).not.toContain('eve@example.org');
    const exported = new Set(events.map((event) => event.id));
    const missing = logged.filter((event) => isAbout(event) && !exported.has(event.id));
    expect(missing.map(({ stream, type }) => `${type} in ${stream}`)).toEqual([]);
  });

  it('holds no secret, and no hash of one (SEC-160)', async () => {
    const { text } = await exportOf('self', ada.accessToken);
    expect(text).not.toMatch(/hash|argon2|secret/i);
  });

  it('is asked for with a fresh login, and each time it is handed out is in the log', async () => {
    const before = (await app.stored('user', 'SubjectDataExported')).length;
    await exportOf('self', ada.accessToken);
    const recorded = await app.stored('user', 'SubjectDataExported');
    expect(recorded.length).toBe(before + 1);
    expect(recorded.at(-1)).toMatchObject({ stream: `user-${id}`, metadata: { actor: id, actorKind: 'user' } });
    app.clock.advance(STEP_UP_MS + 1);
    expect(await exportOf('self', ada.accessToken)).toMatchObject(refusal('step-up-required', 401));
    expect((await app.stored('user', 'SubjectDataExported')).length).toBe(before + 1);
  });

  it('is nothing of nobody', async () => {
    const admin = await app.asAdmin();
    for (const unknown of ['x', '01890000-0000-7000-8000-00000000000a'])
      expect(await exportOf(unknown, admin)).toMatchObject(refusal('user-unknown', 404));
  });

  it('says erased once it was, with what is left', async () => {
    const admin = await app.asAdmin();
    const path = `/auth/users/${id}?ground=no-longer-necessary`;
    expect(await app.call('DELETE', path, { token: admin })).toMatchObject({ status: 200 });
    const { json, text } = await exportOf(id, admin);
    const { account, sessions, events, authenticators } = json as unknown as Exported;
    expect(account).toMatchObject({ status: 'erased', ground: 'no-longer-necessary' });
    expect(sessions.find(({ ipAddress }) => ipAddress !== null)).toMatchObject({ ipAddress: { erased: true } });
    expect(events.find(({ type }) => type === 'UserCreated')?.data).toMatchObject({ email: { erased: true } });
    for (const { unboundAt } of authenticators) expect(unboundAt).not.toBeNull();
    expect(text).not.toMatch(/ada@example|Augusta|Mozilla/);
  });
});
