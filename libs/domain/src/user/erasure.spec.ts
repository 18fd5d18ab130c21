import { describe, expect, it } from 'vitest';
import { asUserId } from '../ids.js';
import { at, scenario, stateAfter } from '../testing/scenario.js';
import { ada, adaCreated, invalidated, serviceCreated } from '../testing/users.js';
import type { EraseUser } from './erasure.js';
import { isAdministrator } from './user-administration.js';
import type { UserEvent } from './user-events.js';
import { user } from './user.js';

const given = scenario(user);
const administrator = asUserId('the administrator');
const erase: EraseUser = { type: 'EraseUser', by: ada, ground: 'own-request', ticket: null };
const erased: UserEvent = { type: 'UserErased', data: { userId: ada, ground: 'own-request' } };
const suspended: UserEvent = { type: 'UserSuspended', data: { userId: ada } };
const deleted: UserEvent = { type: 'UserDeleted', data: { userId: ada } };
const promoted: UserEvent = { type: 'RoleChanged', data: { userId: ada, role: 'ADMIN' } };
const reason = 'the court has asked for it';
const held: UserEvent = { type: 'LegalHoldPlaced', data: { userId: ada, reason } };
const lifted: UserEvent = { type: 'LegalHoldLifted', data: { userId: ada, reason } };

describe('erasing somebody', () => {
  it('ends their sessions in the same append, in whatever state the account is', () => {
    given(adaCreated).when(erase).yields(invalidated(1), erased);
    given(adaCreated, suspended, invalidated(1)).when(erase).yields(invalidated(2), erased);
    given(adaCreated, invalidated(1), deleted).when(erase).yields(erased);
  });

  it('is done once', () => given(adaCreated, invalidated(1), erased).when(erase).yields());

  it('is for those who once were there', () => {
    given().when(erase).refuses('user-unknown');
    given({ type: 'UserCreationAbandoned', data: {} }).when(erase).refuses('user-unknown');
  });

  it('is for persons', () => given(serviceCreated).when(erase).refuses('erasure-not-applicable'));

  it('says on which ground, and where the request is on file', () => {
    const asked = { ...erase, by: administrator, ground: 'consent-withdrawn', ticket: 'PRIVACY-42' } as const;
    const data = { userId: ada, ground: 'consent-withdrawn', ticket: 'PRIVACY-42' } as const;
    given(adaCreated).when(asked).yields(invalidated(1), { type: 'UserErased', data });
  });

  it('takes no ticket in which somebody could be named', () => {
    for (const ticket of ['', 'Ada Lovelace', 'ada@example.org', 'x'.repeat(65), 'two\nlines', '-1'])
      given(adaCreated)
        .when({ ...erase, ticket })
        .refuses('reason-invalid');
  });

  it('is decided again if all sessions have ended since somebody looked', () =>
    given(adaCreated, invalidated(1))
      .when({ ...erase, seenEpoch: 0 })
      .refuses('account-changed-meanwhile'));
});

describe('erasing an administrator (SEC-175)', () => {
  it('is for another administrator', () => {
    given(adaCreated, promoted).when(erase).refuses('own-account');
    given(adaCreated, promoted)
      .when({ ...erase, by: null })
      .refuses('administration-withdrawn');
    given(adaCreated, promoted)
      .when({ ...erase, by: administrator })
      .yields(invalidated(1), erased);
  });

  it('leaves nobody who administers', () =>
    expect(isAdministrator(stateAfter(user, [adaCreated, promoted, invalidated(1), erased]))).toBe(false));
});

describe('a legal hold (SEC-166)', () => {
  const place = { type: 'PlaceLegalHold', reason } as const;
  const lift = { type: 'LiftLegalHold', reason } as const;

  it('keeps an account from being erased until it is lifted, also one that was deleted', () => {
    given(adaCreated, held).when(erase).refuses('legal-hold');
    given(adaCreated, held, deleted).when(erase).refuses('legal-hold');
    given(adaCreated, deleted, held).when(erase).refuses('legal-hold');
    given(adaCreated, held, lifted).when(erase).yields(invalidated(1), erased);
    given(adaCreated, deleted, held, lifted).when(erase).yields(erased);
  });

  it('is placed once and lifted once, with a reason', () => {
    given(adaCreated).when(place).yields(held);
    given(adaCreated, held).when(place).yields();
    given(adaCreated, held).when(lift).yields(lifted);
    given(adaCreated).when(lift).yields();
    given(adaCreated)
      .when({ ...place, reason: 'two\nlines' })
      .refuses('reason-invalid');
  });

  it('is of no use to who was erased', () => {
    given(adaCreated, erased).when(place).refuses('user-erased');
    given().when(place).refuses('user-unknown');
  });
});

describe('an erased account', () => {
  const inventory = { identifiers: 2, credentials: 1, mails: 3 };
  const outcome = { sessionsEnded: 1, sealedEvents: 4, readModels: ['users'] };
  const taken: UserEvent = { type: 'ErasureInventoryTaken', data: { userId: ada, ...inventory } };
  const completed: UserEvent = { type: 'UserErasureCompleted', data: { userId: ada, ...outcome } };

  it('remembers what was done, each step once', () => {
    const take = { type: 'TakeErasureInventory', inventory } as const;
    const complete = { type: 'CompleteErasure', outcome } as const;
    given(adaCreated, erased).when(take).yields(taken);
    given(adaCreated, erased, taken).when(take).yields();
    given(adaCreated, erased, taken).when(complete).yields(completed);
    given(adaCreated, erased, taken, completed).when(complete).yields();
    for (const step of [take, complete]) given(adaCreated).when(step).refuses('erasure-unknown');
  });

  it('is nothing but that', () => {
    const time = '2030-01-01T00:00:00.000Z';
    expect(stateAfter(user, [adaCreated, at(time, erased), taken, at(time, completed)])).toEqual({
      status: 'erased',
      id: ada,
      ground: 'own-request',
      ticket: null,
      erasedAt: new Date(time),
      inventory,
      outcome: { ...outcome, completedAt: new Date(time) },
    });
  });

  it('is changed by nothing that comes late', () => {
    const before = [adaCreated, erased, taken];
    for (const late of [invalidated(7), suspended, deleted, promoted, held])
      expect(stateAfter(user, [...before, late])).toEqual(stateAfter(user, before));
    for (const type of ['SuspendUser', 'ReinstateUser', 'DeleteUser', 'RequirePasswordChange'] as const)
      given(adaCreated, erased).when({ type, by: administrator, reason: null }).refuses('user-unknown');
  });

  it('can still be asked about, which is remembered', () =>
    given(adaCreated, erased)
      .when({ type: 'RecordExport' })
      .yields({ type: 'SubjectDataExported', data: { userId: ada } }));
});
