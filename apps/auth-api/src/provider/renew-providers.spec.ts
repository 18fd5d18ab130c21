import { randomUUID } from 'node:crypto';
import { CommandBus } from '@nestjs/cqrs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asUserId, userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import { Repository } from '#event-store/repository.js';
import { Vault } from '#vault/vault.js';
import { credentialIdOf } from '../credential/credentials.js';
import { TestApp } from '../testing/test-app.js';
import { ProviderKeys } from './provider-keys.js';
import { Providers } from './providers.js';
import { RenewProviders } from './renew-providers.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());

let providers = 0;
let id: string;
let context: RenewProviders['context'];
beforeEach(async () => {
  providers += 1;
  id = `provider-${providers}`;
  await app.createProvider(id);
  const commandId = randomUUID();
  const actor = { actor: '0198-root', actorKind: 'admin' } as const;
  context = { ...actor, commandId, fingerprint: 'f', correlationId: commandId, now: app.clock.now() };
});

const renew = async () => {
  const [renewed] = await app.get(CommandBus).execute(new RenewProviders([id], asUserId(context.actor), context));
  if (renewed === undefined) throw new Error('nothing was renewed');
  return renewed;
};
const refresh = (refreshToken: string) =>
  app.call('POST', '/auth/providers/refresh', { json: { items: [{ refreshToken }] } });

/** What is there of a renewal that ended between its two appends. */
async function crash() {
  const before = await app.get(Providers).find(id);
  const key = await app.get(ProviderKeys).make(before.id);
  const sessionId = credentialIdOf(context);
  const command = {
    type: 'RenewProvider',
    replaces: before.provider.key.kid,
    key,
    sessionId,
    now: context.now,
  } as const;
  await app.get(Repository).execute(user, userStream(before.id), command, context);
  return key;
}

describe('a renewal that a crash cut in two', () => {
  it('is finished when it is repeated, with the key that was made first', async () => {
    const { publicKey } = await crash();
    const { account, credential } = await renew();
    expect(account.provider.key.publicKey).toBe(publicKey);
    expect((await refresh(credential.refreshToken)).status).toBe(200);
    expect((await renew()).credential.refreshToken).toBe(credential.refreshToken);
  });

  it('does no harm when it is not: the next renewal is another one', async () => {
    const { credentialId } = await crash();
    context = { ...context, commandId: randomUUID() };
    expect((await refresh((await renew()).credential.refreshToken)).status).toBe(200);
    expect(await app.get(Vault).reveal(credentialId)).toBeNull();
  });

  it('is not finished when the provider was renewed again meanwhile', async () => {
    await crash();
    const late = context;
    context = { ...context, commandId: randomUUID() };
    const { credential } = await renew();
    context = late;
    await expect(renew()).rejects.toMatchObject({ code: 'credential-ended' });
    expect((await refresh(credential.refreshToken)).status).toBe(200);
  });
});
