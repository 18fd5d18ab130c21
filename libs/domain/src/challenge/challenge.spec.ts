import { describe, expect, it } from 'vitest';
import { asCredentialId, asUserId } from '../ids.js';
import { scenario } from '../testing/scenario.js';
import type { FederatedLogin } from '../session/federation.js';
import { type ChallengeEvent, challenge, challengedFederation, federatedLogin } from './challenge.js';

const given = scenario(challenge);
const purpose = { kind: 'login', service: 'web', epoch: 0 } as const;
const userId = asUserId('ada');
const issued: ChallengeEvent = {
  type: 'ChallengeIssued',
  data: { userId, purpose, expiresAt: '2030-01-01T00:10:00.000Z' },
};
const failed: ChallengeEvent = { type: 'ChallengeFailed', data: {} };
const met: ChallengeEvent = { type: 'ChallengeMet', data: {} };
const now = new Date('2030-01-01T00:00:00.000Z');

describe('a challenge', () => {
  it('stands for ten minutes (SEC-45, SEC-51)', () => {
    given().when({ type: 'IssueChallenge', userId, purpose, now }).yields(issued);
    given(issued)
      .when({ type: 'AdmitAnswer', now: new Date('2030-01-01T00:09:59.999Z') })
      .yields();
    given(issued)
      .when({ type: 'AdmitAnswer', now: new Date('2030-01-01T00:10:00.000Z') })
      .refuses('second-factor-wrong');
  });

  it('is met once (SEC-45)', () => {
    given(issued).when({ type: 'RecordRightAnswer', now }).yields(met);
    given(issued, met).when({ type: 'RecordRightAnswer', now }).refuses('second-factor-wrong');
  });

  it('is over after five wrong answers (SEC-40)', () => {
    given(issued, failed, failed, failed, failed).when({ type: 'AdmitAnswer', now }).yields();
    given(issued, failed, failed, failed, failed, failed)
      .when({ type: 'AdmitAnswer', now })
      .refuses('second-factor-wrong');
  });

  it('says that somebody who had the password gave up after the fifth, of a login only (SEC-30)', () => {
    const wrong = { type: 'RecordWrongAnswer', now } as const;
    const exhausted: ChallengeEvent = { type: 'ChallengeExhausted', data: { userId } };
    given(issued, failed, failed, failed).when(wrong).yields(failed);
    given(issued, failed, failed, failed, failed).when(wrong).yields(failed, exhausted);
    const enrolling: ChallengeEvent = {
      ...issued,
      data: { ...issued.data, purpose: { kind: 'enrolment', credentialId: asCredentialId('offered') } },
    };
    given(enrolling, failed, failed, failed, failed).when(wrong).yields(failed);
  });

  it('keeps what an identity provider said until the second factor is shown, and gives it back', () => {
    const nameId = {
      value: 'WAYF-DK-ada',
      format: null,
      nameQualifier: null,
      spNameQualifier: null,
      sessionIndex: 'one',
    };
    const login: FederatedLogin = {
      federation: { identityProvider: 'https://wayf.example', institution: null, authnContext: null, assurance: ['2'] },
      nameId,
      authenticatedAt: new Date('2029-12-31T22:00:00.000Z'),
      sessionEndsAt: new Date('2030-01-01T04:00:00.000Z'),
      begunAt: new Date('2029-12-31T23:59:00.000Z'),
    };
    for (const each of [login, { ...login, sessionEndsAt: null }]) {
      const federated = challengedFederation(each, ['saml']);
      const [event] = challenge.decide(challenge.initial, {
        type: 'IssueChallenge',
        userId,
        purpose: { ...purpose, federated },
        nameId,
        now,
      });
      const state = challenge.evolve(challenge.initial, JSON.parse(JSON.stringify(event)) as ChallengeEvent, now);
      expect(state).toMatchObject({ status: 'open', nameId, purpose: { federated: { amr: ['saml'] } } });
      expect(federatedLogin(federated, nameId)).toEqual(each);
    }
  });

  it('says of one that never was no more than of one that is over (ucloud-users-api §8.3)', () =>
    given().when({ type: 'AdmitAnswer', now }).refuses('second-factor-wrong'));
});
