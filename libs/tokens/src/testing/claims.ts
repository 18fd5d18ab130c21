import { asSessionId, asUserId } from '#domain/ids.js';
import type { TokenClaims } from '../access-token.js';

/** What a token says ten minutes before it expires. */
export const CLAIMS_OF_ADA: TokenClaims = {
  username: 'Ada',
  userId: asUserId('0198f0a2-0000-7000-8000-000000000001'),
  sessionId: asSessionId('5b0c6a3e-9c1f-4f0a-8d7e-1a2b3c4d5e6f'),
  role: 'USER',
  principalType: 'password',
  scopes: ['all:write'],
  extendedByChain: [],
  authenticatedAt: new Date('2029-12-31T23:00:00.000Z'),
  amr: ['pwd'],
  profile: {
    firstNames: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.org',
    twoFactorAuthentication: false,
    serviceLicenseAgreement: true,
  },
  expiresAt: new Date('2030-01-01T00:10:00.000Z'),
};
