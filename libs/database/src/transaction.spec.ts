import type { DataSource, QueryRunner } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from './database.js';
import { DATABASES, type DatabaseKind, type TestPlace, newPlace } from './testing/test-place.js';
import { inTransaction } from './transaction.js';

class Written1893456000000 {
  up = (runner: QueryRunner) => runner.query('CREATE TABLE written (what text)');
  down = (runner: QueryRunner) => runner.query('DROP TABLE written');
}

let place: TestPlace;
let database: DataSource;
async function open(kind: DatabaseKind): Promise<void> {
  place = await newPlace(kind, 'authlog_read_models');
  database = await openDatabase({
    place: place.place,
    entities: [],
    migrations: [Written1893456000000],
    durability: 'normal',
  });
}
afterEach(async () => {
  await database.destroy();
  await place.remove();
});

const write = (runner: QueryRunner, what: string) => runner.query(`INSERT INTO written VALUES ('${what}')`);

describe.each(DATABASES)('a transaction in %s', (kind) => {
  const fail = () => Promise.reject(new Error('the fault that was first'));
  const faults: Readonly<Record<string, (runner: QueryRunner) => Promise<unknown>>> = {
    'the work gives up': fail,
    'a statement is refused': (runner) => runner.query('INSERT INTO nothing VALUES (1)'),
    'the database has taken it back itself': async (runner) => {
      await runner.query('ROLLBACK');
      await fail();
    },
  };

  it.each(Object.entries(faults))('leaves nothing when %s, and the next one is kept', async (_, fault) => {
    await open(kind);
    for (const each of [fault, fail])
      await expect(
        inTransaction(database, async (runner) => {
          await write(runner, 'undone');
          await each(runner);
        }),
      ).rejects.toThrow(/first|nothing/);
    expect(await inTransaction(database, (runner) => write(runner, 'done').then(() => 'answered'))).toBe('answered');
    expect(await place.query('SELECT what FROM written')).toEqual([{ what: 'done' }]);
  });
});

describe('a SQLite file that cannot grow', () => {
  it('refuses what it has no place for, and takes it once it has', async () => {
    await open('SQLite');
    const big = 'x'.repeat(100_000);
    await database.query('PRAGMA max_page_count = 10');
    for (let times = 0; times < 3; times += 1)
      await expect(inTransaction(database, (runner) => write(runner, big))).rejects.toThrow('database or disk is full');
    await database.query('PRAGMA max_page_count = 1000');
    await inTransaction(database, (runner) => write(runner, big));
    expect(await place.query('SELECT count(*) AS rows FROM written')).toEqual([{ rows: 1 }]);
  });
});
