import { readable } from '#domain/personal.js';
import type { UserEvent } from '#domain/user/user.js';
import { type Projection, put } from '../projection.js';
import { UserRow } from './user-row.entity.js';

/** The accounts there are. */
export const users: Projection<Extract<UserEvent, { type: 'UserCreated' }>> = {
  name: 'users',
  version: 1,
  categories: ['user'],
  types: ['UserCreated'],
  tables: [UserRow],

  project({ event: { data }, occurredAt }) {
    return [
      put(UserRow, {
        id: data.userId,
        username: readable(data.username),
        kind: data.kind,
        role: data.role,
        email: readable(data.email),
        firstNames: readable(data.firstNames),
        lastName: readable(data.lastName),
        organizationId: data.organizationId,
        createdAt: occurredAt.getTime(),
      }),
    ];
  },
};
