import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

let app: TestApp;
let service: string;
beforeAll(async () => {
  app = await TestApp.start();
  await app.create('Ada');
  await app.create('grace', 'ADMIN');
  await app.create('_share', 'SERVICE');
  service = await app.asService();
});
afterAll(() => app.close());

const post = (path: string, json: unknown, token = service) => app.call('POST', `/auth/users/${path}`, { token, json });
const principal = (username: string) =>
  app.call('GET', `/auth/users/retrievePrincipal?username=${encodeURIComponent(username)}`, { token: service });
const unknown = { status: 404, json: { why: 'User not found', errorCode: 'user-unknown' } };

describe('looking users up', () => {
  it('says of each name who has it, and null of one that nobody has (ucloud-users-api §5.4)', async () => {
    const users = ['Ada', 'ADA', '_share', 'nobody', 'Ada'];
    expect((await post('lookup', { users })).json).toEqual({
      results: {
        Ada: { subject: 'Ada', role: 'USER' },
        ADA: { subject: 'Ada', role: 'USER' },
        _share: { subject: '_share', role: 'SERVICE' },
        nobody: null,
      },
    });
    expect((await post('lookup', { users: [] })).json).toEqual({ results: {} });
  });

  it('takes names that mean something to the language as names', async () => {
    const users = ['__proto__', 'constructor', 'toString'];
    const { results } = (await post('lookup', { users })).json as { results: object };
    expect(Object.entries(results)).toEqual(users.map((name) => [name, null]));
  });

  it('takes a thousand names, and no more', async () => {
    const users = Array.from({ length: 1_000 }, (_, n) => `user-${n}`);
    expect((await post('lookup', { users })).status).toBe(200);
    expect(await post('lookup', { users: [...users, 'one-more'] })).toMatchObject({
      status: 400,
      json: { errorCode: 'body-invalid' },
    });
  });

  it('refuses more than it can read, and what is no name (SEC-128)', async () => {
    const tooLarge = { status: 413, json: { errorCode: 'body-too-large' } };
    const invalid = { status: 400, json: { errorCode: 'body-invalid' } };
    const long = 'x'.repeat(1_000_000);
    expect(await post('lookup', { users: Array.from({ length: 100_000 }, (_, n) => `u${n}`) })).toMatchObject(tooLarge);
    expect(await post('lookup', { users: [long] })).toMatchObject(tooLarge);
    expect(await post('lookup/email', { userId: long })).toMatchObject(tooLarge);
    expect(await post('lookup/with-email', { email: long })).toMatchObject(tooLarge);
    expect(await principal(long)).toMatchObject({ status: 414, json: { errorCode: 'url-too-long' } });
    for (const users of [null, 'ada', 7, {}, [7], [null], [['ada']], ['x'.repeat(1_025)], undefined])
      expect(await post('lookup', { users })).toMatchObject(invalid);
    for (const value of [null, 7, ['ada'], {}, 'x'.repeat(1_025), undefined]) {
      expect(await post('lookup/email', { userId: value })).toMatchObject(invalid);
      expect(await post('lookup/with-email', { email: value })).toMatchObject(invalid);
    }
    for (const query of ['', '?username=', '?username=a&username=b', '?Username=ada'])
      expect(await app.call('GET', `/auth/users/retrievePrincipal${query}`, { token: service })).toMatchObject({
        status: 400,
        json: { errorCode: 'parameter-invalid' },
      });
  });

  it('knows nobody by what no name can be', async () => {
    const strange = ['', ' ', '\u0000', 'a\nb', '%', "' OR ''='", '\ud800', 'Ada ', '\u0410da', 'x'.repeat(1_024)];
    const { results } = (await post('lookup', { users: strange })).json as { results: Record<string, unknown> };
    expect(Object.values(results)).toEqual(strange.map(() => null));
    for (const name of strange.slice(1)) {
      expect(await post('lookup/email', { userId: name })).toMatchObject(unknown);
      expect(await post('lookup/with-email', { email: name })).toMatchObject(unknown);
    }
  });

  it('does not find a user who was deleted', async () => {
    const { accessToken } = await app.person('mary');
    await app.deleteUser('mary');
    expect((await post('lookup', { users: ['mary'] })).json).toEqual({ results: { mary: null } });
    expect(await post('lookup/email', { userId: 'mary' })).toMatchObject(unknown);
    expect(await post('lookup/with-email', { email: 'mary@example.org' })).toMatchObject(unknown);
    expect(await principal('mary')).toMatchObject(unknown);
    expect((await app.call('GET', '/auth/users/userInfo', { token: accessToken })).status).toBe(401);
  });

  it('gives the e-mail address of a user, 404 for one without (ucloud-users-api §5.2)', async () => {
    expect((await post('lookup/email', { userId: 'ada' })).json).toEqual({ email: 'Ada@example.org' });
    expect(await post('lookup/email', { userId: 'nobody' })).toMatchObject(unknown);
    expect((await post('lookup/email', { userId: '_share' })).status).toBe(404);
  });

  it('finds a user by the e-mail address, in whatever case (ucloud-users-api §5.3)', async () => {
    const { json } = await post('lookup/with-email', { email: 'aDa@Example.org' });
    expect(json).toEqual({ userId: 'Ada', firstNames: 'Ada', lastName: 'N/A' });
    expect(await post('lookup/with-email', { email: 'ada@example.com' })).toMatchObject(unknown);
  });

  it('gives a principal with every field of its type, and never a password (ucloud-users-api §5.5, §13.3)', async () => {
    expect((await principal('Ada')).json).toEqual({
      type: 'password',
      id: 'Ada',
      role: 'USER',
      title: null,
      firstNames: 'Ada',
      lastName: 'N/A',
      phoneNumber: null,
      orcId: null,
      email: 'Ada@example.org',
      twoFactorAuthentication: false,
      serviceLicenseAgreement: 0,
      organizationId: null,
      displayName: 'Ada',
    });
    expect((await principal('_share')).json).toEqual({ type: 'service', id: '_share', role: 'SERVICE' });
    expect(await principal('nobody')).toMatchObject(unknown);
    expect(await app.call('GET', '/auth/users/retrievePrincipal', { token: service })).toMatchObject({
      status: 400,
      json: { errorCode: 'parameter-invalid' },
    });
  });
});

describe('correcting a name', () => {
  it('changes what is given and leaves the rest, in the log, the list and the next token', async () => {
    const { accessToken, refreshToken } = await app.person('hedy');
    const update = (json: object) => app.call('POST', '/auth/users/updateUserInfo', { token: accessToken, json });
    expect((await update({ firstNames: 'Hedwig', lastName: ' ' })).status).toBe(200);
    const info = await app.call('GET', '/auth/users/userInfo', { token: accessToken });
    expect(info.json).toEqual({ email: 'hedy@example.org', firstNames: 'Hedwig', lastName: 'N/A' });
    const before = (await app.events('user')).length;
    expect((await update({ firstNames: 'Hedwig' })).status).toBe(200);
    expect(await app.events('user')).toHaveLength(before);
    const refreshed = await app.call('POST', '/auth/refresh', { token: refreshToken });
    const [, claims = ''] = String(refreshed.json['accessToken']).split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ firstNames: 'Hedwig' });
  });

  it('refuses what no name can be, and changes no address that nobody confirmed', async () => {
    const { accessToken } = await app.person('joan');
    const update = (json: object) => app.call('POST', '/auth/users/updateUserInfo', { token: accessToken, json });
    expect((await update({ firstNames: 'a\u0000b' })).json['errorCode']).toBe('name-invalid');
    expect((await update({ firstNames: 'x'.repeat(251) })).json['errorCode']).toBe('name-invalid');
    for (const email of ['other@example.org', 'joan@example.org']) expect((await update({ email })).json).toEqual({});
    const info = await app.call('GET', '/auth/users/userInfo', { token: accessToken });
    expect(info.json['email']).toBe('joan@example.org');
  });
});
