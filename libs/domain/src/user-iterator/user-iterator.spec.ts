import { describe, expect, it } from 'vitest';
import { asUserId } from '../ids.js';
import { scenario, stateAfter } from '../testing/scenario.js';
import { type UserIteratorEvent, userIterator } from './user-iterator.js';

const given = scenario(userIterator);
const service = asUserId('service');
const other = asUserId('other');
const [first, second] = [asUserId('u1'), asUserId('u2')];
const at = (now: string, caller = service) => ({ caller, now: new Date(now) });
const noon = '2030-01-01T12:00:00.000Z';
const opened: UserIteratorEvent = {
  type: 'UserIteratorOpened',
  data: { openedBy: service, expiresAt: '2030-01-01T12:30:00.000Z' },
};
const asOf = '17';
const advanced: UserIteratorEvent = { type: 'UserIteratorAdvanced', data: { through: first, asOf } };
const closed: UserIteratorEvent = { type: 'UserIteratorClosed', data: {} };

describe('a walk over all accounts', () => {
  it('is opened for 30 minutes, once', () => {
    given()
      .when({ type: 'OpenUserIterator', ...at(noon) })
      .yields(opened);
    given(opened)
      .when({ type: 'OpenUserIterator', ...at(noon) })
      .yields();
  });

  it('goes on from where it came to', () => {
    given(opened)
      .when({ type: 'AdvanceUserIterator', from: null, through: first, asOf, ...at(noon) })
      .yields(advanced);
    given(opened, advanced)
      .when({ type: 'AdvanceUserIterator', from: first, through: second, asOf, ...at(noon) })
      .yields({ type: 'UserIteratorAdvanced', data: { through: second, asOf } });
  });

  it('remembers where in the log it was opened, from its first page on', () => {
    expect(stateAfter(userIterator, [opened])).toMatchObject({ asOf: null });
    expect(stateAfter(userIterator, [opened, advanced])).toMatchObject({ through: first, asOf });
    const older: UserIteratorEvent = { type: 'UserIteratorAdvanced', data: { through: first } };
    expect(stateAfter(userIterator, [opened, older])).toMatchObject({ through: first, asOf: null });
  });

  it('hands a page out once, also when two ask at the same moment', () =>
    given(opened, advanced)
      .when({ type: 'AdvanceUserIterator', from: null, through: first, asOf, ...at(noon) })
      .refuses('iterator-advanced-meanwhile'));

  it('is over once it is closed or 30 minutes have passed, and is nobody else’s (SEC-36)', () => {
    const asking = { type: 'ContinueUserIterator' } as const;
    given(opened)
      .when({ ...asking, ...at('2030-01-01T12:29:59.999Z') })
      .yields();
    given(opened)
      .when({ ...asking, ...at('2030-01-01T12:30:00.000Z') })
      .refuses('iterator-unknown');
    given(opened)
      .when({ ...asking, ...at(noon, other) })
      .refuses('iterator-unknown');
    given(opened, closed)
      .when({ ...asking, ...at(noon) })
      .refuses('iterator-unknown');
    given()
      .when({ ...asking, ...at(noon) })
      .refuses('iterator-unknown');
  });

  it('is closed once', () => {
    given(opened)
      .when({ type: 'CloseUserIterator', ...at(noon) })
      .yields(closed);
    given(opened, closed)
      .when({ type: 'CloseUserIterator', ...at(noon) })
      .refuses('iterator-unknown');
  });
});
