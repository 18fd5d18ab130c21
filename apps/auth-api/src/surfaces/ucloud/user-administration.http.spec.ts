import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../../testing/authenticator.js';
import { TestApp, passwordOf, refusal } from '../../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start('passwordReset: { callers: [_bootstrap] }');
});
afterAll(() => app.close());

const administer = async (call: string, json: object, token?: string) =>
  app.call('POST', `/auth/${call === '2fa/reset' ? call : `users/${call}`}`, {
    token: token ?? (await app.asAdmin()),
    json,
  });
const currentSession = (token: string) => app.call('GET', '/auth/sessions/current', { token });
const refresh = (token: string) => app.call('POST', '/auth/refresh', { token });
const NEW = 'seven small green bottles';
const reason = 'was on holiday in two countries at once';

describe('suspending an account', () => {
  it('keeps its owner out at once, in the words of a wrong password, until it is reinstated (SEC-31, SEC-64)', async () => {
    const { accessToken, refreshToken } = await app.person('ada');
    const wrong = await app.tryLogIn('nobody at all', 'a password of nobody');
    expect((await administer('suspend', { userId: 'ADA' })).json).toEqual({});
    expect((await currentSession(accessToken)).status).toBe(401);
    expect((await refresh(refreshToken)).status).toBe(401);
    expect(await app.tryLogIn('ada')).toMatchObject({ status: 401, json: wrong.json });

    expect((await administer('reinstate', { userId: 'ada', reason: null })).json).toEqual({});
    expect((await refresh(refreshToken)).json['errorCode']).toBe('session-ended');
    expect((await app.tryLogIn('ada')).status).toBe(200);
  });

  it('stops a service with the tokens it has', async () => {
    const { refreshToken } = await app.create('_share', 'SERVICE');
    expect((await administer('suspend', { userId: '_share' })).status).toBe(200);
    expect((await refresh(refreshToken)).status).toBe(401);
  });
});

describe('changing a role', () => {
  it('counts from the next request on, and ends the sessions of the old one (SEC-140)', async () => {
    const { accessToken } = await app.person('grace');
    expect((await administer('role', { userId: 'grace', role: 'ADMIN' })).json).toEqual({});
    expect((await currentSession(accessToken)).status).toBe(401);
    const again = await app.logIn('grace');
    expect((await currentSession(again.accessToken)).json['role']).toBe('ADMIN');
    const found = await administer('lookup', { users: ['grace'] });
    expect(found.json).toEqual({ results: { grace: { subject: 'grace', role: 'ADMIN' } } });

    expect((await administer('suspend', { userId: 'ada' }, again.accessToken)).status).toBe(200);
    expect((await administer('role', { userId: 'grace', role: 'USER' })).status).toBe(200);
    expect((await administer('reinstate', { userId: 'ada' }, again.accessToken)).status).toBe(401);
    const demoted = await app.logIn('grace');
    expect(await administer('reinstate', { userId: 'ada' }, demoted.accessToken)).toMatchObject(
      refusal('role-not-allowed', 403),
    );
  });

  it('is refused for what no person can be', async () => {
    await app.create('hedy');
    for (const role of ['SERVICE', 'GUEST'])
      expect(await administer('role', { userId: 'hedy', role })).toMatchObject(refusal('role-not-assignable'));
    for (const role of ['ROOT', 7, null, ['ADMIN']])
      expect(await administer('role', { userId: 'hedy', role })).toMatchObject(refusal('body-invalid'));
  });
});

describe('deleting an account', () => {
  it('ends everything of a person at once, for good (SEC-64)', async () => {
    const { accessToken, refreshToken } = await app.person('joan');
    const oneTime = await app.call('POST', '/auth/request?audience=files:read', { token: accessToken });
    const wrong = await app.tryLogIn('nobody at all', 'a password of nobody');
    expect((await administer('delete', { userId: 'JOAN', reason })).json).toEqual({});

    expect(await currentSession(accessToken)).toMatchObject(refusal('session-ended', 401));
    expect(await refresh(refreshToken)).toMatchObject(refusal('session-ended', 401));
    expect(await app.tryLogIn('joan')).toMatchObject({ status: 401, json: wrong.json });
    const jti = String(oneTime.json['jti']);
    const claimed = await app.call('POST', `/auth/claim?jti=${jti}`, { token: await app.asService() });
    expect(claimed).toMatchObject(refusal('one-time-token-revoked', 410));

    for (const call of ['delete', 'suspend', 'reinstate', 'requirePasswordChange', 'role', '2fa/reset'])
      expect(await administer(call, { userId: 'joan', role: 'USER', reason })).toMatchObject(
        refusal('user-unknown', 404),
      );
    const token = await app.asService();
    const reset = { userId: 'joan', newPassword: NEW };
    expect(await app.call('POST', '/auth/users/password/reset', { token, json: reset })).toMatchObject(
      refusal('user-unknown', 404),
    );
  });

  it('ends the credentials of a service at once (SEC-64)', async () => {
    const { accessToken, refreshToken } = await app.create('_gone', 'SERVICE');
    expect((await administer('delete', { userId: '_gone', reason })).status).toBe(200);
    expect(await currentSession(accessToken)).toMatchObject(refusal('session-ended', 401));
    expect(await refresh(refreshToken)).toMatchObject(refusal('session-ended', 401));
  });

  it('keeps the name and the address taken until it is erased', async () => {
    await app.create('karen');
    await administer('delete', { userId: 'karen', reason });
    const register = async (username: string, email: string) =>
      app.call('POST', '/auth/users/register', {
        token: await app.asService(),
        json: [{ username, email, password: passwordOf(username) }],
      });
    expect(await register('Karen', 'other@example.org')).toMatchObject(refusal('username-taken', 409));
    expect(await register('other', 'KAREN@example.org')).toMatchObject(refusal('email-taken', 409));
  });

  it('hides it from services (ucloud-users-api §5.5)', async () => {
    await app.create('lise');
    const deleted = await administer('delete', { userId: 'lise', reason });
    const headers = { 'consistency-token': String(deleted.headers['consistency-token']) };
    const token = await app.asService();
    const principal = await app.call('GET', '/auth/users/retrievePrincipal?username=lise', { token, headers });
    expect(principal).toMatchObject(refusal('user-unknown', 404));
    const found = await app.call('POST', '/auth/users/lookup', { token, headers, json: { users: ['lise'] } });
    expect(found.json).toEqual({ results: { lise: null } });
  });

  it('happens once of twenty times at the same moment', async () => {
    await app.create('margaret');
    const token = await app.asAdmin();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => administer('delete', { userId: 'margaret', reason }, token)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(19).fill(404)]);
  });
});

describe('requiring another password', () => {
  it('ends the sessions, and lets its owner do nothing before they have chosen one (SEC-04)', async () => {
    const before = await app.person('radia');
    expect((await administer('requirePasswordChange', { userId: 'radia', reason })).json).toEqual({});
    expect(await currentSession(before.accessToken)).toMatchObject(refusal('session-ended', 401));

    const { accessToken } = await app.logIn('radia');
    expect(await app.call('GET', '/auth/sessions', { token: accessToken })).toMatchObject({
      status: 403,
      json: {
        errorCode: 'scope-missing',
        why: 'Choose another password first, and log in with it: POST /auth/users/password.',
      },
    });
    const change = (newPassword: string) =>
      app.call('POST', '/auth/users/password', {
        token: accessToken,
        json: { currentPassword: passwordOf('radia'), newPassword },
      });
    expect(await change(passwordOf('radia'))).toMatchObject(refusal('password-unchanged'));
    expect((await change(NEW)).status).toBe(200);
    expect((await currentSession(accessToken)).status).toBe(200);
    const after = await app.tryLogIn('radia', NEW);
    expect((await app.sessionsOf(String(after.json['accessToken']))).length).toBe(2);
  });

  it('is an event once, and can be required again', async () => {
    await app.create('sophie');
    const required = async () => (await app.events('user')).filter((type) => type === 'PasswordChangeRequired').length;
    const before = await required();
    await administer('requirePasswordChange', { userId: 'sophie' });
    await administer('requirePasswordChange', { userId: 'sophie' });
    expect(await required()).toBe(before + 1);
    const reset = { userId: 'sophie', newPassword: NEW };
    await app.call('POST', '/auth/users/password/reset', { token: await app.asService(), json: reset });
    const { json } = await app.tryLogIn('sophie', NEW);
    expect((await app.sessionsOf(String(json['accessToken']))).length).toBe(1);
    await administer('requirePasswordChange', { userId: 'sophie' });
    expect(await required()).toBe(before + 2);
  });

  it('is refused for services, which have none', async () => {
    await app.create('_bot', 'SERVICE');
    expect(await administer('requirePasswordChange', { userId: '_bot' })).toMatchObject(
      refusal('password-not-applicable'),
    );
  });
});

describe('a login that is under way', () => {
  it('comes to nothing when its account is suspended, deleted, or has to have another password (SEC-45, SEC-64)', async () => {
    const { accessToken } = await app.person('wanda');
    const authenticator = await Authenticator.enrol(app, accessToken);
    const underWay = async () => (await app.tryLogIn('wanda')).json['2fa'];
    const wrong = refusal('second-factor-wrong', 401);

    const suspended = await underWay();
    await administer('suspend', { userId: 'wanda' });
    await administer('reinstate', { userId: 'wanda' });
    expect(await authenticator.answer(suspended)).toMatchObject(wrong);

    app.clock.advance(60_000);
    const forced = await underWay();
    await administer('requirePasswordChange', { userId: 'wanda' });
    expect(await authenticator.answer(forced)).toMatchObject(wrong);

    // A login that begins now is good for a change of the password, also with the second factor.
    app.clock.advance(60_000);
    const token = await authenticator.logIn('wanda', passwordOf('wanda'));
    expect((await app.call('GET', '/auth/2fa/status', { token })).status).toBe(403);

    const deleted = await underWay();
    await administer('delete', { userId: 'wanda', reason });
    expect(await authenticator.answer(deleted)).toMatchObject(wrong);
  });
});

describe('what administrators do', () => {
  const CALLS = ['suspend', 'reinstate', 'role', 'requirePasswordChange', 'delete', '2fa/reset'];

  it('needs a fresh login of theirs (SEC-49, SEC-76, SEC-174)', async () => {
    const { accessToken } = await app.person('annie');
    await Authenticator.enrol(app, accessToken);
    const token = await app.asAdmin();
    app.clock.advance(300_001);
    const before = await app.events();
    for (const call of CALLS)
      expect(await administer(call, { userId: 'annie', role: 'ADMIN', reason }, token)).toMatchObject({
        ...refusal('step-up-required', 401),
        headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age="300"' },
      });
    expect(await app.events()).toEqual(before);
    expect((await administer('2fa/reset', { userId: 'annie', reason })).status).toBe(200);
  });

  it('needs one, too, before they hand out what outlives their session (SEC-76, SEC-174)', async () => {
    const token = await app.asAdmin();
    const register = (role: string) => {
      const json = [
        { username: `made-${role}`, email: `${role}@example.org`, password: 'quiet harbour lanterns', role },
      ];
      return app.call('POST', '/auth/users/register', { token, json });
    };
    const providers = (call: string) =>
      app.call('POST', `/auth/providers${call}`, { token, json: { items: [{ id: 'made-provider' }] } });
    app.clock.advance(300_001);
    const before = await app.events();
    for (const answer of [register('ADMIN'), register('SERVICE'), providers(''), providers('/renew')])
      expect(await answer).toMatchObject(refusal('step-up-required', 401));
    expect(await app.events()).toEqual(before);
    expect((await register('USER')).status).toBe(200);
  });

  it('is in the log with who did it and why, which nobody reads there without the key (SEC-156, SEC-159)', async () => {
    const { accessToken } = await app.person('valentina');
    await Authenticator.enrol(app, accessToken);
    const admin = await app.asAdmin();
    const { json } = await currentSession(admin);
    for (const [call, category, type] of [
      ['suspend', 'user', 'UserSuspended'],
      ['reinstate', 'user', 'UserReinstated'],
      ['role', 'user', 'RoleChanged'],
      ['requirePasswordChange', 'user', 'PasswordChangeRequired'],
      ['2fa/reset', 'factor', 'SecondFactorRemoved'],
      ['delete', 'user', 'UserDeleted'],
    ] as const) {
      expect((await administer(call, { userId: 'valentina', role: 'ADMIN', reason }, admin)).status).toBe(200);
      const event = (await app.stored(category, type)).at(-1);
      expect(event).toMatchObject({
        data: { reason: { sealed: 'A256GCM' } },
        metadata: { actor: json['userId'], actorKind: 'admin', sessionId: json['id'] },
      });
    }
  });

  it('is refused for their own account and for nobody', async () => {
    for (const call of CALLS)
      expect(await administer(call, { userId: 'admin', role: 'USER', reason })).toMatchObject(refusal('own-account'));
    for (const call of CALLS)
      expect(await administer(call, { userId: 'nobody', role: 'USER', reason })).toMatchObject(
        refusal('user-unknown', 404),
      );
  });

  it('takes a reason that is text of 1 to 500 characters, and needs one for what cannot be taken back (SEC-49)', async () => {
    const { accessToken } = await app.person('evelyn');
    await Authenticator.enrol(app, accessToken);
    const token = await app.asAdmin();
    const before = await app.events();
    for (const call of CALLS)
      for (const bad of ['', '   ', 'x'.repeat(501), 7, ['why'], { why: 1 }, true])
        expect(await administer(call, { userId: 'evelyn', role: 'ADMIN', reason: bad }, token)).toMatchObject({
          ...refusal('body-invalid'),
          json: { why: 'reason must be text of 1 to 500 characters that says why.' },
        });
    for (const call of ['delete', '2fa/reset'])
      for (const json of [{ userId: 'evelyn' }, { userId: 'evelyn', reason: null }])
        expect(await administer(call, json, token)).toMatchObject(refusal('body-invalid'));
    for (const call of CALLS)
      expect(await administer(call, { userId: 'evelyn', role: 'ADMIN', reason: 'two\nlines' }, token)).toMatchObject(
        refusal('reason-invalid'),
      );
    for (const userId of [undefined, null, 7, ['evelyn']])
      for (const call of CALLS)
        expect(await administer(call, { userId, role: 'ADMIN', reason }, token)).toMatchObject(refusal('body-invalid'));
    expect(await app.events()).toEqual(before);
    expect((await administer('suspend', { userId: 'evelyn', reason: '🔑'.repeat(500) }, token)).status).toBe(200);
  });
});

describe('administrators who shut each other out', () => {
  it('are never all gone, whatever they do at the same moment (SEC-175)', async () => {
    const names = ['first', 'second', 'third'];
    for (const name of names) await app.create(name, 'ADMIN');
    const tokens = await Promise.all(names.map(async (name) => (await app.logIn(name)).accessToken));
    const administrators = [
      ['admin', await app.asAdmin()] as const,
      ...names.map((name, index) => [name, tokens[index] ?? ''] as const),
    ];
    const acts = administrators.flatMap(([by, token]) =>
      administrators
        .filter(([name]) => name !== by)
        .flatMap(([userId]) => ['suspend', 'role', 'delete'].map((call) => ({ call, userId, token }))),
    );
    const answers = await Promise.all(
      acts.map(({ call, userId, token }) => administer(call, { userId, role: 'USER', reason }, token)),
    );
    for (const { status } of answers) expect([200, 401, 404, 409]).toContain(status);
    const alive = await Promise.all(administrators.map(async ([, token]) => (await currentSession(token)).status));
    expect(alive).toContain(200);
  });

  it('cannot do it to themselves when they are alone', async () => {
    const alone = await TestApp.start();
    const token = await alone.asAdmin();
    for (const call of ['suspend', 'role', 'delete']) {
      const json = { userId: 'admin', role: 'USER', reason };
      expect(await alone.call('POST', `/auth/users/${call}`, { token, json })).toMatchObject(refusal('own-account'));
    }
    await alone.close();
  });
});
