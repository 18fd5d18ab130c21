import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { asCredentialId, asUserId, userStream } from '#domain/ids.js';
import { adaFederated, asserted } from '#domain/testing/federation.js';
import { ada, adaCreated, adaData } from '#domain/testing/users.js';
import { ReadModelFixture } from '../testing/read-model-fixture.js';
import { USERS_VERSION, UserRow } from './user-row.entity.js';
import { users } from './users.projection.js';
import { UserQueries, shownEmail } from './users.queries.js';

describe.each(DATABASES)('the accounts in %s', (kind) => {
  let fixture: ReadModelFixture;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind);
  });
  afterEach(() => fixture.close());
  const found = async () => {
    await fixture.catchUp(users);
    return new UserQueries(fixture.database.reader).byId(ada);
  };
  const row = async () => {
    await fixture.catchUp(users);
    return fixture.database.reader.getRepository(UserRow).findOneBy({ id: ada });
  };

  it('are kept without a word of their credentials', async () => {
    await fixture.happened(userStream(ada), adaCreated);
    expect(await row()).toEqual({
      id: ada,
      username: 'Ada',
      usernameKey: 'ada',
      kind: 'password',
      role: 'USER',
      status: 'active',
      email: 'ada@example.org',
      emailKey: 'ada@example.org',
      assertedEmail: null,
      assertedEmailKey: null,
      firstNames: 'Ada',
      firstNamesKey: 'ada',
      lastName: 'Lovelace',
      lastNameKey: 'lovelace',
      organizationId: null,
      identityProvider: null,
      subject: null,
      secondFactor: 0,
      acceptedAgreement: 0,
      mustChangePassword: 0,
      createdAt: Date.parse('2030-01-01T00:00:00.000Z'),
    });
  });

  it('are found by id as others see them', async () => {
    await fixture.happened(userStream(ada), adaCreated);
    expect(await found()).toEqual({
      id: ada,
      username: 'Ada',
      kind: 'password',
      role: 'USER',
      email: 'ada@example.org',
      assertedEmail: null,
      firstNames: 'Ada',
      lastName: 'Lovelace',
      organizationId: null,
      subject: null,
      secondFactor: 0,
      acceptedAgreement: 0,
    });
  });

  it('are found by name and address in whatever case (ucloud-users-api §5.3)', async () => {
    await fixture.happened(userStream(ada), adaCreated);
    await found();
    const queries = new UserQueries(fixture.database.reader);
    expect([(await queries.byUsername('aDA'))?.id, (await queries.byEmail('ADA@example.org'))?.id]).toEqual([ada, ada]);
    expect([await queries.byUsername('Ad'), await queries.byEmail('')]).toEqual([null, null]);
    expect([await queries.byUsername('Ada\0'), await queries.byId(asUserId('\0'))]).toEqual([null, null]);
    expect([...(await queries.byUsernames(['ADA', 'ada', 'nobody'])).keys()]).toEqual(['ADA', 'ada']);
  });

  it('are found by an index, however many there are', async () => {
    const plans = await fixture.plans(async (reader) => {
      const queries = new UserQueries(reader);
      await queries.byId(ada);
      await queries.byUsername('Ada');
      await queries.byEmail('ada@example.org');
      await queries.byUsernames(['Ada', 'Grace']);
      await queries.after(ada, 10);
    }, /user_account/);
    const table = `user_account_v${USERS_VERSION}`;
    const key = { SQLite: `sqlite_autoindex_${table}_1`, PostgreSQL: `${table}_pkey` }[kind];
    const indexOf = (step: string) => /(\w+) \(/.exec(step)?.[1]?.replace(/_[0-9a-f]{8}$/, '');
    expect(plans.map((steps) => steps.map(indexOf))).toEqual([
      [key],
      ['user_by_name'],
      ['user_by_email'],
      ['user_by_name'],
      [key],
    ]);
  });

  it('are found by many names at once, however many', async () => {
    await fixture.happened(userStream(ada), adaCreated);
    await found();
    const queries = new UserQueries(fixture.database.reader);
    for (const count of [0, 1, 9, 10, 11, 100, 101, 1_000, 1_001, 2_500]) {
      const names = [...Array.from({ length: count }, (_, n) => `nobody ${n}`), 'Ada'];
      expect([...(await queries.byUsernames(names)).keys()]).toEqual(['Ada']);
      expect((await queries.byUsernames(names.slice(0, -1))).size).toBe(0);
    }
  });

  it('of who comes from an identity provider show what it said last', async () => {
    for (const event of adaFederated) await fixture.happened(userStream(ada), event);
    expect(await row()).toMatchObject({
      kind: 'wayf',
      username: 'AdaLovelace#4821',
      firstNames: 'Ada',
      lastNameKey: 'lovelace',
      email: null,
      assertedEmail: 'ada@example.org',
      organizationId: 'example.org',
      identityProvider: 'https://wayf.wayf.dk',
      subject: 'WAYF-DK-ada',
    });
    const nothing = { firstNames: null, mails: [], organizationId: null };
    await fixture.happened(userStream(ada), asserted({ ...nothing, lastName: 'King' }));
    const now = { firstNames: null, firstNamesKey: null, lastName: 'King', lastNameKey: 'king', organizationId: null };
    expect(await row()).toMatchObject({ ...now, assertedEmail: null, assertedEmailKey: null });
  });

  it('are found by an address that is theirs, never by one that an identity provider only says (wayf-saml §3)', async () => {
    for (const event of adaFederated) await fixture.happened(userStream(ada), event);
    const account = await found();
    const queries = new UserQueries(fixture.database.reader);
    expect([account && shownEmail(account), await queries.byEmail('ada@example.org')]).toEqual([
      'ada@example.org',
      null,
    ]);
    const change = { changeId: 'c', previousEmail: null, undoTokenHash: 'h', undoUntil: '2030-01-04T00:00:00.000Z' };
    const email = 'countess@example.org';
    await fixture.happened(userStream(ada), { type: 'EmailChanged', data: { userId: ada, email, ...change } });
    await fixture.happened(userStream(ada), asserted({ mails: ['king@example.org'] }));
    await found();
    const confirmed = await queries.byEmail(email);
    expect([confirmed?.id, confirmed && shownEmail(confirmed)]).toEqual([ada, email]);
  });

  it('show whether they may be used', async () => {
    await fixture.happened(userStream(ada), adaCreated);
    await fixture.happened(userStream(ada), { type: 'UserSuspended', data: { userId: ada } });
    expect(await row()).toMatchObject({ status: 'suspended' });
    await fixture.happened(userStream(ada), { type: 'UserReinstated', data: { userId: ada } });
    expect(await row()).toMatchObject({ status: 'active' });
  });

  it('show whether another password has to be chosen', async () => {
    await fixture.happened(userStream(ada), adaCreated);
    await fixture.happened(userStream(ada), { type: 'PasswordChangeRequired', data: { userId: ada } });
    expect(await row()).toMatchObject({ mustChangePassword: 1 });
    const data = { userId: ada, credentialId: asCredentialId('c2'), cause: 'change' } as const;
    await fixture.happened(userStream(ada), { type: 'PasswordChanged', data });
    expect(await row()).toMatchObject({ mustChangePassword: 0 });
  });

  it('are kept and not found any more once they are deleted', async () => {
    await fixture.happened(userStream(ada), adaCreated);
    await fixture.happened(userStream(ada), { type: 'UserDeleted', data: { userId: ada } });
    expect(await found()).toBeNull();
    const queries = new UserQueries(fixture.database.reader);
    expect([await queries.byUsername('Ada'), await queries.byEmail('ada@example.org')]).toEqual([null, null]);
    expect((await queries.byUsernames(['Ada'])).size).toBe(0);
    expect(await queries.after(null, 10)).toEqual([]);
    expect(await row()).toMatchObject({ status: 'deleted', username: 'Ada' });
  });

  it('follow each other in a walk, without gaps where some were deleted', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      const userId = asUserId(name);
      await fixture.happened(userStream(userId), {
        type: 'UserCreated',
        data: { ...adaData, userId },
      });
      if (name === 'b' || name === 'c')
        await fixture.happened(userStream(userId), { type: 'UserDeleted', data: { userId } });
    }
    await found();
    const queries = new UserQueries(fixture.database.reader);
    const walked = async (after: string | null) =>
      (await queries.after(after === null ? null : asUserId(after), 2)).map(({ id }) => id);
    expect([await walked(null), await walked('d'), await walked('b')]).toEqual([['a', 'd'], ['e'], ['d', 'e']]);
  });

  it('have the name that was given last', async () => {
    const changed = { userId: ada, firstNames: 'Augusta Ada', lastName: null };
    await fixture.happened(userStream(ada), adaCreated);
    await fixture.happened(userStream(ada), { type: 'ProfileChanged', data: changed });
    expect(await found()).toMatchObject({ username: 'Ada', firstNames: 'Augusta Ada', lastName: null });
  });

  it('have no personal data once it was erased', async () => {
    await fixture.happened(userStream(ada), adaCreated);
    fixture.keys.destroy(ada);
    const nothing = { username: null, email: null, firstNames: null, lastName: null };
    const noKeys = { usernameKey: null, emailKey: null, firstNamesKey: null, lastNameKey: null };
    expect(await row()).toMatchObject({ id: ada, ...nothing, ...noKeys });
  });

  it('are in no list once they were erased, and have nothing personal left, whatever comes late (SEC-159)', async () => {
    const erased = { userId: ada, ground: 'own-request' } as const;
    const suspended = { type: 'UserSuspended', data: { userId: ada } } as const;
    await fixture.happened(userStream(ada), adaCreated);
    await fixture.happened(userStream(ada), suspended);
    expect(await found()).not.toBeNull();
    await fixture.happened(userStream(ada), { type: 'UserErased', data: erased });
    expect(await found()).toBeNull();
    const nothing = { username: null, email: null, firstNames: null, lastName: null };
    const noKeys = { usernameKey: null, emailKey: null, firstNamesKey: null, lastNameKey: null };
    expect(await row()).toMatchObject({ id: ada, status: 'erased', ...nothing, ...noKeys });
    const queries = new UserQueries(fixture.database.reader);
    expect(await queries.after(null, 10)).toEqual([]);
    expect(await queries.byUsername('Ada')).toBeNull();
  });

  it('have nothing left of what an identity provider said of who was erased', async () => {
    for (const event of adaFederated) await fixture.happened(userStream(ada), event);
    await fixture.happened(userStream(ada), { type: 'UserErased', data: { userId: ada, ground: 'own-request' } });
    const nothing = { subject: null, assertedEmail: null, assertedEmailKey: null, firstNames: null, lastName: null };
    expect(await row()).toMatchObject({ status: 'erased', ...nothing, identityProvider: 'https://wayf.wayf.dk' });
  });

  it('are not there before they are created', async () => expect(await found()).toBeNull());
});
