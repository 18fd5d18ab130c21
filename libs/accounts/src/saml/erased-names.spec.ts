import { describe, expect, it } from 'vitest';
import { challenge, challengeStream, challengedFederation } from '#domain/challenge/challenge.js';
import { asUserId } from '#domain/ids.js';
import { erased } from '#domain/personal.js';
import type { FederatedLogin, ProviderNameId } from '#domain/session/federation.js';
import { EventCodec } from '#event-store/codec.js';
import { MemoryEventStore } from '#event-store/memory.js';
import { Repository } from '#event-store/repository.js';
import { someContext } from '#event-store/testing/context.js';
import { MemoryKeys } from '#event-store/testing/memory-keys.js';

const ada = asUserId('ada');
const now = new Date('2030-01-01T00:00:00.000Z');
const nameId: ProviderNameId = {
  value: 'WAYF-DK-ada',
  format: null,
  nameQualifier: null,
  spNameQualifier: null,
  sessionIndex: 'one',
};
const login: FederatedLogin = {
  federation: { identityProvider: 'https://wayf.example', institution: null, authnContext: null, assurance: [] },
  nameId,
  authenticatedAt: now,
  sessionEndsAt: null,
  begunAt: now,
};
const stream = challengeStream('00000000-0000-4000-8000-000000000001');

describe('what an identity provider calls somebody, in a login that waits for their second factor', () => {
  it('is sealed, read back while they are there, and erased with them (SEC-159)', async () => {
    const keys = new MemoryKeys();
    const store = new MemoryEventStore();
    const read = () => new Repository(store, new EventCodec(keys)).load(challenge, stream);
    const federated = challengedFederation(login, ['saml']);
    const purpose = { kind: 'login', service: 'web', epoch: 0, federated } as const;
    const command = { type: 'IssueChallenge', userId: ada, purpose, nameId, now } as const;
    await new Repository(store, new EventCodec(keys)).execute(challenge, stream, command, someContext({ now }));
    for await (const { data } of store.readStream(stream, 0)) expect(JSON.stringify(data)).not.toContain('WAYF-DK');
    expect((await read()).state).toMatchObject({ nameId });
    keys.destroy(ada);
    expect((await read()).state).toMatchObject({ status: 'open', nameId: erased });
  });
});
