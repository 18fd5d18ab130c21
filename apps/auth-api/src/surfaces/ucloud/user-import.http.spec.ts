import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp, passwordOf, refusal } from '../../testing/test-app.js';
import { ucloudHashOf } from '../../testing/ucloud-hash.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start('userImport: { callers: [_bootstrap, _importer] }');
});
afterAll(() => app.close());

const person = (username: string, more: Readonly<Record<string, unknown>> = {}) => ({
  username,
  email: `${username}@example.org`,
  passwordHash: ucloudHashOf(passwordOf(username)),
  ...more,
});
const bringIn = async (json: unknown, headers = {}, token?: string) =>
  app.call('POST', '/auth/users/import', { token: token ?? (await app.asService()), json, headers });

describe('importing users', () => {
  it('makes accounts that log in with the password they have, and opens no session', async () => {
    const answer = await bringIn([person('ada', { firstnames: 'Ada', lastname: 'Lovelace' }), person('Grace')]);
    const uid = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
    expect(answer).toMatchObject({
      status: 200,
      json: {
        created: [
          { username: 'ada', userId: uid },
          { username: 'Grace', userId: uid },
        ],
      },
    });
    expect(Object.keys(answer.json)).toEqual(['created']);
    expect(await app.events('import')).toEqual(['UsersImported']);
    expect((await app.events('session')).filter((type) => type === 'SessionOpened')).toHaveLength(1);

    const { accessToken } = await app.logIn('ada');
    const { json } = await app.call('GET', '/auth/users/userInfo', { token: accessToken });
    expect(json).toEqual({ email: 'ada@example.org', firstNames: 'Ada', lastName: 'Lovelace' });
    expect((await app.tryLogIn('ada', 'not the password of ada')).status).toBe(401);
    expect((await app.tryLogIn('GRACE', passwordOf('Grace'))).status).toBe(200);
  });

  it('is for services that the settings name, and for nobody by default', async () => {
    const { accessToken } = await app.create('_other', 'SERVICE');
    expect(await bringIn([person('x')], {}, accessToken)).toMatchObject(refusal('caller-not-listed', 403));
    expect(await bringIn([person('x')], {}, await app.asAdmin())).toMatchObject(refusal('role-not-allowed', 403));
    const untold = await TestApp.start();
    const token = await untold.asService();
    expect(await untold.call('POST', '/auth/users/import', { token, json: [person('x')] })).toMatchObject(
      refusal('caller-not-listed', 403),
    );
    await untold.close();
  });

  it('brings in no administrators by a service that may not do everything (SEC-176)', async () => {
    const json = { username: '_importer', scopes: ['auth.users.importUsers:write'] };
    const made = await app.call('POST', '/auth/services', { token: await app.asAdmin(), json });
    const { json: tokens } = await app.call('POST', '/auth/refresh', { token: String(made.json['refreshToken']) });
    const importer = String(tokens['accessToken']);
    expect(await bringIn([person('chief', { role: 'ADMIN' })], {}, importer)).toMatchObject(
      refusal('scope-not-covered', 403),
    );
    expect((await bringIn([person('staff')], {}, importer)).status).toBe(200);
    expect((await bringIn([person('chief', { role: 'ADMIN' })])).status).toBe(200);
  });

  it('keeps the hash in the vault, wrapped, and nowhere else (SEC-17, SEC-160)', async () => {
    const { hash } = ucloudHashOf(passwordOf('marked'));
    expect((await bringIn([person('marked')])).status).toBe(200);
    const folder = join(app.folder, 'data');
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    expect(files.some((content) => content.includes('UsersImported'))).toBe(true);
    for (const needle of [hash, hash.replace('=', ''), Buffer.from(hash, 'base64')])
      expect(files.some((content) => content.includes(needle))).toBe(false);
    expect(app.said.lines.join()).not.toContain(hash);
  });

  it('overwrites no account, and makes all of the list or none', async () => {
    const known = await app.person('hedy');
    const before = (await app.stored('user', 'UserCreated')).length;
    expect(await bringIn([person('newcomer'), person('Hedy', { email: 'h@example.org' })])).toMatchObject(
      refusal('username-taken', 409),
    );
    expect(await bringIn([person('newcomer'), person('another', { email: 'HEDY@example.org' })])).toMatchObject(
      refusal('email-taken', 409),
    );
    expect(await app.stored('user', 'UserCreated')).toHaveLength(before);
    expect((await app.call('GET', '/auth/sessions/current', { token: known.accessToken })).status).toBe(200);
    expect((await app.tryLogIn('hedy')).status).toBe(200);
    expect((await bringIn([person('newcomer'), person('another')])).status).toBe(200);
  });

  it('answers the same when it is repeated with its idempotency key (SEC-134)', async () => {
    const key = { 'idempotency-key': 'import-1' };
    const one = await bringIn([person('joan')], key);
    const before = (await app.events()).length;
    expect((await bringIn([person('joan')], key)).json).toEqual(one.json);
    expect((await app.events()).length).toBe(before);
    expect(await bringIn([person('karen')], key)).toMatchObject(refusal('idempotency-key-reused', 422));
    expect((await app.tryLogIn('karen')).status).toBe(401);
    expect(await bringIn([person('joan')])).toMatchObject(refusal('username-taken', 409));
  });

  it('gives a name to one of many who bring it in at once', async () => {
    const token = await app.asService();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => bringIn([person('contested', { email: `c${n}@example.org` })], {}, token)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(19).fill(409)]);
  });

  it('takes a hundred at a time', async () => {
    const passwordHash = ucloudHashOf('x');
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ username: `m${n}`, email: `m${n}@example.org`, passwordHash }));
    expect(await bringIn(many(101))).toMatchObject(refusal('body-invalid'));
    expect(await bringIn(many(100_000))).toMatchObject(refusal('body-too-large', 413));
    const { json } = await bringIn(many(100));
    expect(json['created']).toHaveLength(100);
  });

  for (const [why, body, errorCode] of [
    ['something that is no list', person('x'), 'body-invalid'],
    ['a list of no objects', [null, 'x', [person('x')]], 'body-invalid'],
    ['a user without a hash', [{ username: 'x', email: 'x@example.org', password: passwordOf('x') }], 'body-invalid'],
    ['a hash that is text', [person('x', { passwordHash: '$2b$10$x' })], 'body-invalid'],
    ['a hash that is a list', [person('x', { passwordHash: [ucloudHashOf('x')] })], 'body-invalid'],
    ['an empty hash', [person('x', { passwordHash: {} })], 'password-hash-invalid'],
    ['a name that is no text', [person('x', { username: { a: 1 } })], 'body-invalid'],
    ['no name', [person('x', { username: undefined })], 'body-invalid'],
    ['no address', [person('x', { email: null })], 'body-invalid'],
    ['an address that is none', [person('x', { email: 'x' })], 'email-invalid'],
    ['a service', [person('_x', { role: 'SERVICE' })], 'body-invalid'],
    ['another role', [person('x', { role: 'GUEST' })], 'body-invalid'],
    ['a service name for a person', [person('_x')], 'username-invalid'],
    ['a sign that UCloud refuses in names', [person('x', { username: 'a/b' })], 'username-invalid'],
    ['a line break in an organisation', [person('x', { orgId: 'a\nb' })], 'name-invalid'],
    ['a user twice', [person('twice'), person('TWICE', { email: 'other@example.org' })], 'username-taken'],
    ['an address twice', [person('x'), person('y', { email: 'X@example.org' })], 'email-taken'],
    ...[
      { iterations: 1e9 },
      { iterations: -10_000 },
      { iterations: '10000' },
      { iterations: null },
      { salt: 'no Base64!' },
      { salt: 'c2hvcnQ=' },
      { hash: Buffer.alloc(65).toString('base64') },
      { hash: 7 },
      { algorithm: 'md5' },
      { algorithm: 'bcrypt', hash: '$2b$31$5N7qnXNC207KMuE162touufJF80wGcE7KyAYV1k8zCyBakBXMHNtO' },
    ].map(
      (part) =>
        [
          `the hash ${JSON.stringify(part)}`,
          [person('x', { passwordHash: { ...ucloudHashOf('x'), ...part } })],
          'password-hash-invalid',
        ] as const,
    ),
  ] as const)
    it(`refuses ${why}, and stores nothing`, async () => {
      const token = await app.asService();
      const before = (await app.events()).length;
      const status = errorCode.endsWith('-taken') ? 409 : 400;
      expect(await bringIn(body, {}, token)).toMatchObject(refusal(errorCode, status));
      expect(await app.events()).toHaveLength(before);
    });

  it('says which item and which part was wrong, and never repeats the hash', async () => {
    const hash = { ...ucloudHashOf('x'), iterations: 1e9 };
    const { json, text } = await bringIn([person('x'), person('y', { passwordHash: hash })]);
    expect(json['why']).toBe('[1].passwordHash.iterations must be a whole number from 1000 to 1000000.');
    expect(text).not.toContain(hash.hash);
  });

  it('makes nothing of an empty list', async () => {
    const before = (await app.events()).length;
    expect((await bringIn([])).json).toEqual({ created: [] });
    expect(await app.events()).toHaveLength(before);
  });
});
