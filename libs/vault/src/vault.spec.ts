import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES, type TestPlace, newPlace } from '#database/testing/test-place.js';
import { asCredentialId } from '#domain/ids.js';
import { addressesOn } from '#domain/refusal/request-source.js';
import { type MasterKey, masterKeyFromFile, parseMasterKey } from './master-key.js';
import { Vault } from './vault.js';

describe.each(DATABASES)('the vault in %s', (kind) => {
  const someMasterKey = () => parseMasterKey(randomBytes(32).toString('base64'));
  let time: string;
  const now = () => new Date(time);
  let kept: TestPlace;
  let masterKey: MasterKey;
  let vault: Vault;
  beforeEach(async () => {
    time = '2030-01-01T00:00:00.000Z';
    masterKey = someMasterKey();
    kept = await newPlace(kind, 'authlog_vault');
    vault = await Vault.open(kept.place, masterKey, now);
  });
  afterEach(async () => {
    await vault.close();
    await kept.remove();
  });
  const reopen = async (key = masterKey) => {
    await vault.close();
    vault = await Vault.open(kept.place, key, now);
  };

  it('gives back a secret after a restart', async () => {
    const id = await vault.keep('password', 'ada', '$argon2id$secret');
    await reopen();
    expect(await vault.reveal(id)).toBe('$argon2id$secret');
    expect(await vault.reveal(asCredentialId('nothing'))).toBeNull();
  });

  it('forgets a secret that was erased, also after a restart (SEC-17)', async () => {
    const id = await vault.keep('password', 'ada', 'a hash');
    await vault.erase(id);
    await vault.erase(id);
    expect(await vault.reveal(id)).toBeNull();
    await reopen();
    expect(await vault.reveal(id)).toBeNull();
  });

  it('keeps nothing in clear (SEC-144)', async () => {
    await vault.keep('password', 'ada', '$argon2id$marked-secret');
    const secret = vault['installationSecret'];
    await vault.keyOf('ada');
    await vault.close();
    const contents = await kept.contents();
    expect(contents.includes('ada')).toBe(true);
    for (const needle of ['marked-secret', secret.toString('base64'), secret])
      expect(contents.includes(needle)).toBe(false);
    vault = await Vault.open(kept.place, masterKey, now);
  });

  it('derives the same keys after a restart, another for each purpose', async () => {
    const before = vault.derivedKey('refresh-token');
    expect(before).toHaveLength(32);
    await reopen();
    expect(vault.derivedKey('refresh-token')).toEqual(before);
    expect(vault.derivedKey('csrf-token')).not.toEqual(before);
  });

  it('has one data key for each person, made once', async () => {
    const [one, two] = await Promise.all([vault.keyOf('ada'), vault.keyOf('ada')]);
    expect(one.id).toBe(two.id);
    expect((await vault.keyOf('eve')).id).not.toBe(one.id);
    const sealed = one.seal('ada@example.org', 'here');
    await reopen();
    const found = await vault.find(new Set([one.id, 'never was']));
    expect(found.get(one.id)?.unseal(sealed, 'here')).toBe('ada@example.org');
    expect(found.get('never was')).toBeNull();
  });

  it('cannot find a key that was destroyed, nor make another for the same person', async () => {
    const { id } = await vault.keyOf('ada');
    await kept.query('UPDATE data_key SET wrapped = NULL');
    await reopen();
    expect((await vault.find(new Set([id]))).get(id)).toBeNull();
    await expect(vault.keyOf('ada')).rejects.toMatchObject({ code: 'user-erased' });
  });

  it('destroys all that it has of a subject, and nothing of others (SEC-159)', async () => {
    const password = await vault.keep('password', 'ada', 'a hash');
    const ofEve = await vault.keep('password', 'eve', 'another hash');
    const key = await vault.keyOf('ada');
    const sealed = key.seal('ada@example.org', 'here');
    expect(await vault.countOf('ada')).toBe(1);
    await vault.eraseSubject('ada');
    await vault.eraseSubject('ada');
    for (const again of [false, true]) {
      if (again) await reopen();
      expect(await vault.countOf('ada')).toBe(0);
      expect(await vault.reveal(password)).toBeNull();
      expect(await vault.reveal(ofEve)).toBe('another hash');
      expect((await vault.find(new Set([sealed.key]))).get(sealed.key)).toBeNull();
      await expect(vault.keyOf('ada')).rejects.toMatchObject({ code: 'user-erased' });
    }
  });

  it('never makes a key for a subject that was erased before it had one', async () => {
    await vault.eraseSubject('ada');
    await expect(vault.keyOf('ada')).rejects.toMatchObject({ code: 'user-erased' });
  });

  it('lets go of a key that another process has destroyed, when it hears of it', async () => {
    const key = await vault.keyOf('ada');
    const other = await Vault.open(kept.place, masterKey, now);
    await other.eraseSubject('ada');
    await other.close();
    expect((await vault.find(new Set([key.id]))).get(key.id)).not.toBeNull();
    vault.forget('ada');
    expect((await vault.find(new Set([key.id]))).get(key.id)).toBeNull();
  });

  it('leaves nothing of what it has destroyed where it stood, though the service goes on (SEC-159)', async () => {
    await vault.keyOf('ada');
    const password = await vault.keep('password', 'ada', 'a hash');
    const rows = await kept.query<{ wrapped: string }>(
      `SELECT wrapped FROM data_key WHERE subject = 'ada' UNION SELECT wrapped FROM credential WHERE id = '${password}'`,
    );
    const parts = rows.map(({ wrapped }) => (JSON.parse(wrapped) as { text: string }).text);
    expect(parts).toHaveLength(2);
    const before = await kept.contents();
    for (const part of parts) expect(before.includes(part)).toBe(true);
    await vault.eraseSubject('ada');
    const after = await kept.contents();
    for (const part of parts) expect(after.includes(part)).toBe(false);
  });

  it('destroys the keys of addresses once their day was over for 90 days, and no others (SEC-165)', async () => {
    const { id } = await vault.keyOf(addressesOn('2030-01-01T23:59:59.999Z'));
    const others = ['ada', addressesOn('2030-01-02T00:00:00.000Z')];
    for (const subject of others) await vault.keyOf(subject);
    time = '2030-04-01T23:59:59.999Z';
    expect(await vault.destroyAgedKeys()).toBe(0);
    time = '2030-04-02T00:00:00.000Z';
    expect(await vault.destroyAgedKeys()).toBe(1);
    expect(await vault.destroyAgedKeys()).toBe(0);
    await reopen();
    expect((await vault.find(new Set([id]))).get(id)).toBeNull();
    for (const subject of others) await expect(vault.keyOf(subject)).resolves.toBeDefined();
    // A clock that ran ahead and was put right keeps no day without a key.
    expect((await vault.keyOf(addressesOn('2030-01-01T00:00:00.000Z'))).id).not.toBe(id);
  });

  it('refuses a value that was moved to another place (SEC-148)', async () => {
    const key = await vault.keyOf('ada');
    expect(() => key.unseal(key.seal('x', 'here'), 'there')).toThrow(/authenticate/);
  });

  it('refuses to open with another master key, and says which settings to look at', async () => {
    await vault.close();
    await expect(Vault.open(kept.place, someMasterKey(), now)).rejects.toThrow(/AUTHLOG_MASTER_KEY/);
    vault = await Vault.open(kept.place, masterKey, now);
  });

  it('notices rows that were swapped (SEC-148)', async () => {
    const ada = await vault.keep('password', 'ada', 'of ada');
    const eve = await vault.keep('password', 'eve', 'of eve');
    await kept.query(
      `UPDATE credential SET wrapped = (SELECT wrapped FROM credential WHERE id = '${eve}') WHERE id = '${ada}'`,
    );
    await expect(vault.reveal(ada)).rejects.toMatchObject({ name: 'VaultUnreadable' });
  });

  it('refuses what a newer version wrote', async () => {
    await vault.close();
    await kept.query("INSERT INTO migrations (timestamp, name) VALUES (9, 'FromTheFuture9')");
    await expect(Vault.open(kept.place, masterKey, now)).rejects.toThrow(
      /was written by a newer authlog \(it has FromTheFuture9\)/,
    );
    await kept.query("DELETE FROM migrations WHERE name = 'FromTheFuture9'");
    vault = await Vault.open(kept.place, masterKey, now);
  });

  it('can be opened by several processes at once, also the first time', async () => {
    const fresh = await newPlace(kind, 'authlog_vault');
    const vaults = await Promise.all(Array.from({ length: 3 }, () => Vault.open(fresh.place, masterKey, now)));
    expect(new Set(vaults.map((each) => each.derivedKey('csrf-token').toString('hex'))).size).toBe(1);
    await Promise.all(vaults.map((each) => each.close()));
    await fresh.remove();
  });
});

describe('the master key', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'authlog-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made once, readable by its owner only', () => {
    const path = join(folder, 'master.key');
    const made = masterKeyFromFile(path);
    expect(masterKeyFromFile(path).id).toBe(made.id);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['master.key']);
  });

  for (const text of [
    '',
    'short',
    Buffer.alloc(32).toString('base64'),
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
  ])
    it(`is not ${JSON.stringify(text).slice(0, 20)} (SEC-149)`, () => {
      expect(() => parseMasterKey(text)).toThrow('32 random bytes');
      const path = join(folder, 'master.key');
      writeFileSync(path, text);
      expect(() => masterKeyFromFile(path)).toThrow('32 random bytes');
    });
});
