import { describe, expect, it } from 'vitest';
import { erased } from '#domain/personal.js';
import { ada, adaCreated, adaData, invalidated } from '#domain/testing/users.js';
import type { UserEvent } from '#domain/user/user-events.js';
import { identifiersIn } from './identifiers.js';

const changed: UserEvent = {
  type: 'EmailChanged',
  data: {
    userId: ada,
    changeId: 'c',
    email: 'countess@example.org',
    previousEmail: 'ada@example.org',
    undoTokenHash: 'h',
    undoUntil: '2030-01-04T00:00:00.000Z',
  },
};
const requested: UserEvent = {
  type: 'EmailChangeRequested',
  data: { userId: ada, changeId: 'd', email: 'l@example.org', heldBy: null, tokenHash: 'h', expiresAt: '2030-01-02' },
};

describe('the identifiers of an account', () => {
  it('are its name and every address that it ever had or asked for, each once', () =>
    expect(identifiersIn([adaCreated, changed, invalidated(1), requested])).toEqual([
      { kind: 'name', value: 'Ada' },
      { kind: 'email', value: 'ada@example.org' },
      { kind: 'email', value: 'countess@example.org' },
      { kind: 'email', value: 'l@example.org' },
    ]));

  it('are also who they are to an identity provider', () => {
    const identity = { identityProvider: 'https://wayf.wayf.dk', subject: 'WAYF-DK-ada' };
    const federated: UserEvent = { type: 'IdentityFederated', data: { userId: ada, ...identity } };
    expect(identifiersIn([federated])).toEqual([{ kind: 'idp', value: '["https://wayf.wayf.dk","WAYF-DK-ada"]' }]);
    expect(identifiersIn([{ ...federated, data: { ...federated.data, subject: erased } }])).toEqual([]);
  });

  it('are none once they cannot be read', () =>
    expect(identifiersIn([{ type: 'UserCreated', data: { ...adaData, username: erased, email: erased } }])).toEqual(
      [],
    ));
});
