import { describe, expect, it } from 'vitest';
import { asSessionId } from '../ids.js';
import { erased } from '../personal.js';
import { scenario, stateAfter } from '../testing/scenario.js';
import { ada as id, adaCreated as created, adaData as createdData, invalidated } from '../testing/users.js';
import type { CreateUser } from './user-creation.js';
import type { UserEvent } from './user-events.js';
import { user } from './user.js';

const given = scenario(user);

const { kind: _, userId: __, ...wanted } = createdData;
const create = (more: Partial<CreateUser> = {}): CreateUser => ({ type: 'CreateUser', id, ...wanted, ...more });
const abandoned: UserEvent = { type: 'UserCreationAbandoned', data: {} };

describe('creating a person', () => {
  it('records who they are', () => given().when(create()).yields(created));

  it('changes nothing the second time', () => given(created).when(create()).yields());

  it('names a nameless person after their user name (ucloud-users-api §5.9)', () =>
    given()
      .when(create({ firstNames: ' ' }))
      .yields({ type: 'UserCreated', data: { ...createdData, firstNames: 'Ada', lastName: 'N/A' } }));

  it('is refused for good once it was abandoned', () =>
    given(abandoned).when(create()).refuses('user-creation-abandoned'));

  for (const username of ['Ada Lovelace', 'Åse', 'ada.b-c#1', '日本', 'x'.repeat(250)])
    it(`accepts the name ${username.slice(0, 20)}`, () =>
      expect(user.decide(user.initial, create({ username }))).toHaveLength(1));

  for (const username of [
    '',
    ' ada',
    '_ada',
    'a\nb',
    'a\u0000b',
    'a\u200Bb',
    'a\u2028b',
    'a@b',
    "a'b",
    'a\\b',
    'x'.repeat(251),
  ])
    it(`refuses the name ${JSON.stringify(username).slice(0, 20)}`, () =>
      given().when(create({ username })).refuses('username-invalid'));

  it('needs an e-mail address of a person, unless the installation makes it', () => {
    given()
      .when(create({ email: null }))
      .refuses('email-invalid');
    const made = { email: null, registeredBy: 'installation' } as const;
    given()
      .when(create(made))
      .yields({ type: 'UserCreated', data: { ...createdData, ...made } });
  });

  for (const email of ['', 'ada', '@example.org', 'ada@', 'a@b@c', 'a b@c', 'a\r\n@c', `${'x'.repeat(250)}@c.dk`])
    it(`refuses the e-mail address ${JSON.stringify(email).slice(0, 20)}`, () =>
      given().when(create({ email })).refuses('email-invalid'));

  it('refuses line breaks in first and last names', () =>
    given()
      .when(create({ firstNames: 'A\nB' }))
      .refuses('name-invalid'));

  for (const role of ['GUEST', 'PROVIDER', 'THIRD_PARTY_APP', 'UNKNOWN'] as const)
    it(`refuses the role ${role}`, () => given().when(create({ role })).refuses('role-not-assignable'));
});

describe('creating a service', () => {
  it('keeps its name and role only', () =>
    given()
      .when(create({ role: 'SERVICE', username: '_share' }))
      .yields({
        type: 'UserCreated',
        data: {
          userId: id,
          kind: 'service',
          role: 'SERVICE',
          username: '_share',
          email: null,
          firstNames: null,
          lastName: null,
          organizationId: null,
          credentialId: null,
          registeredBy: 'service',
        },
      }));

  for (const username of ['share', '__share', '_'])
    it(`refuses the name ${username}`, () =>
      given()
        .when(create({ role: 'SERVICE', username }))
        .refuses('username-invalid'));
});

describe('abandoning the creation of a user', () => {
  it('is possible while there is no user', () => given().when({ type: 'AbandonUserCreation' }).yields(abandoned));
  it('leaves a user who is there alone', () => given(created).when({ type: 'AbandonUserCreation' }).yields());
  it('changes nothing the second time', () => given(abandoned).when({ type: 'AbandonUserCreation' }).yields());
});

describe('ending all sessions', () => {
  it('is one event that begins a new epoch', () =>
    given(created).when({ type: 'InvalidateSessions', spare: null }).yields(invalidated(1)));

  it('begins another epoch each time', () =>
    given(created, invalidated(1)).when({ type: 'InvalidateSessions', spare: null }).yields(invalidated(2)));

  it('can spare a session of this epoch', () =>
    given(created, invalidated(1))
      .when({ type: 'InvalidateSessions', spare: { id: asSessionId('a'), epoch: 1 } })
      .yields(invalidated(2, 'a')));

  it('can spare the session that was spared before', () =>
    given(created, invalidated(1, 'a'))
      .when({ type: 'InvalidateSessions', spare: { id: asSessionId('a'), epoch: 0 } })
      .yields(invalidated(2, 'a')));

  it('does not bring a dead session back to life by sparing it', () =>
    given(created, invalidated(1, 'a'))
      .when({ type: 'InvalidateSessions', spare: { id: asSessionId('b'), epoch: 0 } })
      .refuses('session-ended'));

  it('is refused where there is no user', () => {
    given().when({ type: 'InvalidateSessions', spare: null }).refuses('user-unknown');
    given(abandoned).when({ type: 'InvalidateSessions', spare: null }).refuses('user-unknown');
  });
});

describe('changing a name', () => {
  const rename = (firstNames: string | null, lastName: string | null) =>
    ({ type: 'ChangeProfile', firstNames, lastName, email: null }) as const;

  it('changes what is given, and nothing if nothing is', () => {
    given(created)
      .when(rename('Augusta', null))
      .yields({
        type: 'ProfileChanged',
        data: { userId: id, firstNames: 'Augusta', lastName: createdData.lastName },
      });
    given(created).when(rename(' ', null)).yields();
    given(created).when(rename(createdData.firstNames, createdData.lastName)).yields();
  });

  it('is refused for what no name can be', () => {
    given(created)
      .when(rename('x'.repeat(251), null))
      .refuses('name-invalid');
    given(created).when(rename(null, 'a\u202eb')).refuses('name-invalid');
  });
});

describe('a user whose personal data was erased', () => {
  it('is still there, without it', () => {
    const data = { ...createdData, username: erased, email: erased, firstNames: erased, lastName: erased };
    expect(stateAfter(user, [{ type: 'UserCreated', data }])).toMatchObject({
      status: 'active',
      id,
      claims: { username: erased },
    });
  });
});
