import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asCredentialId, asUserId, userStream } from '#domain/ids.js';
import type { UserEvent } from '#domain/user/user-events.js';
import { ReadModelFixture } from '../testing/read-model-fixture.js';
import { users } from './users.projection.js';
import { UserQueries } from './users.queries.js';

const ada = asUserId('ada');
const created: UserEvent = {
  type: 'UserCreated',
  data: {
    userId: ada,
    kind: 'password',
    role: 'USER',
    username: 'Ada',
    email: 'ada@example.org',
    firstNames: 'Ada',
    lastName: 'Lovelace',
    organizationId: null,
    credentialId: asCredentialId('c1'),
    registeredBy: 'service',
  },
};

describe('the accounts', () => {
  let fixture: ReadModelFixture;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open();
  });
  afterEach(() => fixture.close());
  const found = async () => {
    await fixture.catchUp(users);
    return new UserQueries(fixture.database.reader).byId(ada);
  };

  it('are found by id, without a word of their credentials', async () => {
    await fixture.happened(userStream(ada), created);
    expect(await found()).toEqual({
      id: ada,
      username: 'Ada',
      usernameKey: 'ada',
      kind: 'password',
      role: 'USER',
      email: 'ada@example.org',
      emailKey: 'ada@example.org',
      firstNames: 'Ada',
      lastName: 'Lovelace',
      organizationId: null,
      secondFactor: 0,
      acceptedAgreement: 0,
      createdAt: Date.parse('2030-01-01T00:00:00.000Z'),
    });
  });

  it('are found by name and address in whatever case (ucloud-users-api §5.3)', async () => {
    await fixture.happened(userStream(ada), created);
    await found();
    const queries = new UserQueries(fixture.database.reader);
    expect([(await queries.byUsername('aDA'))?.id, (await queries.byEmail('ADA@example.org'))?.id]).toEqual([ada, ada]);
    expect([await queries.byUsername('Ad'), await queries.byEmail('')]).toEqual([null, null]);
    expect([...(await queries.byUsernames(['ADA', 'ada', 'nobody'])).keys()]).toEqual(['ADA', 'ada']);
  });

  it('have the name that was given last', async () => {
    const changed = { userId: ada, firstNames: 'Augusta Ada', lastName: null };
    await fixture.happened(userStream(ada), created);
    await fixture.happened(userStream(ada), { type: 'ProfileChanged', data: changed });
    expect(await found()).toMatchObject({ username: 'Ada', firstNames: 'Augusta Ada', lastName: null });
  });

  it('have no personal data once it was erased', async () => {
    await fixture.happened(userStream(ada), created);
    fixture.keys.destroy(ada);
    expect(await found()).toMatchObject({ id: ada, username: null, email: null, firstNames: null, lastName: null });
  });

  it('are not there before they are created', async () => expect(await found()).toBeNull());
});
