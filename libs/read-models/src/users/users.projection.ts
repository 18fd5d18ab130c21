import { type Personal, readable } from '#domain/personal.js';
import type { UserEvent } from '#domain/user/user.js';
import { normaliseIdentifier } from '#domain/user/username.js';
import { type Projection, patch, put } from '../projection.js';
import { UserRow } from './user-row.entity.js';

const keyOf = (identifier: Personal<string> | null) => {
  const text = readable(identifier);
  return text === null ? null : normaliseIdentifier(text);
};

/** The accounts there are. */
export const users: Projection<Extract<UserEvent, { type: 'UserCreated' | 'ProfileChanged' }>> = {
  name: 'users',
  version: 2,
  categories: ['user'],
  types: ['UserCreated', 'ProfileChanged'],
  tables: [UserRow],

  project({ event: { type, data }, occurredAt }) {
    const names = { firstNames: readable(data.firstNames), lastName: readable(data.lastName) };
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
            ...names,
            organizationId: data.organizationId,
            createdAt: occurredAt.getTime(),
          }),
        ];
      case 'ProfileChanged':
        return [patch(UserRow, data.userId, names)];
    }
  },
};
