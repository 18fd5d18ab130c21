import { hash as argon2 } from '@node-rs/argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CredentialId, asUserId, userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import { Repository } from '#event-store/repository.js';
import { systemContext } from '#event-store/envelope.js';
import { HasherBusy, PasswordHasher } from '#vault/password-hasher.js';
import { Vault } from '#vault/vault.js';
import { TestApp, passwordOf } from '../testing/test-app.js';
import { ucloudHashOf } from '../testing/ucloud-hash.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start('userImport: { callers: [_bootstrap] }');
});
afterAll(() => app.close());

const COMPOSED = 'der \u00E5ngstr\u00F6m ist keine Einheit mehr';
const DECOMPOSED = COMPOSED.normalize('NFD');

/** @returns what the account's password is kept as now, and where */
async function imported(username: string, passwordHash: object) {
  const json = [{ username, email: `${username}@example.org`, passwordHash }];
  const answer = await app.call('POST', '/auth/users/import', { token: await app.asService(), json });
  const [created] = answer.json['created'] as { userId: string }[];
  return keptOf(created?.userId ?? answer.text);
}
async function keptOf(userId: string) {
  const { state } = await app.get(Repository).load(user, userStream(asUserId(userId)));
  const credentialId = state.status === 'active' ? state.credentialId : null;
  return { userId, credentialId, kept: await reveal(credentialId) };
}
const reveal = async (id: CredentialId | null) => (id === null ? null : app.get(Vault).reveal(id));
const statusOf = async (username: string, password: string) => (await app.tryLogIn(username, password)).status;
const rehashed = async () => (await app.events('user')).filter((type) => type === 'PasswordRehashed').length;
/** At the cost that the application of a test has. */
const TODAY = /^\$argon2id\$v=19\$m=64,t=1,p=1\$/;

describe('logging in with a password that was hashed elsewhere', () => {
  it('replaces its hash, once (SEC-14)', async () => {
    const before = await imported('ada', ucloudHashOf(passwordOf('ada')));
    expect(before.kept).toMatch(/^\$pbkdf2-sha512\$i=10000\$/);
    expect(await statusOf('ada', 'not the password of ada')).toBe(401);
    expect(await keptOf(before.userId)).toEqual(before);

    expect(await statusOf('ada', passwordOf('ada'))).toBe(200);
    const after = await keptOf(before.userId);
    expect(after.kept).toMatch(TODAY);
    expect(await reveal(before.credentialId)).toBeNull();
    const log = await app.stored('user', 'PasswordRehashed');
    const { credentialId, userId } = after;
    expect(log).toMatchObject([
      {
        data: { userId, credentialId, from: 'pbkdf2-sha512 i=10000', to: 'argon2id m=64 t=1 p=1' },
        metadata: { actorKind: 'system' },
      },
    ]);
    expect(JSON.stringify(log)).not.toContain(after.kept?.split('$').at(-1));

    expect(await statusOf('ada', passwordOf('ada'))).toBe(200);
    expect(await keptOf(before.userId)).toEqual(after);
    expect(await rehashed()).toBe(1);
  });

  it('ends no session', async () => {
    await imported('grace', ucloudHashOf(passwordOf('grace')));
    const first = await app.logIn('grace');
    await app.logIn('grace');
    expect((await app.call('GET', '/auth/sessions/current', { token: first.accessToken })).status).toBe(200);
  });

  it('lets all in who log in at the same moment (SEC-23)', async () => {
    const { userId } = await imported('hedy', ucloudHashOf(passwordOf('hedy')));
    const before = await rehashed();
    const attempts = await app.events('attempts');
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf('hedy', passwordOf('hedy'))));
    expect(statuses).toEqual(Array(20).fill(200));
    expect(await rehashed()).toBe(before + 1);
    expect((await keptOf(userId)).kept).toMatch(TODAY);
    expect(await app.events('attempts')).toEqual(attempts);
  });

  it('lets in who found the old hash just before another login replaced it (SEC-23)', async () => {
    await imported('evelyn', ucloudHashOf(passwordOf('evelyn')));
    const vault = app.get(Vault);
    const reveal = vault.reveal.bind(vault);
    const other: number[] = [];
    const slow = vi.spyOn(vault, 'reveal').mockImplementationOnce(async (id) => {
      other.push(await statusOf('evelyn', passwordOf('evelyn')));
      return reveal(id);
    });
    expect(await statusOf('evelyn', passwordOf('evelyn'))).toBe(200);
    expect(other).toEqual([200]);
    slow.mockRestore();
  });

  it('takes the bytes that came, or the other spelling, and both from then on (SEC-03)', async () => {
    for (const [username, made, typed] of [
      ['karen', DECOMPOSED, DECOMPOSED],
      ['radia', COMPOSED, DECOMPOSED],
    ] as const) {
      await imported(username, ucloudHashOf(made));
      expect(await statusOf(username, typed)).toBe(200);
      for (const spelling of [COMPOSED, DECOMPOSED]) expect(await statusOf(username, spelling)).toBe(200);
    }
  });

  it('reads 72 bytes of a bcrypt password, and the whole of it from then on (SEC-18)', async () => {
    const password = 'x'.repeat(73);
    const { userId, kept } = await imported('joan', { algorithm: 'bcrypt', hash: await bcrypt(password, 4) });
    expect(kept).toMatch(/^\$2y\$04\$/);
    expect(await statusOf('joan', 'x'.repeat(71))).toBe(401);
    expect(await statusOf('joan', password)).toBe(200);
    expect((await keptOf(userId)).kept).toMatch(TODAY);
    expect(await statusOf('joan', `${'x'.repeat(72)}y`)).toBe(401);
    expect(await statusOf('joan', password)).toBe(200);
  });

  it('goes on when the hash cannot be replaced, which is logged and tried again (SEC-14)', async () => {
    const before = await imported('margaret', ucloudHashOf(passwordOf('margaret')));
    const busy = vi.spyOn(app.get(PasswordHasher), 'hash').mockRejectedValueOnce(new HasherBusy('too many'));
    expect(await statusOf('margaret', passwordOf('margaret'))).toBe(200);
    busy.mockRestore();
    expect(await keptOf(before.userId)).toEqual(before);
    const warning = app.said.lines.find((line) => line.includes('a password is kept as before'));
    expect(warning).toContain(before.userId);
    expect(await statusOf('margaret', passwordOf('margaret'))).toBe(200);
    expect((await keptOf(before.userId)).kept).toMatch(TODAY);
  });
});

describe('logging in with a password that was hashed at a lower cost', () => {
  it('replaces its hash, too (SEC-14)', async () => {
    const { userId } = await imported('sophie', ucloudHashOf(passwordOf('sophie')));
    const cheap = await argon2(passwordOf('sophie'), { memoryCost: 32, timeCost: 1, parallelism: 1 });
    const credentialId = await app.get(Vault).keep('password', userId, cheap);
    const change = { type: 'ChangePassword', replaces: null, reset: null, credentialId, spare: null } as const;
    await app.get(Repository).execute(user, userStream(asUserId(userId)), change, systemContext(app.clock.now()));
    expect(await statusOf('sophie', passwordOf('sophie'))).toBe(200);
    expect((await keptOf(userId)).kept).toMatch(TODAY);
    expect((await app.stored('user', 'PasswordRehashed')).at(-1)?.data).toMatchObject({
      from: 'argon2id m=32 t=1 p=1',
    });
  });
});

describe('an account that is not there', () => {
  it('costs what one costs that is (SEC-32)', async () => {
    const hasher = app.get(PasswordHasher);
    const [nothing, verify] = [vi.spyOn(hasher, 'verifyNothing'), vi.spyOn(hasher, 'verify')];
    await imported('wanda', ucloudHashOf(passwordOf('wanda')));
    await app.create('annie');
    for (const [username, isThere] of [
      ['nobody at all', false],
      ['wanda', true],
      ['annie', true],
    ] as const) {
      await statusOf(username, 'a wrong password');
      expect([verify.mock.calls.length, nothing.mock.calls.length]).toEqual([1, isThere ? 0 : 1]);
      for (const spy of [nothing, verify]) spy.mockClear();
    }
    for (const spy of [nothing, verify]) spy.mockRestore();
  });
});
