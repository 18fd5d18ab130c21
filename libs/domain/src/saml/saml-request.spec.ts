import { describe, expect, it } from 'vitest';
import { at, scenario, stateAfter } from '../testing/scenario.js';
import {
  type SamlAnswer,
  type SamlRequestEvent,
  demandAnswerable,
  isSamlRequestId,
  samlRequest,
} from './saml-request.js';

const given = scenario(samlRequest);
const now = new Date('2030-01-01T00:00:00.000Z');
const purpose = { kind: 'login', identityProvider: 'wayf', service: 'web', forceAuthn: false } as const;
const issued: SamlRequestEvent = {
  type: 'SamlRequestIssued',
  data: { purpose, browserHash: 'this browser', expiresAt: '2030-01-01T00:10:00.000Z' },
};
const answered: SamlRequestEvent = { type: 'SamlRequestAnswered', data: {} };
const requestId = `_${'0'.repeat(40)}`;
const rightAnswer: SamlAnswer = {
  requestId,
  kind: 'login',
  identityProvider: 'wayf',
  browserHash: 'this browser',
  now,
};
const answer = (more: Partial<SamlAnswer> = {}) => ({ type: 'AnswerSamlRequest', ...rightAnswer, ...more }) as const;

describe('a request to an identity provider', () => {
  it('waits ten minutes for its answer', () => {
    given().when({ type: 'IssueSamlRequest', purpose, browserHash: 'this browser', now }).yields(issued);
    given(issued)
      .when(answer({ now: new Date('2030-01-01T00:09:59.999Z') }))
      .yields(answered);
    given(issued)
      .when(answer({ now: new Date('2030-01-01T00:10:00.000Z') }))
      .refusesMessage('request-expired');
  });

  it('is answered once (SEC-111)', () => given(issued, answered).when(answer()).refusesMessage('request-answered'));

  it('is issued once', () =>
    given(issued).when({ type: 'IssueSamlRequest', purpose, browserHash: 'another browser', now }).yields());

  it('is answered through the browser alone that it was issued for (SEC-111)', () => {
    given(issued)
      .when(answer({ browserHash: 'another browser' }))
      .refusesMessage('browser-wrong');
    given(issued)
      .when(answer({ browserHash: null }))
      .refusesMessage('browser-wrong');
  });

  it('is answered by the identity provider alone that was asked, and for what it was asked for', () => {
    given(issued)
      .when(answer({ identityProvider: 'another' }))
      .refusesMessage('request-wrong');
    given(issued)
      .when(answer({ kind: 'logout' }))
      .refusesMessage('request-wrong');
  });

  it('that was never issued is answered by nothing (SEC-111)', () =>
    given().when(answer()).refusesMessage('request-unknown'));

  it('stays open whatever else is shown for it', () => {
    const state = stateAfter(samlRequest, [at('2030-01-01T00:00:00.000Z', issued)]);
    expect(() => demandAnswerable(state, { ...rightAnswer, browserHash: null })).toThrow('browser-wrong');
    expect(demandAnswerable(state, rightAnswer)).toMatchObject({ purpose: { service: 'web' }, issuedAt: now });
    expect(samlRequest.decide(state, answer())).toEqual([answered]);
  });

  it('is named in what is refused for it', () =>
    expect(() => demandAnswerable({ status: 'answered' }, rightAnswer)).toThrow(
      expect.objectContaining({ fault: 'request-answered', requestId, kind: 'refused' }),
    ));

  it('that is for a logout is answered likewise', () => {
    const logout = { kind: 'logout', identityProvider: 'wayf' } as const;
    given({ ...issued, data: { ...issued.data, purpose: logout } })
      .when(answer({ kind: 'logout' }))
      .yields(answered);
  });
});

describe('the id of a request', () => {
  it('is an underscore and forty hexadecimal digits', () => {
    expect(isSamlRequestId(requestId)).toBe(true);
    for (const text of [
      '',
      '_',
      '0'.repeat(41),
      `_${'0'.repeat(39)}`,
      `_${'0'.repeat(41)}`,
      `_${'A'.repeat(40)}`,
      `${requestId}\n`,
    ])
      expect(isSamlRequestId(text)).toBe(false);
  });
});
