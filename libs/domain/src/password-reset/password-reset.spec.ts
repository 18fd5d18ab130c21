import { describe, it } from 'vitest';
import { scenario } from '../testing/scenario.js';
import { ada } from '../testing/users.js';
import { type PasswordResetEvent, passwordReset } from './password-reset.js';

const given = scenario(passwordReset);
const now = new Date('2030-01-01T12:00:00.000Z');
const request = { type: 'RequestPasswordReset', requestId: 'r1', userId: ada, tokenHash: 'h1', now } as const;
const requested = (n: number, userId: typeof ada | null = ada): PasswordResetEvent => ({
  type: 'PasswordResetRequested',
  data: { requestId: `r${n}`, userId, tokenHash: `h${n}`, expiresAt: '2030-01-01T12:30:00.000Z' },
});
const admit = (presentedHash: string, time = '2030-01-01T12:00:00.000Z') =>
  ({ type: 'AdmitPasswordReset', presentedHash, now: new Date(time) }) as const;

describe('asking for a password reset', () => {
  it('is recorded each time, also for an address that nobody has (SEC-33)', () => {
    given().when(request).yields(requested(1));
    given(requested(1)).when(request).yields(requested(1));
    given()
      .when({ ...request, userId: null })
      .yields(requested(1, null));
  });
});

describe('a token for a password reset', () => {
  it('is good for half an hour (SEC-59)', () => {
    given(requested(1)).when(admit('h1', '2030-01-01T12:29:59.999Z')).yields();
    given(requested(1)).when(admit('h1', '2030-01-01T12:30:00.000Z')).refuses('reset-token-expired');
  });

  it('is void once another one was asked for (SEC-59)', () => {
    given(requested(1), requested(2)).when(admit('h1')).refuses('reset-token-unknown');
    given(requested(1), requested(2)).when(admit('h2')).yields();
    given(requested(1), requested(2, null)).when(admit('h1')).refuses('reset-token-unknown');
  });

  it('is none if it was never made', () => {
    given().when(admit('h1')).refuses('reset-token-unknown');
    given(requested(1)).when(admit('h2')).refuses('reset-token-unknown');
    given(requested(1, null)).when(admit('h1')).refuses('reset-token-unknown');
  });
});
