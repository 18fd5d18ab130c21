import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../testing/test-app.js';

/** Every call, and who may make it (ucloud-users-api §3). A call that is not here fails the last test. */
const CALLS: readonly (readonly [call: string, path: string, roles: readonly Role[]])[] = [
  ['GET /auth/sessions', '/auth/sessions', ['USER', 'ADMIN']],
  ['GET /auth/sessions/current', '/auth/sessions/current', ['USER', 'ADMIN', 'SERVICE', 'PROVIDER']],
  ['DELETE /auth/sessions', '/auth/sessions?keepCurrent=perhaps', ['USER', 'ADMIN']],
  ['DELETE /auth/sessions/{id}', '/auth/sessions/x', ['USER', 'ADMIN']],
  ['GET /auth/users/userInfo', '/auth/users/userInfo', ['USER', 'ADMIN']],
  ['POST /auth/2fa', '/auth/2fa', ['USER', 'ADMIN']],
  ['GET /auth/2fa/status', '/auth/2fa/status', ['USER', 'ADMIN']],
  ['POST /auth/2fa/recovery', '/auth/2fa/recovery', ['USER', 'ADMIN']],
  ['DELETE /auth/2fa', '/auth/2fa', ['USER', 'ADMIN']],
  ['POST /auth/2fa/reset', '/auth/2fa/reset', ['ADMIN']],
  ['GET /api/sla', '/api/sla', ['USER', 'ADMIN']],
  ['POST /api/sla/accept', '/api/sla/accept', ['USER', 'ADMIN']],
  ['GET /ops/projections', '/ops/projections', ['ADMIN']],
  ['POST /ops/projections/pause', '/ops/projections/pause', ['ADMIN']],
  ['POST /ops/projections/resume', '/ops/projections/resume', ['ADMIN']],
  ['POST /ops/projections/rebuild', '/ops/projections/rebuild', ['ADMIN']],
  ['POST /ops/projections/rebuild/cancel', '/ops/projections/rebuild/cancel', ['ADMIN']],
  ['POST /ops/projections/rebuild/undo', '/ops/projections/rebuild/undo', ['ADMIN']],
  ['GET /ops/projections/parked', '/ops/projections/parked', ['ADMIN']],
  ['POST /ops/projections/parked/retry', '/ops/projections/parked/retry', ['ADMIN']],
  ['POST /ops/projections/parked/skip', '/ops/projections/parked/skip', ['ADMIN']],
  ['GET /audit/events', '/audit/events?outcome=perhaps', ['ADMIN']],
  ['GET /audit/events/export', '/audit/events/export?outcome=perhaps', ['ADMIN']],
  ['GET /audit/heads', '/audit/heads?after=x', ['ADMIN']],
  ['GET /audit/heads/latest', '/audit/heads/latest?size=x', ['ADMIN']],
  ['GET /audit/keys', '/audit/keys?size=x', ['ADMIN']],
  ['GET /audit/proofs/inclusion', '/audit/proofs/inclusion', ['ADMIN']],
  ['GET /audit/proofs/consistency', '/audit/proofs/consistency', ['ADMIN']],
  ['GET /audit/own/events', '/audit/own/events?from=x', ['USER', 'ADMIN']],
  ['GET /audit/users/{id}/state', '/audit/users/x/state?at=x', ['ADMIN']],
  ['GET /audit/users/{id}/timeline', '/audit/users/x/timeline?from=x', ['ADMIN']],
  ['GET /audit/sessions/{id}/state', '/audit/sessions/x/state?at=x', ['ADMIN']],
  ['GET /audit/one-time-tokens/{id}/state', '/audit/one-time-tokens/x/state?at=x', ['ADMIN']],
  ['GET /audit/diff', '/audit/diff', ['ADMIN']],
  ['GET /audit/sessions', '/audit/sessions?aliveAt=x', ['ADMIN']],
  ['POST /audit/sessions/end', '/audit/sessions/end', ['ADMIN']],
  ['GET /auth/users', '/auth/users?itemsPerPage=10', ['ADMIN']],
  ['GET /auth/users/sessions', '/auth/users/sessions', ['ADMIN']],
  ['POST /auth/users/sessions/end', '/auth/users/sessions/end', ['ADMIN']],
  ['POST /auth/users/suspend', '/auth/users/suspend', ['ADMIN']],
  ['POST /auth/users/reinstate', '/auth/users/reinstate', ['ADMIN']],
  ['POST /auth/users/role', '/auth/users/role', ['ADMIN']],
  ['POST /auth/providers', '/auth/providers', ['ADMIN', 'SERVICE']],
  ['POST /auth/providers/claim', '/auth/providers/claim', ['ADMIN', 'SERVICE']],
  ['POST /auth/providers/renew', '/auth/providers/renew', ['ADMIN', 'SERVICE']],
  ['GET /auth/providers/retrieveKey', '/auth/providers/retrieveKey', ['ADMIN', 'SERVICE']],
  ['POST /auth/services', '/auth/services', ['ADMIN']],
  ['GET /auth/services/credentials', '/auth/services/credentials', ['ADMIN']],
  ['POST /auth/services/rotate', '/auth/services/rotate', ['ADMIN', 'SERVICE']],
  ['POST /auth/services/revoke', '/auth/services/revoke', ['ADMIN']],
  ['POST /auth/services/revokeAll', '/auth/services/revokeAll', ['ADMIN']],
  ['POST /auth/users/requirePasswordChange', '/auth/users/requirePasswordChange', ['ADMIN']],
  ['POST /auth/users/auditor', '/auth/users/auditor', ['ADMIN']],
  ['POST /auth/users/auditor/dismiss', '/auth/users/auditor/dismiss', ['ADMIN']],
  ['POST /auth/users/delete', '/auth/users/delete', ['ADMIN']],
  ['DELETE /auth/users/self', '/auth/users/self?confirm=perhaps', ['USER', 'ADMIN']],
  ['DELETE /auth/users/{id}', '/auth/users/x?ground=perhaps', ['ADMIN']],
  ['GET /auth/users/self/export', '/auth/users/self/export', ['USER', 'ADMIN']],
  ['GET /auth/users/{id}/export', '/auth/users/x/export', ['ADMIN']],
  ['GET /auth/users/{id}/erasure', '/auth/users/x/erasure', ['ADMIN']],
  ['POST /auth/users/{id}/hold', '/auth/users/x/hold', ['ADMIN']],
  ['POST /auth/users/{id}/hold/lift', '/auth/users/x/hold/lift', ['ADMIN']],
  ['POST /auth/users/updateUserInfo', '/auth/users/updateUserInfo', ['USER', 'ADMIN']],
  ['POST /auth/users/lookup', '/auth/users/lookup', ['ADMIN', 'SERVICE']],
  ['POST /auth/users/lookup/email', '/auth/users/lookup/email', ['ADMIN', 'SERVICE']],
  ['POST /auth/users/lookup/with-email', '/auth/users/lookup/with-email', ['SERVICE']],
  ['GET /auth/users/retrievePrincipal', '/auth/users/retrievePrincipal', ['SERVICE']],
  ['POST /auth/users/password', '/auth/users/password', ['USER', 'ADMIN']],
  ['POST /auth/users/password/reset', '/auth/users/password/reset', ['SERVICE']],
  ['POST /auth/users/import', '/auth/users/import', ['SERVICE']],
  ['POST /auth/users/iterator/open', '/auth/users/iterator/open', ['ADMIN', 'SERVICE']],
  ['POST /auth/users/iterator/next', '/auth/users/iterator/next', ['ADMIN', 'SERVICE']],
  ['POST /auth/users/iterator/close', '/auth/users/iterator/close', ['ADMIN', 'SERVICE']],
  ['POST /auth/users/register', '/auth/users/register', ['ADMIN', 'SERVICE']],
  ['POST /auth/logout/bulk', '/auth/logout/bulk', ['ADMIN', 'SERVICE']],
  ['POST /auth/claim', '/auth/claim', ['ADMIN', 'SERVICE']],
  ['POST /auth/extend', '/auth/extend', ['ADMIN', 'SERVICE']],
  ['POST /auth/request', '/auth/request', ['USER', 'ADMIN', 'SERVICE', 'PROVIDER']],
];
/** Calls that everybody may make; they look at other credentials, or at none. */
const OPEN = [
  'POST /auth/login',
  'GET /auth/saml/login',
  'POST /auth/saml/acs',
  'GET /auth/saml/sls',
  'POST /auth/saml/logout',
  'GET /auth/saml/metadata',
  'POST /auth/2fa/challenge',
  'POST /auth/refresh',
  'POST /auth/refresh/web',
  'POST /auth/providers/refresh',
  'POST /auth/logout',
  'POST /auth/logout/web',
  'POST /api/password/reset',
  'POST /api/password/reset/new',
  'POST /auth/users/email/confirm',
  'POST /auth/users/email/undo',
  'GET /auth/.well-known/jwks.json',
  'GET /health/live',
  'GET /health/ready',
];
const ROLES = ['USER', 'ADMIN', 'SERVICE', 'PROVIDER'] as const;
type Role = (typeof ROLES)[number];

let app: TestApp;
const tokens = new Map<Role, string>();
beforeAll(async () => {
  app = await TestApp.start('userIterator: { callers: [_service, a-ADMIN] }');
  tokens.set('SERVICE', (await app.create('_service', 'SERVICE')).accessToken);
  for (const role of ['USER', 'ADMIN'] as const) {
    await app.create(`a-${role}`, role);
    tokens.set(role, (await app.logIn(`a-${role}`)).accessToken);
  }
  tokens.set('PROVIDER', (await app.createProvider('provider')).accessToken);
});
afterAll(() => app.close());

const status = async (call: string, path: string, token?: string) => {
  const method = call.split(' ')[0] as 'GET' | 'POST' | 'DELETE';
  const json = method === 'POST' ? {} : undefined;
  return (await app.call(method, path, { ...(json && { json }), ...(token === undefined ? {} : { token }) })).status;
};

describe('who may make which call (SEC-139)', () => {
  for (const [call, path, roles] of CALLS) {
    it(`${call}: nobody without a token`, async () => expect(await status(call, path)).toBe(401));
    for (const role of ROLES)
      it(`${call}: ${role} ${roles.includes(role) ? 'may' : 'may not'}`, async () => {
        const answered = await status(call, path, tokens.get(role));
        if (roles.includes(role)) expect([401, 403]).not.toContain(answered);
        else expect(answered).toBe(403);
      });
  }

  it('is said here of every call there is', async () => {
    const { json } = await app.call('GET', '/openapi.json');
    const described = Object.entries(json['paths'] as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual([...CALLS.map(([call]) => call), ...OPEN].sort());
  });
});
