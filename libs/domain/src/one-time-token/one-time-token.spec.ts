import { describe, it } from 'vitest';
import { asSessionId, asUserId } from '../ids.js';
import { scenario } from '../testing/scenario.js';
import { type OneTimeTokenCommand, type OneTimeTokenEvent, oneTimeToken } from './one-time-token.js';

const given = scenario(oneTimeToken);

const ada = asUserId('ada');
const share = asUserId('share');
const sessionId = asSessionId('s1');
const issued: OneTimeTokenEvent = {
  type: 'OneTimeTokenIssued',
  data: { userId: ada, sessionId, audience: ['files.upload:write'], expiresAt: '2030-01-01T00:01:00.000Z' },
};
const claimed: OneTimeTokenEvent = { type: 'OneTimeTokenClaimed', data: { claimedBy: share } };

const request = (more: Partial<Extract<OneTimeTokenCommand, { type: 'RequestOneTimeToken' }>> = {}) =>
  ({
    type: 'RequestOneTimeToken',
    userId: ada,
    sessionId,
    audience: ['files.upload:write'],
    grantedScopes: ['files:write'],
    now: new Date('2030-01-01T00:00:00.000Z'),
    ...more,
  }) as const;
const claim = (more: Partial<Extract<OneTimeTokenCommand, { type: 'ClaimOneTimeToken' }>> = {}) =>
  ({
    type: 'ClaimOneTimeToken',
    claimedBy: share,
    intendedUse: [],
    sessionAlive: true,
    now: new Date('2030-01-01T00:00:59.999Z'),
    ...more,
  }) as const;

describe('requesting a one-time token', () => {
  it('issues one for a minute', () => given().when(request()).yields(issued));
  it('changes nothing the second time', () => given(issued).when(request()).yields());
  it('is refused for scopes beyond those of the token that was shown', () =>
    given()
      .when(request({ grantedScopes: ['files:read'] }))
      .refuses('scope-not-covered'));
  it('is refused without an audience, and for one that is no scope', () => {
    given()
      .when(request({ audience: [] }))
      .refuses('scope-invalid');
    given()
      .when(request({ audience: ['files'] }))
      .refuses('scope-invalid');
  });
});

describe('claiming a one-time token', () => {
  it('succeeds once (SEC-55)', () => {
    given(issued).when(claim()).yields(claimed);
    given(issued, claimed).when(claim()).refuses('one-time-token-claimed');
  });
  it('is refused for an id that was never issued', () => given().when(claim()).refuses('one-time-token-unknown'));
  it('is refused from the moment it expires', () =>
    given(issued)
      .when(claim({ now: new Date('2030-01-01T00:01:00.000Z') }))
      .refuses('one-time-token-expired'));
  it('is refused once the session it was asked for in has ended', () =>
    given(issued)
      .when(claim({ sessionAlive: false }))
      .refuses('one-time-token-revoked'));
  it('allows what its audience covers and nothing else (SEC-57)', () => {
    given(issued)
      .when(claim({ intendedUse: ['files.upload:read'] }))
      .yields(claimed);
    given(issued)
      .when(claim({ intendedUse: ['files.delete:write'] }))
      .refuses('one-time-token-wrong-audience');
  });
});
