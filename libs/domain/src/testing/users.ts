import { asCredentialId, asSessionId, asUserId } from '../ids.js';
import type { UserEvent } from '../user/user-events.js';

/** The account that the specifications of accounts are about. */
export const ada = asUserId('0198-ada');

export const adaData = {
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
} as const;

export const adaCreated: UserEvent = { type: 'UserCreated', data: adaData };

const nobody = { email: null, firstNames: null, lastName: null, credentialId: null };
export const serviceCreated: UserEvent = {
  type: 'UserCreated',
  data: { ...adaData, ...nobody, kind: 'service', role: 'SERVICE', username: '_share' },
};

export const invalidated = (epoch: number, spared: string | null = null): UserEvent => ({
  type: 'SessionsInvalidated',
  data: { userId: ada, epoch, spared: spared === null ? null : asSessionId(spared) },
});
