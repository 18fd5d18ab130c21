import { describe, expect, it } from 'vitest';
import type { IdentityProvider } from '../parties.js';
import { TEST_HUB, TEST_SERVICE_PROVIDER } from '../testing/parties.js';
import { SP_NEW_KEY } from '../testing/keys.js';
import { logoutRequestAddress, logoutResponseAddress } from './write-logout.js';
import { readLogoutMessage } from './read-logout.js';

const now = new Date('2030-01-01T00:00:00.000Z');
const nameId = { value: 'a<b&c', format: 'urn:x:"f"', nameQualifier: 'https://hub.test', spNameQualifier: null };
const logout = { id: '_out', now, nameId, sessionIndex: '_session-1' };

/** As whoever it is sent to reads it. */
const asReceived = (address: string | null) => {
  const ourselves: IdentityProvider = {
    ...TEST_HUB,
    entityId: TEST_SERVICE_PROVIDER.entityId,
    signingCertificates: [SP_NEW_KEY.certificate],
  };
  return readLogoutMessage(new URL(address ?? '').search.slice(1), {
    serviceProvider: { ...TEST_SERVICE_PROVIDER, singleLogoutUrl: TEST_HUB.singleLogoutUrl ?? '' },
    identityProvider: (entityId) => (entityId === ourselves.entityId ? ourselves : null),
    now,
  });
};

describe('a logout request of ours', () => {
  it('says whom and what it means as the assertion did, signed with the first key', async () =>
    expect(asReceived(await logoutRequestAddress(logout, TEST_SERVICE_PROVIDER, TEST_HUB))).toEqual({
      kind: 'request',
      id: '_out',
      issuer: 'https://authlog.test/saml',
      nameId,
      sessionIndexes: ['_session-1'],
      acceptableUntil: new Date('2030-01-01T00:06:00.000Z'),
      relayState: null,
    }));

  it('is not made where there is no single logout', async () => {
    expect(await logoutRequestAddress(logout, { ...TEST_SERVICE_PROVIDER, keys: [] }, TEST_HUB)).toBeNull();
    expect(
      await logoutRequestAddress(logout, TEST_SERVICE_PROVIDER, { ...TEST_HUB, singleLogoutUrl: null }),
    ).toBeNull();
  });
});

describe('a logout response of ours', () => {
  const answer = { id: '_answer', now, requestId: '_in', relayState: 'opaque &=' } as const;

  it('says that it was done, and gives the state back', async () =>
    expect(asReceived(await logoutResponseAddress(answer, TEST_SERVICE_PROVIDER, TEST_HUB))).toEqual({
      kind: 'response',
      issuer: 'https://authlog.test/saml',
      requestId: '_in',
      success: true,
      relayState: 'opaque &=',
    }));

  it('goes to an address that has a query already', async () => {
    const hub = { ...TEST_HUB, singleLogoutUrl: 'https://idp.example.org/slo?a=b' };
    expect(await logoutResponseAddress(answer, TEST_SERVICE_PROVIDER, hub)).toMatch(
      /^https:\/\/idp\.example\.org\/slo\?a=b&SAMLResponse=/,
    );
  });
});
