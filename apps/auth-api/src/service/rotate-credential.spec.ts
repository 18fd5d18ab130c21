import { randomUUID } from 'node:crypto';
import { CommandBus } from '@nestjs/cqrs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type UserId, asSessionId, asUserId, userStream } from '#domain/ids.js';
import { newestCredential } from '#domain/user/credentials.js';
import { user } from '#domain/user/user.js';
import { Repository } from '#event-store/repository.js';
import { credentialIdOf } from '../credential/credentials.js';
import { TestApp } from '../testing/test-app.js';
import { RotateCredential } from './rotate-credential.js';
import { Services } from './services.js';

const HOUR = 3_600_000;

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());

let services = 0;
let name: string;
let id: UserId;
let context: RotateCredential['context'];
beforeEach(async () => {
  services += 1;
  name = `_service-${services}`;
  await app.create(name, 'SERVICE');
  id = (await app.get(Services).find(name)).id;
  const commandId = randomUUID();
  context = { ...caller, commandId, fingerprint: 'f', correlationId: commandId, now: app.clock.now() };
});

const caller = { actor: '0198-root', actorKind: 'admin', sessionId: 'root' } as const;
const root = {
  userId: asUserId(caller.actor),
  sessionId: asSessionId(caller.sessionId),
  username: 'root',
  role: 'ADMIN',
  isAuditor: false,
  scopes: ['all:write'],
  extendedBy: [],
  tokenExpiresAt: new Date('2040-01-01T00:00:00.000Z'),
} as const;

/** What is there of a rotation that ended between its two appends. */
async function crash() {
  const { credentials } = await app.get(Services).find(name);
  await app.get(Repository).execute(
    user,
    userStream(id),
    {
      type: 'RotateCredential',
      credential: { sessionId: credentialIdOf(context), lifetimeMs: HOUR },
      overlapMs: HOUR,
      replaces: newestCredential(credentials),
      by: null,
      now: context.now,
    },
    context,
  );
}
const again = () => app.get(CommandBus).execute(new RotateCredential(name, HOUR, HOUR, root, context));
const refresh = (token: string) => app.call('POST', '/auth/refresh', { token });

describe('a rotation that a crash cut in two', () => {
  it('is finished when it is repeated, with the end that was said first', async () => {
    await crash();
    app.clock.advance(HOUR / 2);
    context = { ...context, now: app.clock.now() };
    const { refreshToken, expiresAt } = await again();
    expect(expiresAt.getTime()).toBe(app.clock.now().getTime() + HOUR / 2);
    expect((await refresh(refreshToken)).status).toBe(200);
    expect((await again()).refreshToken).toBe(refreshToken);
  });

  it('does no harm when it is not: the next rotation is another one', async () => {
    await crash();
    context = { ...context, commandId: randomUUID() };
    expect((await refresh((await again()).refreshToken)).status).toBe(200);
  });

  it('is not finished when all credentials were revoked meanwhile', async () => {
    await crash();
    const revoke = { type: 'InvalidateSessions', spare: null } as const;
    await app.get(Repository).execute(user, userStream(id), revoke, { ...context, commandId: randomUUID() });
    const before = (await app.events()).length;
    await expect(again()).rejects.toMatchObject({ code: 'credential-ended' });
    expect(await app.events()).toHaveLength(before);
  });
});
