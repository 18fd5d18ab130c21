import { asUserId } from '../ids.js';
import type { SessionEvent, SessionOpened } from '../session/session-events.js';

const DAY = 86_400_000;

/** A login of somebody called `ada`. */
export const sessionOpened = (more: Partial<SessionOpened> = {}): Extract<SessionEvent, { type: 'SessionOpened' }> => ({
  type: 'SessionOpened',
  data: {
    userId: asUserId('ada'),
    epoch: 0,
    origin: { kind: 'login', service: 'web' },
    secretHash: 'one',
    rotates: true,
    scopes: ['all:write'],
    amr: ['pwd', 'otp'],
    authenticatedAt: '2030-01-01T00:00:00.000Z',
    expiresAt: '2030-01-31T00:00:00.000Z',
    idleMs: 14 * DAY,
    accessTokenMs: 600_000,
    ipAddress: '192.0.2.7',
    userAgent: 'curl/8',
    ...more,
  },
});
