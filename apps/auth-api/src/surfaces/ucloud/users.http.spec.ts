import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stores } from '#host/stores.js';
import { TestApp, type TestTokens, passwordOf } from '../../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());

const person = (username: string, more: Readonly<Record<string, unknown>> = {}) => ({
  username,
  password: passwordOf(username),
  email: `${username}@example.org`,
  ...more,
});
const register = async (json: unknown, headers = {}, token?: string) =>
  app.call('POST', '/auth/users/register', { token: token ?? (await app.asService()), json, headers });
const tokensOf = (answer: { json: unknown }) => answer.json as TestTokens[];

describe('creating users', () => {
  it('gives tokens of a session that is marked, listed and expires, in the order of the list', async () => {
    const answer = await register([
      person('ada', { firstnames: 'Ada', lastname: 'Lovelace' }),
      { username: '_share', role: 'SERVICE' },
    ]);
    expect(answer.status).toBe(200);
    const [ada, share] = tokensOf(answer);
    expect(decodeJwt(ada?.accessToken ?? '')).toMatchObject({
      sub: 'ada',
      role: 'USER',
      firstNames: 'Ada',
      email: 'ada@example.org',
    });
    expect(decodeJwt(share?.accessToken ?? '')).toMatchObject({
      sub: '_share',
      role: 'SERVICE',
      principalType: 'service',
    });
    expect(await app.sessionsOf(ada?.accessToken ?? '')).toMatchObject([
      { origin: 'provisioned', createdBy: expect.any(String) },
    ]);
    expect((await app.call('POST', '/auth/refresh', { token: share?.refreshToken ?? '' })).status).toBe(200);
  });

  it('lets the new person log in and see themselves', async () => {
    await register([person('grace', { firstnames: 'Grace', lastname: 'Hopper' })]);
    const { accessToken } = await app.logIn('grace');
    const { json } = await app.call('GET', '/auth/users/userInfo', { token: accessToken });
    expect(json).toEqual({ email: 'grace@example.org', firstNames: 'Grace', lastName: 'Hopper' });
  });

  it('makes all of the list or none (ucloud-users-api §5.9)', async () => {
    const before = (await app.stored('user', 'UserCreated')).length;
    const answer = await register([person('barbara'), person('ada'), person('frances')]);
    expect(answer).toMatchObject({ status: 409, json: { why: 'User already exists', errorCode: 'username-taken' } });
    expect(await app.stored('user', 'UserCreated')).toHaveLength(before);
    expect((await register([person('barbara'), person('frances')])).status).toBe(200);
  });

  it('knows names and addresses in any spelling', async () => {
    await register([person('Radia')]);
    for (const username of ['radia', 'RADIA', 'Ｒadia'])
      expect((await register([person(username, { email: 'new@example.org' })])).json['errorCode']).toBe(
        'username-taken',
      );
    expect((await register([person('other', { email: 'RADIA@example.org' })])).json['errorCode']).toBe('email-taken');
    expect((await register([person('twice'), person('Twice', { email: 'x@example.org' })])).json['errorCode']).toBe(
      'username-taken',
    );
  });

  it('gives a name to one of many who ask for it at once', async () => {
    const token = await app.asService();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => register([person('contested', { email: `c${n}@example.org` })], {}, token)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
  });

  it('answers the same when it is repeated with its idempotency key (SEC-134)', async () => {
    const key = { 'idempotency-key': 'register-1' };
    const token = await app.asService();
    const [one, two] = [await register([person('hedy')], key, token), await register([person('hedy')], key, token)];
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(tokensOf(two)[0]?.refreshToken).toBe(tokensOf(one)[0]?.refreshToken);
    expect(await register([person('lamarr')], key, token)).toMatchObject({
      status: 422,
      json: { errorCode: 'idempotency-key-reused' },
    });
    expect((await app.tryLogIn('lamarr')).status).toBe(401);
  });

  it('gives no token of somebody who was suspended since, when it is repeated (SEC-64)', async () => {
    const key = { 'idempotency-key': 'register-2' };
    const token = await app.asService();
    expect((await register([person('mileva')], key, token)).status).toBe(200);
    await app.call('POST', '/auth/users/suspend', { token: await app.asAdmin(), json: { userId: 'mileva' } });
    expect(await register([person('mileva')], key, token)).toMatchObject({
      status: 401,
      json: { errorCode: 'session-ended' },
    });
  });

  it('takes over a name that a command left behind when it died', async () => {
    const { repository } = app.get(Stores);
    const { IdentifierDigest } = await import('#vault/identifier-digest.js');
    const { reservation, reservationStream } = await import('#domain/reservation/reservation.js');
    const { asUserId } = await import('#domain/ids.js');
    const { systemContext } = await import('#event-store/envelope.js');
    const stream = reservationStream('name', app.get(IdentifierDigest).of('name', 'orphan'));
    const dead = { type: 'ReserveIdentifier', kind: 'name', holder: asUserId('dead'), commandId: 'dead' } as const;
    await repository.execute(reservation, stream, dead, systemContext(app.clock.now()));
    expect((await register([person('orphan')])).status).toBe(409);
    app.clock.advance(60_000);
    expect((await register([person('orphan')])).status).toBe(200);
    expect((await app.tryLogIn('orphan')).status).toBe(200);
  });

  it('is for administrators and services', async () => {
    const { accessToken } = await app.logIn('ada');
    expect((await register([person('x')], {}, accessToken)).status).toBe(403);
    expect((await register([person('by-admin')], {}, await app.asAdmin())).status).toBe(200);
  });

  for (const [why, body, code] of [
    ['something that is no list', person('x'), 'body-invalid'],
    ['a list of no objects', ['x', null, 3], 'body-invalid'],
    [
      'more than a hundred',
      Array.from({ length: 101 }, (_, n) => ({ username: `_s${n}`, role: 'SERVICE' })),
      'body-invalid',
    ],
    ['a name that is no text', [person('x', { username: 7 })], 'body-invalid'],
    ['an unknown role', [person('x', { role: 'EMPEROR' })], 'body-invalid'],
    ['a role that cannot be given', [person('x', { role: 'GUEST' })], 'role-not-assignable'],
    ['no password', [person('x', { password: null })], 'password-missing'],
    ['a short password', [person('x', { password: '1234567' })], 'password-too-short'],
    ['a long password', [person('x', { password: 'x'.repeat(257) })], 'password-too-long'],
    ['no address', [person('x', { email: null })], 'email-invalid'],
    ['an address that is none', [person('x', { email: 'x' })], 'email-invalid'],
    ['a line break in a name', [person('x', { username: 'a\nb' })], 'username-invalid'],
    ['a control character in a first name', [person('x', { firstnames: 'a\u0007', lastname: 'b' })], 'name-invalid'],
    ['a service name for a person', [person('_x')], 'username-invalid'],
    ['a person name for a service', [{ username: 'x', role: 'SERVICE' }], 'username-invalid'],
    ['a very long name', [person('x'.repeat(1_025))], 'body-invalid'],
  ] as const)
    it(`refuses ${why}, and stores nothing`, async () => {
      const token = await app.asService();
      const before = (await app.events()).length;
      expect(await register(body, {}, token)).toMatchObject({ status: 400, json: { errorCode: code } });
      expect(await app.events()).toHaveLength(before);
    });

  it('refuses each sign that UCloud forbids in names, one by one (ucloud-users-api §5.9)', async () => {
    const token = await app.asService();
    const before = (await app.events()).length;
    for (const sign of Array.from("\\?/!@$%^&*)([]}{':;\r\n"))
      for (const username of [`a${sign}b`, `${sign}a`, `a${sign}`])
        expect([username, await register([person(username, { email: 'a@example.org' })], {}, token)]).toMatchObject([
          username,
          { status: 400, json: { errorCode: 'username-invalid' } },
        ]);
    expect(await app.events()).toHaveLength(before);
  });

  it('refuses names that read like others, and addresses that are more than one', async () => {
    const token = await app.asService();
    for (const username of ['\u0430da', 'ad\u03b1', 'ada\u200b', 'a\u202eda', '\u3164', '\ud800'])
      expect([username, await register([person(username, { email: 'a@example.org' })], {}, token)]).toMatchObject([
        username,
        { status: 400, json: { errorCode: 'username-invalid' } },
      ]);
    for (const email of ['a@b\r\nBcc: x@y', '<a@b>', 'a@b,c@d', 'a\u0000@b', 'a@b\u2028c', '"a"@b', 'a@[192.0.2.1]'])
      expect([email, await register([person('somebody', { email })], {}, token)]).toMatchObject([
        email,
        { status: 400, json: { errorCode: 'email-invalid' } },
      ]);
  });

  it('refuses a list that has a name or an address twice, in whatever spelling, and says which', async () => {
    const before = (await app.events()).length;
    for (const [list, errorCode] of [
      [[person('same'), person('same')], 'username-taken'],
      [[person('same'), person('SAME', { email: 'x@example.org' })], 'username-taken'],
      [[person('same'), person('ｓame', { email: 'x@example.org' })], 'username-taken'],
      [[person('same'), person('different', { email: 'SAME@Example.ORG' })], 'email-taken'],
    ] as const)
      expect(await register(list)).toMatchObject({
        status: 409,
        json: { errorCode, why: expect.stringContaining('Item 1 has the') },
      });
    expect(await app.events()).toHaveLength(before);
  });

  it('refuses more than it can read before it reads it (SEC-128)', async () => {
    const tooLarge = { status: 413, json: { errorCode: 'body-too-large' } };
    const crowd = Array.from({ length: 100_000 }, (_, n) => ({ username: `_s${n}`, role: 'SERVICE' }));
    expect(await register(crowd)).toMatchObject(tooLarge);
    expect(await register([person('x'.repeat(1_000_000))])).toMatchObject(tooLarge);
    expect(await register(Array.from({ length: 30_000 }, () => 1))).toMatchObject({
      status: 400,
      json: { errorCode: 'body-invalid', why: 'The body must have 100 items or fewer.' },
    });
  });

  it('says which item and field was wrong', async () => {
    const { json } = await register([person('x'), person('y', { username: 7 })]);
    expect(json['why']).toBe('[1].username must be text of 1024 characters or fewer.');
  });

  it('makes nothing of an empty list', async () => {
    const answer = await register([]);
    expect([answer.status, answer.text]).toEqual([200, '[]']);
  });
});
