import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STEP_UP_MS } from '#domain/access/access.js';
import { type UserId, asUserId } from '#domain/ids.js';
import { Stores } from '#host/stores.js';
import { TestApp, type TestTokens, refusal } from '../../testing/test-app.js';
import { Accounts } from '../../user/accounts.js';

let app: TestApp;
let admin: string;
beforeAll(async () => {
  app = await TestApp.start();
  admin = await app.asAdmin();
});
afterAll(() => app.close());

const idOf = async (username: string): Promise<UserId> =>
  (await app.get(Accounts).idOf(username)) ?? asUserId(`${username} has no id`);
const eraseSelf = (token: string) => app.call('DELETE', '/auth/users/self?confirm=forget-me-for-good', { token });
const erase = (id: string, query = 'ground=consent-withdrawn', token = admin) =>
  app.call('DELETE', `/auth/users/${id}?${query}`, { token });
const reportOf = (id: string) => app.call('GET', `/auth/users/${id}/erasure`, { token: admin });
const hold = (id: string, how = '', reason = 'the court has asked') =>
  app.call('POST', `/auth/users/${id}/hold${how}`, { token: admin, json: { reason } });

describe('erasing oneself', () => {
  let ada: TestTokens;
  let id: UserId;
  beforeAll(async () => {
    ada = await app.person('ada');
    id = await idOf('ada');
  });

  it('is said plainly, with a fresh login (SEC-76)', async () => {
    for (const query of ['', '?confirm=yes', '?confirm=forget-me-for-good&confirm=forget-me-for-good'])
      expect(await app.call('DELETE', `/auth/users/self${query}`, { token: ada.accessToken })).toMatchObject(
        refusal('parameter-invalid'),
      );
    app.clock.advance(STEP_UP_MS + 1);
    expect(await eraseSelf(ada.accessToken)).toMatchObject(refusal('step-up-required', 401));
    ada = await app.logIn('ada');
    admin = await app.asAdmin();
  });

  it('is for persons who do not administer (SEC-175)', async () => {
    expect(await eraseSelf(admin)).toMatchObject(refusal('own-account'));
    const service = await app.asService();
    expect(await eraseSelf(service)).toMatchObject(refusal('role-not-allowed', 403));
  });

  it('destroys what there was, and says what that was (SEC-159)', async () => {
    const { status, json } = await eraseSelf(ada.accessToken);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      userId: id,
      ground: 'own-request',
      ticket: null,
      completedAt: app.clock.now().getTime(),
      destroyed: { identifiers: 2, credentials: 1, sessions: 3, readModels: ['users', 'sessions', 'audit-trail'] },
    });
    expect(await reportOf(id)).toMatchObject({ status: 200, json });
  });

  it('ends all sessions at once, and lets nobody in any more', async () => {
    expect(await app.call('GET', '/auth/sessions/current', { token: ada.accessToken })).toMatchObject(
      refusal('session-ended', 401),
    );
    expect(await app.call('POST', '/auth/refresh', { token: ada.refreshToken })).toMatchObject(
      refusal('session-ended', 401),
    );
    expect(await app.tryLogIn('ada')).toMatchObject(refusal('credentials-invalid', 401));
  });

  it('leaves name and address to others', async () => {
    expect(await app.tryLogIn('ada')).toMatchObject({ status: 401 });
    await app.person('ada');
    expect(await idOf('ada')).not.toBe(id);
  });
});

describe('erasing somebody', () => {
  it('answers the same when it is asked again, and appends nothing', async () => {
    await app.person('eve');
    const id = await idOf('eve');
    const first = await erase(id, 'ground=unlawful-processing&ticket=PRIVACY-42');
    expect(first).toMatchObject({ status: 200, json: { ground: 'unlawful-processing', ticket: 'PRIVACY-42' } });
    const before = (await app.events()).length;
    expect(await erase(id, 'ground=objection')).toMatchObject({ status: 200, json: first.json });
    expect((await app.events()).length).toBe(before);
  });

  it('is done once by those who ask at the same moment', async () => {
    await app.person('mallory');
    const id = await idOf('mallory');
    const answers = await Promise.all([erase(id), erase(id), erase(id)]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const ofMallory = (await app.stored('user', 'UserErased')).filter(({ data }) => data['userId'] === id);
    expect(ofMallory).toHaveLength(1);
  });

  it('says who did it and why, and nothing of whom it was', async () => {
    const erased = (await app.stored('user', 'UserErased')).find(({ data }) => 'ticket' in data);
    expect(erased).toMatchObject({
      data: { ground: 'unlawful-processing', ticket: 'PRIVACY-42' },
      metadata: { actorKind: 'admin' },
    });
    expect(Object.keys(erased?.data ?? {}).toSorted()).toEqual(['ground', 'ticket', 'userId']);
  });

  it('needs a ground of the law, and takes no names for tickets', async () => {
    await app.create('grace');
    const id = await idOf('grace');
    for (const query of ['', 'ground=because', 'ground=objection&ticket=a&ticket=b'])
      expect(await erase(id, query)).toMatchObject(refusal('parameter-invalid'));
    expect(await erase(id, 'ground=objection&ticket=grace%40example.org')).toMatchObject(refusal('reason-invalid'));
  });

  it('is also for those who were suspended or deleted', async () => {
    for (const how of ['suspend', 'delete']) {
      await app.create(`to-${how}`);
      const id = await idOf(`to-${how}`);
      const json = { userId: `to-${how}`, reason: 'gone' };
      expect(await app.call('POST', `/auth/users/${how}`, { token: admin, json })).toMatchObject({ status: 200 });
      expect(await erase(id)).toMatchObject({ status: 200, json: { destroyed: { identifiers: 2, credentials: 1 } } });
    }
  });

  it('is for persons who once were there', async () => {
    await app.create('_service', 'SERVICE');
    expect(await erase(await idOf('_service'))).toMatchObject(refusal('erasure-not-applicable'));
    for (const id of ['nobody', '01890000-0000-7000-8000-00000000000a'])
      expect(await erase(id)).toMatchObject(refusal('user-unknown', 404));
  });

  it('is told only of those who were erased', async () => {
    await app.create('grete');
    expect(await reportOf(await idOf('grete'))).toMatchObject(refusal('erasure-unknown', 404));
    expect(await reportOf('nobody')).toMatchObject(refusal('user-unknown', 404));
  });

  it('takes the administration from an administrator first, and leaves one (SEC-175)', async () => {
    await app.create('second', 'ADMIN');
    expect(await erase(await idOf('second'))).toMatchObject({ status: 200 });
    expect(await erase(await idOf('admin'))).toMatchObject(refusal('own-account'));
    expect(await app.events('settings')).toContain('AdministrationWithdrawn');
  });

  it('shows the person in no list', async () => {
    const { json } = await app.call('GET', '/auth/users?itemsPerPage=100&status=erased', { token: admin });
    const items = json['items'] as { username: string | null; email: string | null; status: string }[];
    expect(items.length).toBeGreaterThan(2);
    for (const item of items) expect(item).toMatchObject({ username: null, email: null, status: 'erased' });
    const all = await app.call('GET', '/auth/users?itemsPerPage=100', { token: admin });
    expect(all.text).not.toContain('"eve"');
  });

  it('keeps nothing from being answered that comes late', async () => {
    const tokens = await app.person('late');
    const id = await idOf('late');
    await app.get(Stores).vault.eraseSubject(id);
    // The key is gone before the account is: as a login sees it that raced the erasure.
    expect(await app.tryLogIn('late')).toMatchObject({ status: 401 });
    const json = { firstNames: 'Late' };
    expect(await app.call('POST', '/auth/users/updateUserInfo', { token: tokens.accessToken, json })).toMatchObject(
      refusal('user-erased', 410),
    );
    expect(await erase(id)).toMatchObject({ status: 200 });
  });
});

describe('a legal hold (SEC-166)', () => {
  it('keeps a person from being erased until it is lifted, which is remembered with its reason', async () => {
    const tokens = await app.person('held');
    const id = await idOf('held');
    expect(await hold(id)).toMatchObject({ status: 200 });
    expect(await hold(id)).toMatchObject({ status: 200 });
    expect(await erase(id)).toMatchObject(refusal('legal-hold', 409));
    expect(await eraseSelf(tokens.accessToken)).toMatchObject(refusal('legal-hold', 409));
    expect(await hold(id, '/lift', 'the case is closed')).toMatchObject({ status: 200 });
    expect(await erase(id)).toMatchObject({ status: 200 });
    const placed = await app.stored('user', 'LegalHoldPlaced');
    expect(placed).toHaveLength(1);
    expect(JSON.stringify(placed)).not.toContain('the court');
    expect(await hold(id)).toMatchObject(refusal('user-erased', 410));
  });

  it('needs a reason, and somebody', async () => {
    expect(await hold(await idOf('grete'), '', ' ')).toMatchObject(refusal('body-invalid'));
    expect(await hold('nobody')).toMatchObject(refusal('user-unknown', 404));
  });
});
