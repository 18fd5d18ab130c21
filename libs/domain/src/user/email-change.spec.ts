import { describe, expect, it } from 'vitest';
import { at, scenario, stateAfter } from '../testing/scenario.js';
import { ada, adaCreated, invalidated } from '../testing/users.js';
import { type RequestEmailChange, claimsEmail } from './email-change.js';
import type { UserEvent } from './user-events.js';
import type { User } from './user-state.js';
import { type UserCommand, user } from './user.js';

const given = scenario(user);
const NOW = '2030-01-01T12:00:00.000Z';
const now = new Date(NOW);
const NEW = 'countess@example.org';
const THIRD = 'lovelace@example.org';

const asked = {
  type: 'RequestEmailChange',
  email: NEW,
  heldBy: null,
  changeId: 'one',
  tokenHash: 'h1',
  now,
} as const;
const request = (more: Partial<RequestEmailChange> = {}) =>
  ({ type: 'ChangeProfile', firstNames: null, lastName: null, email: { ...asked, ...more } }) as const;
const requested = (email = NEW, n = 1): UserEvent => ({
  type: 'EmailChangeRequested',
  data: {
    userId: ada,
    changeId: n === 1 ? 'one' : 'two',
    email,
    heldBy: null,
    tokenHash: `h${n}`,
    expiresAt: '2030-01-02T12:00:00.000Z',
  },
});
const confirm = { type: 'ConfirmEmailChange', presentedHash: 'h1', undoTokenHash: 'u1', now } as const;
const changed = (email: string, previousEmail: string, n: number): UserEvent => ({
  type: 'EmailChanged',
  data: {
    userId: ada,
    changeId: n === 1 ? 'one' : 'two',
    email,
    previousEmail,
    undoTokenHash: `u${n}`,
    undoUntil: '2030-01-04T12:00:00.000Z',
  },
});
const undo = { type: 'UndoEmailChange', presentedHash: 'u1', now } as const;
const undone: UserEvent = {
  type: 'EmailChangeUndone',
  data: { userId: ada, changeId: 'one', email: 'ada@example.org' },
};

describe('asking for another e-mail address', () => {
  it('is void once all sessions were ended, or the others: whoever asked may be whom the owner shuts out (SEC-54)', () => {
    given(adaCreated, requested(), invalidated(1)).when(confirm).refuses('email-token-unknown');
  });

  it('changes nothing yet', () => given(adaCreated).when(request()).yields(requested()));

  it('is nothing for the address that is the account’s', () =>
    given(adaCreated)
      .when(request({ email: 'ada@example.org' }))
      .yields());

  it('comes with a change of names, or not at all', () => {
    const data = { userId: ada, firstNames: 'Augusta', lastName: 'Lovelace' };
    given(adaCreated)
      .when({ ...request(), firstNames: 'Augusta' })
      .yields({ type: 'ProfileChanged', data }, requested());
    given(adaCreated)
      .when({ ...request({ email: 'no address' }), firstNames: 'Augusta' })
      .refuses('email-invalid');
  });

  it('is refused for what is no address', () =>
    given(adaCreated)
      .when(request({ email: 'not an address' }))
      .refuses('email-invalid'));
});

describe('confirming another e-mail address', () => {
  it('changes it (SEC-63)', () =>
    given(adaCreated, requested())
      .when(confirm)
      .yields(changed(NEW, 'ada@example.org', 1)));

  it('is done once (SEC-55)', () =>
    given(adaCreated, requested(), changed(NEW, 'ada@example.org', 1))
      .when(confirm)
      .refuses('email-token-unknown'));

  it('is possible for 24 hours (SEC-51)', () => {
    const late = (time: string) => given(adaCreated, requested()).when({ ...confirm, now: new Date(time) });
    late('2030-01-02T12:00:00.000Z').refuses('email-token-expired');
    given(adaCreated, requested())
      .when({ ...confirm, now: new Date('2030-01-02T11:59:59.999Z') })
      .yields({
        type: 'EmailChanged',
        data: {
          userId: ada,
          changeId: 'one',
          email: NEW,
          previousEmail: 'ada@example.org',
          undoTokenHash: 'u1',
          undoUntil: '2030-01-05T11:59:59.999Z',
        },
      });
  });

  it('is for the newest request only (SEC-59)', () =>
    given(adaCreated, requested(), requested(THIRD, 2)).when(confirm).refuses('email-token-unknown'));

  it('comes too late once somebody else wanted the address', () => {
    const abandoned: UserEvent = { type: 'EmailChangeAbandoned', data: { userId: ada, changeId: 'one' } };
    given(adaCreated, requested()).when({ type: 'YieldEmail', email: NEW.toUpperCase() }).yields(abandoned);
    given(adaCreated, requested()).when({ type: 'YieldEmail', email: THIRD }).yields();
    given(adaCreated, requested(), abandoned).when(confirm).refuses('email-token-unknown');
  });
});

describe('taking an e-mail address back', () => {
  const taken = [adaCreated, requested(), at(NOW, changed(NEW, 'ada@example.org', 1))] as const;

  it('ends all sessions: whoever changed it has one (SEC-63)', () =>
    given(...taken)
      .when(undo)
      .yields(undone, invalidated(1)));

  it('is done once', () =>
    given(...taken, undone, invalidated(1))
      .when(undo)
      .refuses('email-token-unknown'));

  it('is possible for 72 hours', () => {
    given(...taken)
      .when({ ...undo, now: new Date('2030-01-04T11:59:59.999Z') })
      .yields(undone, invalidated(1));
    given(...taken)
      .when({ ...undo, now: new Date('2030-01-04T12:00:00.000Z') })
      .refuses('email-token-expired');
  });

  it('goes back over further changes, whose addresses can take nothing back then', () => {
    const further = [requested(THIRD, 2), at(NOW, changed(THIRD, NEW, 2))] as const;
    given(...taken, ...further)
      .when(undo)
      .yields(undone, invalidated(1));
    given(...taken, ...further, undone, invalidated(1))
      .when({ ...undo, presentedHash: 'u2' })
      .refuses('email-token-unknown');
  });
});

describe('an e-mail address', () => {
  const after = (...history: Parameters<typeof stateAfter<User, UserCommand, UserEvent>>[1]) => {
    const state = stateAfter(user, history);
    if (state.status !== 'active') throw new Error('there is no account');
    return state;
  };

  it('is the account’s while it is current, and while it can be taken back', () => {
    const state = after(adaCreated, requested(), at(NOW, changed(NEW, 'ada@example.org', 1)));
    expect([NEW, 'Ada@Example.org', THIRD].map((email) => claimsEmail(state, email, now))).toEqual([true, true, false]);
    expect(claimsEmail(state, 'ada@example.org', new Date('2030-01-04T12:00:00.000Z'))).toBe(false);
  });

  it('is not the account’s before it was confirmed', () =>
    expect(claimsEmail(after(adaCreated, requested()), NEW, now)).toBe(false));
});
