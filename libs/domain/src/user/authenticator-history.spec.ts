import { describe, expect, it } from 'vitest';
import { asCredentialId } from '../ids.js';
import type { SecondFactorEvent } from '../second-factor/second-factor.js';
import { ada, adaCreated, serviceCreated } from '../testing/users.js';
import { type BoundAuthenticator, isBinding, withBinding } from './authenticator-history.js';
import type { UserEvent } from './user-events.js';

type Happening = UserEvent | SecondFactorEvent;

const id = asCredentialId;
const changed: Happening = { type: 'PasswordChanged', data: { userId: ada, credentialId: id('c2'), cause: 'change' } };
const rehashed: Happening = {
  type: 'PasswordRehashed',
  data: { userId: ada, credentialId: id('c3'), from: 'pbkdf2', to: 'argon2id' },
};
const enrolled: Happening = {
  type: 'SecondFactorEnrolled',
  data: { userId: ada, credentialId: id('t1'), recoveryCredentialId: id('r1'), step: 1 },
};
const replaced: Happening = { type: 'RecoveryCodesReplaced', data: { userId: ada, recoveryCredentialId: id('r2') } };
const removed: Happening = { type: 'SecondFactorRemoved', data: { userId: ada, cause: 'removed' } };
const erased: Happening = { type: 'UserErased', data: { userId: ada, ground: 'own-request' } };

const day = (n: number) => new Date(Date.UTC(2030, 0, n));

/** One event a day. */
const after = (...events: readonly Happening[]) =>
  events
    .reduce<readonly BoundAuthenticator[]>(
      (history, event, index) => (isBinding(event) ? withBinding(history, event, day(index + 1)) : history),
      [],
    )
    .map(({ kind, id, boundAt, unboundAt }) => [kind, id, boundAt.getUTCDate(), unboundAt?.getUTCDate() ?? null]);

describe('the authenticators of an account (SEC-157)', () => {
  it('are all that were ever bound to it, and from when until when', () =>
    expect(after(adaCreated, enrolled, changed, replaced, rehashed, removed)).toEqual([
      ['password', 'c1', 1, 3],
      ['totp', 't1', 2, 6],
      ['recovery-codes', 'r1', 2, 4],
      ['password', 'c2', 3, 5],
      ['recovery-codes', 'r2', 4, 6],
      ['password', 'c3', 5, null],
    ]));

  it('open nothing any more once it was erased', () =>
    expect(after(adaCreated, enrolled, erased)).toEqual([
      ['password', 'c1', 1, 3],
      ['totp', 't1', 2, 3],
      ['recovery-codes', 'r1', 2, 3],
    ]));

  it('are none of who has no password', () => expect(after(serviceCreated)).toEqual([]));
});
