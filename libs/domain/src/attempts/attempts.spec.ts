import { describe, expect, it } from 'vitest';
import { asUserId } from '../ids.js';
import { Refused } from '../refused.js';
import { at, scenario, stateAfter } from '../testing/scenario.js';
import { type AttemptsEvent, attempts } from './attempts.js';

const given = scenario(attempts);

const ada = asUserId('0198-ada');
const failure = { reason: 'wrong-password', userId: ada } as const;
const source = { addressDigest: 'of the address', networkDigest: 'of the network', ipAddress: '192.0.2.7' };
const failedAt = (now: string): AttemptsEvent => ({
  type: 'LoginFailed',
  data: { ...failure, failedAt: now, ...source },
});
const cleared: AttemptsEvent = { type: 'FailedLoginsCleared', data: {} };
const clearedByAda = (failures: number): AttemptsEvent => ({
  type: 'FailedLoginsCleared',
  data: { userId: ada, failures },
});
const midnight = '2030-01-01T00:00:00.000Z';
const failed = failedAt(midnight);
const failures = (count: number) => Array.from({ length: count }, () => at(midnight, failed));
const fail = (now: string) => ({ type: 'RecordFailedLogin', failure, source, now: new Date(now) }) as const;
const succeed = (now: string) => ({ type: 'RecordSuccessfulLogin', userId: ada, now: new Date(now) }) as const;
const admit = (now: string) => ({ type: 'AdmitLogin', now: new Date(now) }) as const;
const reset = { type: 'RecordPasswordReset' } as const;
const byReset: AttemptsEvent = { type: 'FailedLoginsCleared', data: { cause: 'password-reset' } };

describe('trying to log in', () => {
  it('is free after four failures (SEC-19)', () =>
    given(...failures(4))
      .when(admit(midnight))
      .yields());

  it('waits 30 seconds after the fifth (SEC-19)', () => {
    given(...failures(5))
      .when(admit('2030-01-01T00:00:29.999Z'))
      .refuses('login-throttled');
    given(...failures(5))
      .when(admit('2030-01-01T00:00:30.000Z'))
      .yields();
  });

  it('doubles the wait with each further failure, to 15 minutes at most (SEC-19)', () => {
    const waits = [5, 6, 7, 8, 9, 10, 11, 50].map(
      (count) => Number(stateAfter(attempts, failures(count)).waitUntil) - Date.parse(midnight),
    );
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 900_000, 900_000, 900_000]);
  });

  it('says how long to wait (SEC-27)', () => {
    const decide = () => attempts.decide(stateAfter(attempts, failures(5)), admit('2030-01-01T00:00:00.001Z'));
    expect(decide).toThrow(Refused);
    expect(decide).toThrow(expect.objectContaining({ details: { retryAfterSeconds: 30 } }));
  });

  it('is free again after a success, of which the log says how many failed before it (SEC-25, SEC-30)', () => {
    given(...failures(4))
      .when(succeed(midnight))
      .yields(clearedByAda(4));
    given(...failures(9), cleared)
      .when(admit(midnight))
      .yields();
    given(...failures(9), clearedByAda(9))
      .when(succeed(midnight))
      .yields();
  });
});

describe('failing a hundred times in a row', () => {
  const YEARS_LATER = '2040-01-01T00:00:00.000Z';

  it('is the end of the password, however long somebody waits (SEC-20)', () => {
    given(...failures(99))
      .when(admit('2030-01-01T00:15:00.000Z'))
      .yields();
    for (const command of [admit(YEARS_LATER), fail(YEARS_LATER), succeed(YEARS_LATER)])
      given(...failures(100))
        .when(command)
        .refuses('login-throttled');
  });

  it('says what to do, and the longest wait (SEC-20, SEC-27)', () => {
    const decide = () => attempts.decide(stateAfter(attempts, failures(100)), admit(YEARS_LATER));
    const explanation = expect.stringContaining('Reset it');
    expect(decide).toThrow(expect.objectContaining({ explanation, details: { retryAfterSeconds: 900 } }));
  });

  it('counts failures in a row only (SEC-25)', () =>
    given(...failures(99), cleared, ...failures(4))
      .when(admit(midnight))
      .yields());

  it('is forgotten with a reset of the password, also while a wait is on (SEC-20)', () => {
    for (const count of [1, 5, 100])
      given(...failures(count))
        .when(reset)
        .yields(byReset);
    given(...failures(100), byReset)
      .when(admit(midnight))
      .yields();
    given().when(reset).yields();
    given(...failures(100), byReset)
      .when(reset)
      .yields();
  });
});

describe('recording logins', () => {
  it('keeps every failure: when, whose password it was about, and from where (SEC-156)', () => {
    const later = '2030-01-01T00:00:00.001Z';
    given(failed).when(fail(later)).yields(failedAt(later));
  });

  it('keeps a success only when it clears failures', () => {
    given(failed).when(succeed(midnight)).yields(clearedByAda(1));
    given().when(succeed(midnight)).yields();
    given(failed, cleared).when(succeed(midnight)).yields();
  });

  it('tells nobody whether a guess was right that others overtook (SEC-23)', () => {
    given(...failures(5))
      .when(fail('2030-01-01T00:00:29.999Z'))
      .refuses('login-throttled');
    given(...failures(5))
      .when(succeed('2030-01-01T00:00:29.999Z'))
      .refuses('login-throttled');
    given(...failures(5))
      .when(succeed('2030-01-01T00:00:30.000Z'))
      .yields(clearedByAda(5));
  });
});
