import { type Personal, readable } from '#domain/personal.js';
import type { SecondFactorEvent } from '#domain/second-factor/second-factor.js';
import type { UserEvent } from '#domain/user/user-events.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import { type Projection, patch, put, remove } from '../projection.js';
import { UserRow } from './user-row.entity.js';

const TYPES = [
  'UserCreated',
  'ProfileChanged',
  'RoleChanged',
  'UserDeleted',
  'AgreementAccepted',
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

/** The accounts there are. */
export const users: Projection<ShownEvent> = {
  name: 'users',
  version: 6,
  categories: ['user', 'factor'],
  types: TYPES,
  tables: [UserRow],

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
            email: readable(data.email),
            emailKey: keyOf(data.email),
            firstNames: readable(data.firstNames),
            lastName: readable(data.lastName),
            organizationId: data.organizationId,
            secondFactor: 0,
            acceptedAgreement: 0,
            createdAt: occurredAt.getTime(),
          }),
        ];
      case 'ProfileChanged':
        return [
          patch(UserRow, data.userId, {
            firstNames: readable(data.firstNames),
            lastName: readable(data.lastName),
          }),
        ];
      case 'RoleChanged':
        return [patch(UserRow, data.userId, { role: data.role })];
      case 'UserDeleted':
        return [remove(UserRow, data.userId)];
      case 'EmailChanged':
      case 'EmailChangeUndone':
        return [patch(UserRow, data.userId, { email: readable(data.email), emailKey: keyOf(data.email) })];
      case 'AgreementAccepted':
        return [patch(UserRow, data.userId, { acceptedAgreement: data.version })];
      case 'SecondFactorEnrolled':
        return [patch(UserRow, data.userId, { secondFactor: 1 })];
      case 'SecondFactorRemoved':
        return [patch(UserRow, data.userId, { secondFactor: 0 })];
    }
  },
};
