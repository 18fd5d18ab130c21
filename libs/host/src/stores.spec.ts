import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from './clock.js';
import { createLog } from './log.js';
import { Metrics } from './metrics.js';
import { readSettings } from './settings.js';
import { explainStartFailure } from './start-failure.js';
import { Stores } from './stores.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authlog-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (data = folder, environment: Readonly<Record<string, string>> = {}) =>
  Stores.open(
    readSettings({ AUTHLOG_DATA: data, ...environment }),
    new SystemClock(),
    new Metrics(),
    createLog('info'),
  );
const openAndClose = async () => (await open()).close();

/** What the person at the terminal reads when the stores cannot be opened. */
async function refusal(data = folder, environment = {}): Promise<string> {
  try {
    await (await open(data, environment)).close();
    return 'opened';
  } catch (error) {
    const line = explainStartFailure(error);
    expect(line).not.toContain('\n');
    return line;
  }
}

describe('the stores', () => {
  it('open again what they kept', async () => {
    await openAndClose();
    expect(await refusal()).toBe('opened');
  });

  it('are for the user who runs the service alone, also in a folder that others may read', async () => {
    chmodSync(folder, 0o755);
    const stores = await open();
    const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o077] as const);
    await stores.close();
    expect(modes.length).toBeGreaterThan(4);
    expect(modes.filter(([, others]) => others !== 0)).toEqual([]);
  });

  it('make the data folder, and the folders above it', async () => {
    expect(await refusal(join(folder, 'a', 'b'))).toBe('opened');
  });

  it('say what to do with a data folder that is a file or cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const data of [file, join(file, 'below'), '/proc/authlog'])
      expect(await refusal(data)).toMatch(
        /^authlog did not start: the data folder .* set AUTHLOG_DATA to another one\.$/,
      );
  });

  for (const [name, advice] of [
    ['events.db', 'restore it from a back-up'],
    ['vault.db', 'restore it from a back-up'],
    ['read-models.db', 'delete it, and it is made again'],
    ['throttle.db', 'delete it, and it is made again'],
  ] as const)
    it(`say what to do with a damaged ${name}`, async () => {
      await openAndClose();
      const path = join(folder, name);
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
      writeFileSync(path, 'this is no database, but long enough to be taken for one '.repeat(100));
      expect(await refusal()).toContain(`${path} is damaged or no SQLite database: ${advice}`);
    });

  it('refuse a log and a vault that do not belong together, and take a first start for one', async () => {
    const used = async () => {
      const stores = await open();
      await stores.vault.keep('password', 'ada', 'a hash');
      await stores.eventStore.append('user-1', 'no-stream', [
        { id: '00000000-0000-4000-8000-000000000001', type: 'Happened', data: {}, metadata: {} },
      ]);
      await stores.close();
    };
    const remove = (name: string) => {
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `${name}${suffix}`), { force: true });
    };
    await used();
    expect(await refusal()).toBe('opened');
    remove('vault.db');
    expect(await refusal()).toContain(
      `${join(folder, 'vault.db')} is empty or missing, but ${join(folder, 'events.db')} is in use`,
    );

    for (const name of ['events.db', 'vault.db', 'master.key']) remove(name);
    await used();
    const vault = new Database(join(folder, 'vault.db'));
    remove('events.db');
    expect(await refusal()).toBe('opened');
    vault.exec("UPDATE credential SET createdAt = '2020-01-01T00:00:00.000Z'");
    vault.close();
    remove('events.db');
    expect(await refusal()).toContain(
      `${join(folder, 'events.db')} is empty or missing, but ${join(folder, 'vault.db')} is in use`,
    );
  });

  it('refuse what a newer version wrote', async () => {
    await openAndClose();
    for (const [name, change, undo] of [
      ['events.db', 'PRAGMA user_version = 99', 'PRAGMA user_version = 1'],
      [
        'vault.db',
        "INSERT INTO migrations (timestamp, name) VALUES (9, 'New9')",
        "DELETE FROM migrations WHERE name = 'New9'",
      ],
      [
        'read-models.db',
        "INSERT INTO migrations (timestamp, name) VALUES (9, 'New9')",
        "DELETE FROM migrations WHERE name = 'New9'",
      ],
    ] as const) {
      const alter = (sql: string) => {
        const db = new Database(join(folder, name));
        db.exec(sql);
        db.close();
      };
      alter(change);
      expect(await refusal()).toMatch(new RegExp(`${name} was written by a newer authlog .*: upgrade authlog`));
      alter(undo);
    }
    expect(await refusal()).toBe('opened');
  });

  it('refuse a vault whose master key is missing, another one, or none', async () => {
    await openAndClose();
    const path = join(folder, 'master.key');
    const original = readFileSync(path);
    rmSync(path);
    expect(await refusal()).toContain(`${path} is missing`);
    const other = Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64');
    expect(await refusal(folder, { AUTHLOG_MASTER_KEY: other })).toContain('does not belong to this vault');
    writeFileSync(path, 'garbage');
    expect(await refusal()).toContain('32 random bytes');
    writeFileSync(path, original);
    expect(await refusal()).toBe('opened');
  });
});
