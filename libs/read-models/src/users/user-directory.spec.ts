import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { ACCOUNT_ROLES } from '#domain/role.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import { ReadModelFixture } from '../testing/read-model-fixture.js';
import { type DirectoryPlace, UserDirectory, type UserFilter } from './user-directory.queries.js';
import { UserRow } from './user-row.entity.js';

/** A place in an index of its own order, or one row by its id. */
const BY_INDEX = {
  SQLite:
    /^SEARCH (user_account_v\d+ USING COVERING INDEX user_list\w* \(status=\? AND role=\? AND .*[<>]|account USING INDEX sqlite_autoindex)/,
  PostgreSQL:
    /^Index (Only Scan user_account_v\d+ user_list\w* \(\(status = .* AND \(role = .*[<>]|Scan user_account_v\d+ user_account_v\d+_pkey)/,
};

describe.each(DATABASES)('in %s', (kind) => {
  let fixture: ReadModelFixture;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind);
  });
  afterEach(() => fixture.close());

  const EVERYBODY: UserFilter = { prefix: null, role: null, status: null };
  type Names = Partial<
    Pick<UserRow, 'username' | 'email' | 'assertedEmail' | 'firstNames' | 'lastName' | 'role' | 'status'>
  >;

  const keyOf = (text: string | null) => (text === null ? null : normaliseIdentifier(text));

  async function add(id: string, names: Names = {}): Promise<void> {
    const { username = `user ${id}`, email = null, assertedEmail = null, firstNames = null, lastName = null } = names;
    await fixture.database.writer.getRepository(UserRow).insert({
      id,
      username,
      usernameKey: keyOf(username),
      kind: 'password',
      role: 'USER',
      status: 'active',
      email,
      emailKey: keyOf(email),
      assertedEmail,
      assertedEmailKey: keyOf(assertedEmail),
      firstNames,
      firstNamesKey: keyOf(firstNames),
      lastName,
      lastNameKey: keyOf(lastName),
      organizationId: null,
      identityProvider: null,
      subject: null,
      secondFactor: 0,
      acceptedAgreement: 0,
      mustChangePassword: 0,
      createdAt: 0,
      ...('role' in names ? { role: names.role } : {}),
      ...('status' in names ? { status: names.status } : {}),
    });
  }

  /** The ids on each page of a list. */
  async function pagesOf(filter: Partial<UserFilter>, size = 10): Promise<string[][]> {
    const directory = new UserDirectory(fixture.database.reader);
    const pages: string[][] = [];
    for (let after: DirectoryPlace | null = null; ;) {
      const { rows, next } = await directory.page({ ...EVERYBODY, ...filter }, after, size);
      pages.push(rows.map(({ id }) => id));
      if (next === null) return pages;
      after = next;
    }
  }
  const listed = async (filter: Partial<UserFilter>) => (await pagesOf(filter)).flat();

  describe('the list of accounts', () => {
    it('has the newest first, in pages', async () => {
      for (const id of ['1', '2', '3', '4', '5']) await add(id);
      expect(await pagesOf({}, 2)).toEqual([['5', '4'], ['3', '2'], ['1']]);
      expect(await pagesOf({}, 5)).toEqual([['5', '4', '3', '2', '1']]);
    });

    it('is empty where there is nobody', async () => {
      expect(await pagesOf({})).toEqual([[]]);
      expect(await pagesOf({ prefix: 'a' })).toEqual([[]]);
    });

    it('is of one role or one status, and has deleted accounts only when they are asked for', async () => {
      await add('1', { role: 'ADMIN' });
      await add('2', { status: 'suspended' });
      await add('3', { status: 'deleted', username: 'ada' });
      await add('4', { role: 'SERVICE', username: '_ada' });
      expect(await listed({})).toEqual(['4', '2', '1']);
      expect(await listed({ role: 'ADMIN' })).toEqual(['1']);
      expect(await listed({ role: 'USER' })).toEqual(['2']);
      expect(await listed({ status: 'active' })).toEqual(['4', '1']);
      expect(await listed({ status: 'suspended', role: 'ADMIN' })).toEqual([]);
      expect(await listed({ status: 'deleted' })).toEqual(['3']);
      expect([await listed({ prefix: 'a' }), await listed({ prefix: 'a', status: 'deleted' })]).toEqual([[], ['3']]);
    });

    it('is searched by the beginning of names and addresses, in any spelling, in their order', async () => {
      await add('1', { username: 'Zoe', email: 'ADA@example.org' });
      await add('2', { username: 'adam' });
      await add('3', { username: 'xavier', firstNames: 'Ada Augusta', lastName: 'Byron' });
      await add('4', { username: 'yves', lastName: 'adamson' });
      await add('5', { username: 'madam', email: 'mad@example.org' });
      await add('6', { username: null });
      expect(await listed({ prefix: 'Ａda' })).toEqual(['3', '1', '2', '4']);
      expect(await listed({ prefix: 'ada ' })).toEqual(['3']);
      expect(await listed({ prefix: 'ada@' })).toEqual(['1']);
      await add('7', { username: 'theo', assertedEmail: 'Ada@example.org' });
      expect(await listed({ prefix: 'ada@' })).toEqual(['1', '7']);
      expect(await listed({ prefix: '' })).toEqual(['7', '6', '5', '4', '3', '2', '1']);
    });

    it('takes what means something to the database as it is', async () => {
      await add('1', { username: '100%' });
      await add('2', { username: "o'brien", lastName: '_x' });
      for (const [prefix, ids] of [
        ['%', []],
        ['_', ['2']],
        ['1\0', []],
        ['1', ['1']],
        ["o'", ['2']],
        ["' OR 1=1 --", []],
      ] as const)
        expect(await listed({ prefix })).toEqual(ids);
    });

    it('goes on where it was when accounts are added or deleted meanwhile', async () => {
      for (const id of ['2', '4', '6', '8']) await add(id, { firstNames: `a${id}` });
      const directory = new UserDirectory(fixture.database.reader);
      for (const [prefix, first, rest] of [
        [null, ['8', '6'], ['4', '2']],
        ['a', ['2', '4'], ['6', '8']],
      ] as const) {
        const { rows, next } = await directory.page({ ...EVERYBODY, prefix }, null, 2);
        expect(rows.map(({ id }) => id)).toEqual(first);
        for (const id of first) await fixture.database.writer.getRepository(UserRow).delete({ id });
        await add('9', { firstNames: 'a0' });
        const second = await directory.page({ ...EVERYBODY, prefix }, next, 2);
        expect([second.rows.map(({ id }) => id), second.next]).toEqual([rest, null]);
        for (const id of first) await add(id, { firstNames: `a${id}` });
        await fixture.database.writer.getRepository(UserRow).delete({ id: '9' });
      }
    });

    it('shows who is found in several ways once, in short pages rather than after a long search', async () => {
      for (let n = 0; n < 40; n += 1)
        await add(`${n}`.padStart(2, '0'), { username: `b${n}`, firstNames: 'B', lastName: 'B', email: `b${n}@b` });
      const pages = await pagesOf({ prefix: 'b' }, 1);
      expect(new Set(pages.flat()).size).toBe(40);
      expect(pages.flat()).toHaveLength(40);
    });

    it('shows everybody who matches once, in the order of the first text that does', async () => {
      const text = fc.option(fc.string({ unit: fc.constantFrom('a', 'b', '\uffee', '\u{10400}'), maxLength: 3 }));
      const account = fc.record({ username: text, email: text, firstNames: text, lastName: text });
      const bytes = (one: string) => Buffer.from(one).toString('hex');
      await fc.assert(
        fc.asyncProperty(
          fc.array(account, { maxLength: 12 }),
          fc.constantFrom('a', 'ab', '\uffee', '\u{10428}'),
          fc.integer({ min: 1, max: 5 }),
          async (accounts, prefix, size) => {
            await fixture.database.writer.getRepository(UserRow).clear();
            for (const [n, names] of accounts.entries()) await add(`${n}`.padStart(2, '0'), names);
            const key = normaliseIdentifier(prefix);
            const expected = accounts
              .map(({ username, email, firstNames, lastName }, n) => ({
                id: `${n}`.padStart(2, '0'),
                matched: [username, email, firstNames, lastName]
                  .map(keyOf)
                  .filter((text) => text?.startsWith(key))
                  .map((text) => bytes(text ?? ''))
                  .sort()[0],
              }))
              .filter(({ matched }) => matched !== undefined)
              .sort((one, other) => (`${one.matched} ${one.id}` < `${other.matched} ${other.id}` ? -1 : 1));
            expect((await pagesOf({ prefix }, size)).flat()).toEqual(expected.map(({ id }) => id));
          },
        ),
        { seed: 7, numRuns: kind === 'SQLite' ? 60 : 30 },
      );
    });

    it('is read by indexes alone, whatever is asked for', async () => {
      const plans = await fixture.plans(async (reader) => {
        const directory = new UserDirectory(reader);
        for (const prefix of [null, 'a'])
          for (const role of [null, 'ADMIN'] as const)
            for (const status of [null, 'deleted'] as const) await directory.page({ prefix, role, status }, null, 50);
      }, /account/);
      expect(plans).toHaveLength(8);
      for (const step of plans.flat()) expect(step).toMatch(BY_INDEX[kind]);
      const all = ACCOUNT_ROLES.length;
      const ranges = [2 * all, all, 2, 1];
      expect(plans.map(({ length }) => length)).toEqual(
        [...ranges, ...ranges.map((each) => 5 * each)].map((each) => each + 1),
      );
    });
  });
});
