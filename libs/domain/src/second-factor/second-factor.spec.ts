import { describe, it } from 'vitest';
import { asCredentialId, asUserId } from '../ids.js';
import { at, scenario } from '../testing/scenario.js';
import { type SecondFactorEvent, secondFactor } from './second-factor.js';

const given = scenario(secondFactor);
const userId = asUserId('ada');
const [credentialId, recoveryCredentialId] = [asCredentialId('totp'), asCredentialId('codes')];
const midnight = '2030-01-01T00:00:00.000Z';
const now = new Date(midnight);
const offered: SecondFactorEvent = {
  type: 'SecondFactorOffered',
  data: { userId, credentialId, recoveryCredentialId, expiresAt: '2030-01-01T00:10:00.000Z' },
};
const enrolled: SecondFactorEvent = {
  type: 'SecondFactorEnrolled',
  data: { userId, credentialId, recoveryCredentialId, step: 100 },
};
const failed: SecondFactorEvent = { type: 'SecondFactorFailed', data: { userId } };
const passed = (step: number): SecondFactorEvent => ({ type: 'SecondFactorPassed', data: { userId, step } });
const used = (code: number): SecondFactorEvent => ({ type: 'RecoveryCodeUsed', data: { userId, code } });
const show = (step: number | null, time = now, of = credentialId) =>
  ({ type: 'ShowSecondFactor', userId, shown: { credentialId: of, kind: 'totp', step }, now: time }) as const;
const recover = (code: number | null, of = recoveryCredentialId) =>
  ({ type: 'ShowSecondFactor', userId, shown: { credentialId: of, kind: 'recovery', code }, now }) as const;
const enrol = (step: number | null, time = now) =>
  ({ type: 'EnrolSecondFactor', userId, credentialId, step, now: time }) as const;

describe('enrolling a second factor', () => {
  it('counts after a code of it was shown (SEC-41)', () => {
    given().when({ type: 'OfferSecondFactor', userId, credentialId, recoveryCredentialId, now }).yields(offered);
    given(offered).when(enrol(100)).yields(enrolled);
    given(offered).when(enrol(null)).yields(failed);
    given(offered).when(show(100)).refuses('second-factor-missing');
  });

  it('vanishes after ten minutes, or with another offer (SEC-41)', () => {
    given(offered)
      .when(enrol(100, new Date('2030-01-01T00:10:00.000Z')))
      .refuses('second-factor-wrong');
    given(offered, {
      ...offered,
      data: { ...offered.data, credentialId: asCredentialId('other') },
    })
      .when(enrol(100))
      .refuses('second-factor-wrong');
  });

  it('takes the place of the one that was there, which goes on until then (SEC-43)', () => {
    const [next, nextCodes] = [asCredentialId('next'), asCredentialId('next codes')];
    const offer = { credentialId: next, recoveryCredentialId: nextCodes };
    const offeredNext: SecondFactorEvent = {
      type: 'SecondFactorOffered',
      data: { userId, ...offer, expiresAt: '2030-01-01T00:10:00.000Z' },
    };
    given(enrolled)
      .when({ type: 'OfferSecondFactor', userId, ...offer, now })
      .yields(offeredNext);
    given(enrolled, offeredNext).when(show(101)).yields(passed(101));
    const enrolledNext: SecondFactorEvent = { type: 'SecondFactorEnrolled', data: { userId, ...offer, step: 7 } };
    given(enrolled, offeredNext)
      .when({ ...enrol(7), credentialId: next })
      .yields(enrolledNext);
    given(enrolled, offeredNext, enrolledNext)
      .when(show(8, now, next))
      .yields(passed(8));
    // Compared with the one before, and replaced meanwhile.
    given(enrolled, offeredNext, enrolledNext).when(show(101)).yields(failed);
    given(enrolled, offeredNext, enrolledNext)
      .when({ ...enrol(8), credentialId: next })
      .refuses('second-factor-wrong');
  });
});

describe('showing a code', () => {
  it('passes once, and only with a later step than the last (SEC-39)', () => {
    given(enrolled).when(show(101)).yields(passed(101));
    for (const step of [99, 100, 101]) given(enrolled, passed(101)).when(show(step)).yields(failed);
    given(enrolled, passed(101)).when(show(102)).yields(passed(102));
    given(enrolled).when(show(null)).yields(failed);
  });

  it('waits after five wrong ones in a row, whatever login they belong to (SEC-40)', () => {
    const failures = Array.from({ length: 5 }, () => at(midnight, failed));
    given(enrolled, ...failures)
      .when(show(101, new Date('2030-01-01T00:00:29.999Z')))
      .refuses('login-throttled');
    given(enrolled, ...failures)
      .when(show(101, new Date('2030-01-01T00:00:30.000Z')))
      .yields(passed(101));
    given(enrolled, ...failures.slice(1), passed(101), failed)
      .when(show(102))
      .yields(passed(102));
  });
});

describe('showing a hundred wrong codes in a row', () => {
  const YEARS_LATER = new Date('2040-01-01T00:00:00.000Z');
  const failures = (count: number) => Array.from({ length: count }, () => at(midnight, failed));

  it('is the end of the second factor, and of its recovery codes, until it is reset (SEC-20)', () => {
    given(enrolled, ...failures(99))
      .when(show(101, YEARS_LATER))
      .yields(passed(101));
    given(enrolled, ...failures(100))
      .when(show(101, YEARS_LATER))
      .refuses('login-throttled');
    given(enrolled, ...failures(100))
      .when({ ...recover(3), now: YEARS_LATER })
      .refuses('login-throttled');
    const reset: SecondFactorEvent = { type: 'SecondFactorRemoved', data: { userId, cause: 'reset' } };
    given(enrolled, ...failures(100), reset, offered)
      .when(enrol(100))
      .yields(enrolled);
  });

  it('while enrolling is forgotten with another offer', () => {
    given(offered, ...failures(100))
      .when(enrol(100, new Date('2030-01-01T00:09:59.999Z')))
      .refuses('login-throttled');
    given(offered, ...failures(100), offered)
      .when(enrol(100))
      .yields(enrolled);
  });
});

describe('recovery codes', () => {
  it('pass once each (SEC-42)', () => {
    given(enrolled).when(recover(3)).yields(used(3));
    given(enrolled, used(3)).when(recover(3)).yields(failed);
    given(enrolled, used(3)).when(recover(4)).yields(used(4));
    given(enrolled).when(recover(null)).yields(failed);
  });

  it('are void once there is a new set (SEC-42), also one that was compared before', () => {
    const more = asCredentialId('more');
    const replaced: SecondFactorEvent = { type: 'RecoveryCodesReplaced', data: { userId, recoveryCredentialId: more } };
    given(enrolled, used(3))
      .when({ type: 'ReplaceRecoveryCodes', userId, recoveryCredentialId: more, now })
      .yields(replaced);
    given(enrolled, used(3), replaced).when(recover(3, more)).yields(used(3));
    for (const code of [3, 4]) given(enrolled, used(3), replaced).when(recover(code)).yields(failed);
  });
});

describe('removing a second factor', () => {
  const removed: SecondFactorEvent = { type: 'SecondFactorRemoved', data: { userId, cause: 'removed' } };
  it('leaves none, and lets another one be offered', () => {
    const remove = { type: 'RemoveSecondFactor', userId, isRequired: false, now } as const;
    given(enrolled).when(remove).yields(removed);
    given(enrolled, removed).when(remove).refuses('second-factor-missing');
    given(enrolled, removed)
      .when({ type: 'OfferSecondFactor', userId, credentialId, recoveryCredentialId, now })
      .yields(offered);
  });

  it('is for administrators alone where the policy asks for one (SEC-44)', () => {
    given(enrolled)
      .when({ type: 'RemoveSecondFactor', userId, isRequired: true, now })
      .refuses('second-factor-required');
  });

  it('can be done by an administrator, who says why (SEC-49)', () => {
    const reset = { type: 'ResetSecondFactor', userId, reason: 'has lost the phone', now } as const;
    const wasReset: SecondFactorEvent = {
      type: 'SecondFactorRemoved',
      data: { userId, cause: 'reset', reason: 'has lost the phone' },
    };
    given(enrolled).when(reset).yields(wasReset);
    given(enrolled, wasReset).when(reset).refuses('second-factor-missing');
    given(enrolled)
      .when({ ...reset, reason: 'two\nlines' })
      .refuses('reason-invalid');
  });
});
