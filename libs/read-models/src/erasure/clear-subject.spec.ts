import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { asUserId, userStream } from '#domain/ids.js';
import { ada, adaCreated, adaData } from '#domain/testing/users.js';
import { inTransaction } from '#database/transaction.js';
import { ReadModelFixture } from '../testing/read-model-fixture.js';
import { USERS_VERSION, UserRow } from '../users/user-row.entity.js';
import { users } from '../users/users.projection.js';

const eve = asUserId('0198-eve');
const LIVE = `user_account_v${USERS_VERSION}`;
const PERSONAL = ['Lovelace', 'lovelace', 'ada@example.org'];

describe.each(DATABASES)('what the read models in %s have of a person', (kind) => {
  let fixture: ReadModelFixture;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind);
    await fixture.happened(userStream(ada), adaCreated);
    const names = { username: 'Eve', email: 'eve@example.org', firstNames: 'Eve', lastName: 'Moriarty' };
    await fixture.happened(userStream(eve), { type: 'UserCreated', data: { ...adaData, ...names, userId: eve } });
    await fixture.catchUp(users);
  });
  afterEach(() => fixture.close());

  const traces = async () => {
    const contents = await fixture.contents();
    return PERSONAL.filter((text) => contents.includes(text));
  };
  const countIn = async (table: string) => (await fixture.query(`SELECT id FROM ${table}`)).length;

  it('is gone before the projection has heard of it, in tables and files, and of nobody else (SEC-159)', async () => {
    expect(await traces()).toEqual(PERSONAL);
    await fixture.database.clear(ada);
    await fixture.database.clear(ada);
    expect(await traces()).toEqual([]);
    const rows = await fixture.database.reader.getRepository(UserRow).find({ order: { id: 'ASC' } });
    expect(rows).toMatchObject([
      { id: ada, username: null, email: null, lastNameKey: null, status: 'active' },
      { id: eve, username: 'Eve', email: 'eve@example.org', lastNameKey: 'moriarty' },
    ]);
  });

  it('is gone also from the tables that a rebuild has replaced, and from those of earlier versions', async () => {
    await fixture.query(`CREATE TABLE ${LIVE}_previous AS SELECT * FROM ${LIVE}`);
    await fixture.query(`CREATE TABLE user_account_v1 AS SELECT * FROM ${LIVE}`);
    await fixture.query(
      `INSERT INTO projection_checkpoint (projection, version, edition, position, parking, events, "recordedAt", "movedAt", tables)
       VALUES ('users', 1, 'live', '1', 0, 0, 0, 0, 'user_account_v1')`,
    );
    await fixture.database.clear(ada);
    expect(await traces()).toEqual([]);
    expect([await countIn(`${LIVE}_previous`), await countIn('user_account_v1')]).toEqual([2, 1]);
  });

  it('waits for a transaction of the projector, and lets it go on', async () => {
    let clearing: Promise<void> | undefined;
    await inTransaction(fixture.database.writer, async (runner) => {
      await runner.query(`UPDATE ${LIVE} SET "secondFactor" = 1`);
      clearing = fixture.database.clear(ada);
      await new Promise((resolve) => setImmediate(resolve));
    });
    await clearing;
    expect(await traces()).toEqual([]);
  });
});
