import { idIn } from '#domain/ids.js';
import { type Personal, readable } from '#domain/personal.js';
import type { SecondFactorEvent } from '#domain/second-factor/second-factor.js';
import { firstMail } from '#domain/user/asserted-profile.js';
import type { UserEvent } from '#domain/user/user-events.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import { type Projection, blank, patch, personal, put } from '../projection.js';
import { USERS_VERSION, UserRow } from './user-row.entity.js';

const TYPES = [
  'UserCreated',
  'IdentityFederated',
  'AssertedProfileChanged',
  'ProfileChanged',
  'RoleChanged',
  'UserSuspended',
  'UserReinstated',
  'UserDeleted',
  'UserErased',
  'AgreementAccepted',
  'PasswordChangeRequired',
  'PasswordChanged',
  'EmailChanged',
  'EmailChangeUndone',
  'SecondFactorEnrolled',
  'SecondFactorRemoved',
] as const;
type ShownEvent = Extract<UserEvent | SecondFactorEvent, { type: (typeof TYPES)[number] }>;

const keyOf = (identifier: Personal<string> | null) => {
  const text = readable(identifier);
  return text === null ? null : normaliseIdentifier(text);
};

interface Names {
  readonly firstNames: Personal<string> | null;
  readonly lastName: Personal<string> | null;
}

const namesOf = ({ firstNames, lastName }: Names) => ({
  firstNames: readable(firstNames),
  firstNamesKey: keyOf(firstNames),
  lastName: readable(lastName),
  lastNameKey: keyOf(lastName),
});

const PERSONAL = personal(
  UserRow,
  'id',
  'username',
  'usernameKey',
  'email',
  'emailKey',
  'assertedEmail',
  'assertedEmailKey',
  'firstNames',
  'firstNamesKey',
  'lastName',
  'lastNameKey',
  'subject',
);

/** The accounts there are and were. */
export const users: Projection<ShownEvent> = {
  name: 'users',
  version: USERS_VERSION,
  categories: ['user', 'factor'],
  types: TYPES,
  // The account and its second factor make one row.
  sequenceOf: (stream) => idIn(stream),
  tables: [UserRow],
  personal: [PERSONAL],

  project({ event: { type, data }, occurredAt }) {
    switch (type) {
      case 'UserCreated':
        return [
          put(UserRow, {
            id: data.userId,
            username: readable(data.username),
            usernameKey: keyOf(data.username),
            kind: data.kind,
            role: data.role,
            status: 'active',
            email: readable(data.email),
            emailKey: keyOf(data.email),
            assertedEmail: null,
            assertedEmailKey: null,
            ...namesOf(data),
            organizationId: data.organizationId,
            identityProvider: null,
            subject: null,
            secondFactor: 0,
            acceptedAgreement: 0,
            mustChangePassword: 0,
            createdAt: occurredAt.getTime(),
          }),
        ];
      case 'IdentityFederated':
        return [
          patch(UserRow, data.userId, { identityProvider: data.identityProvider, subject: readable(data.subject) }),
        ];
      case 'AssertedProfileChanged': {
        const email = firstMail(data);
        const asserted = { assertedEmail: readable(email), assertedEmailKey: keyOf(email) };
        const { organizationId } = data;
        return [patch(UserRow, data.userId, { ...asserted, ...namesOf(data), organizationId })];
      }
      case 'ProfileChanged':
        return [patch(UserRow, data.userId, namesOf(data))];
      case 'RoleChanged':
        return [patch(UserRow, data.userId, { role: data.role })];
      case 'UserSuspended':
        return [patch(UserRow, data.userId, { status: 'suspended' })];
      case 'UserReinstated':
        return [patch(UserRow, data.userId, { status: 'active' })];
      case 'UserDeleted':
        return [patch(UserRow, data.userId, { status: 'deleted' })];
      case 'UserErased':
        return [blank(PERSONAL, data.userId), patch(UserRow, data.userId, { status: 'erased' })];
      case 'EmailChanged':
      case 'EmailChangeUndone':
        return [patch(UserRow, data.userId, { email: readable(data.email), emailKey: keyOf(data.email) })];
      case 'AgreementAccepted':
        return [patch(UserRow, data.userId, { acceptedAgreement: data.version })];
      case 'PasswordChangeRequired':
        return [patch(UserRow, data.userId, { mustChangePassword: 1 })];
      case 'PasswordChanged':
        return [patch(UserRow, data.userId, { mustChangePassword: 0 })];
      case 'SecondFactorEnrolled':
        return [patch(UserRow, data.userId, { secondFactor: 1 })];
      case 'SecondFactorRemoved':
        return [patch(UserRow, data.userId, { secondFactor: 0 })];
    }
  },
};
