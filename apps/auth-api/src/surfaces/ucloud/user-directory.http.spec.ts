import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../testing/test-app.js';

interface Item {
  readonly username: string;
  readonly userId: string;
  readonly status: string;
}

let app: TestApp;
let admin: string;
const ids = new Map<string, string>();
beforeAll(async () => {
  app = await TestApp.start();
  admin = await app.asAdmin();
  for (const [name, role] of [
    ['Ada', 'USER'],
    ['adam', 'USER'],
    ['bob', 'USER'],
    ['grace', 'USER'],
    ['chief', 'ADMIN'],
    ['_ada', 'SERVICE'],
  ] as const) {
    app.clock.advance(1_000);
    await app.create(name, role);
  }
  for (const { username, userId } of (await browse()).items) ids.set(username, userId);
  await app.deleteUser('grace');
  await app.call('POST', '/auth/users/suspend', { token: admin, json: { userId: 'bob' } });
});
afterAll(() => app.close());

const ask = (query: Readonly<Record<string, string>> = {}, token = admin) =>
  app.call('GET', `/auth/users?${new URLSearchParams(query).toString()}`, { token });
const browse = async (query: Readonly<Record<string, string>> = {}) =>
  (await ask(query)).json as unknown as { items: Item[]; next: string | null; itemsPerPage: number };
const names = async (query: Readonly<Record<string, string>> = {}) =>
  (await browse(query)).items.map(({ username }) => username);
const refused = { status: 400, json: { errorCode: 'parameter-invalid' } };

describe('the list of users', () => {
  it('says of each who they are and what has become of their account', async () => {
    expect(await browse({ query: 'ada@', itemsPerPage: '10' })).toEqual({
      itemsPerPage: 10,
      items: [
        {
          username: 'Ada',
          userId: ids.get('Ada'),
          type: 'password',
          role: 'USER',
          status: 'active',
          firstNames: 'Ada',
          lastName: 'N/A',
          email: 'Ada@example.org',
          identityProvider: null,
          organizationId: null,
          twoFactorAuthentication: false,
          serviceLicenseAgreement: 0,
          mustChangePassword: false,
          createdAt: Date.parse('2030-01-01T00:00:01.000Z'),
        },
      ],
      next: null,
    });
  });

  it('has the newest first, and without deleted ones', async () =>
    expect((await names()).slice(0, 5)).toEqual(['_ada', 'chief', 'bob', 'adam', 'Ada']));

  it('is searched by the beginning of names and addresses, in any case', async () => {
    expect(await names({ query: 'ADA' })).toEqual(['Ada', 'adam']);
    expect(await names({ query: '_' })).toEqual(['_ada', '_bootstrap']);
    expect(await names({ query: 'chief@EXAMPLE.org' })).toEqual(['chief']);
    expect(await names({ query: 'dam' })).toEqual([]);
  });

  it('is of one role or one status', async () => {
    expect(await names({ role: 'ADMIN' })).toEqual(['chief', 'admin']);
    expect(await names({ status: 'suspended' })).toEqual(['bob']);
    expect(await browse({ status: 'deleted' })).toMatchObject({ items: [{ username: 'grace', status: 'deleted' }] });
    expect(await names({ query: 'a', role: 'SERVICE' })).toEqual([]);
    expect(await names({ query: 'a', status: 'active', role: 'USER' })).toEqual(['Ada', 'adam']);
  });

  it('sees who was registered just before', async () => {
    await app.create('fresh');
    expect(await names({ query: 'fresh' })).toEqual(['fresh']);
  });

  it('goes on where it was, everybody once, while others are registered (SEC-133)', async () => {
    for (let n = 10; n < 35; n += 1) await app.create(`many-${n}`);
    const first = await browse({ query: 'many', itemsPerPage: '10' });
    await app.create('many-00');
    await app.create('many-99');
    const listed = [...first.items];
    for (let { next } = first; next !== null;) {
      const page = await browse({ query: 'many', itemsPerPage: '10', next });
      listed.push(...page.items);
      ({ next } = page);
    }
    const expected = [...Array.from({ length: 25 }, (_, n) => `many-${n + 10}`), 'many-99'];
    expect(listed.map(({ username }) => username)).toEqual(expected);
  });

  it('takes a cursor only back from whom, and for what, it was made (SEC-133)', async () => {
    const query = { query: 'many', itemsPerPage: '10' };
    const next = (await browse(query)).next ?? '';
    expect(next).toMatch(/^[\w.-]+$/);
    expect((await ask({ ...query, itemsPerPage: '25', next })).status).toBe(200);
    for (const other of [{ query: 'man' }, { role: 'USER' }, { status: 'active' }])
      expect(await ask({ ...query, ...other, next })).toMatchObject(refused);
    for (const forged of ['', 'x', next.slice(1), `${next}x`, next.replace(/\w/, (one) => (one === 'A' ? 'B' : 'A'))])
      expect(await ask({ ...query, next: forged })).toMatchObject(refused);
    const { accessToken } = await app.logIn('chief');
    const elsewhere = await ask({ ...query, next }, accessToken);
    expect(elsewhere).toMatchObject(refused);
  });

  it('refuses what no list can be asked for', async () => {
    for (const query of [
      'itemsPerPage=0',
      'itemsPerPage=251',
      'itemsPerPage=ten',
      'role=EMPEROR',
      'role=user',
      'role=USER&role=ADMIN',
      'status=gone',
      'status=',
      'query=a&query=b',
      'query=%00',
      'query=a%0Ab',
      'query=a%E2%80%8Bb',
      `query=${'x'.repeat(251)}`,
      'next=a&next=b',
    ])
      expect([query, await app.call('GET', `/auth/users?${query}`, { token: admin })]).toMatchObject([query, refused]);
    expect((await ask({ query: 'x'.repeat(250) })).status).toBe(200);
    expect((await ask({ query: 'x'.repeat(9_000) })).status).toBe(414);
  });

  it('takes what means something to a database as it is (SEC-131)', async () => {
    for (const query of ['%', "'", "' OR ''='", '"; DROP TABLE user_account; --', '\\', '*', '?'])
      expect(await ask({ query })).toMatchObject({ status: 200, json: { items: [], next: null } });
  });
});
