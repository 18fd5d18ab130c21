import { describe, expect, it } from 'vitest';
import { asCredentialId, asSessionId, asUserId } from '../ids.js';
import { at, scenario, stateAfter } from '../testing/scenario.js';
import { ada, adaCreated, adaData, invalidated, serviceCreated } from '../testing/users.js';
import { type ProviderKey, type RegisterProvider, holderOf, providerKeyId } from './provider.js';
import type { UserEvent } from './user-events.js';
import { user } from './user.js';

const given = scenario(user);

const now = new Date('2030-01-01T00:00:00.000Z');
const first = asSessionId('c1');
const second = asSessionId('c2');
const key = (random: string): ProviderKey => ({
  kid: providerKeyId(ada, random),
  alg: 'RS256',
  publicKey: 'MIIB',
  credentialId: asCredentialId(random),
});

const nobody = { email: null, firstNames: null, lastName: null, credentialId: null };
const created: UserEvent = {
  type: 'UserCreated',
  data: { ...adaData, ...nobody, kind: 'provider', role: 'PROVIDER', username: '#P_hippo' },
};
const registered: UserEvent = {
  type: 'ProviderRegistered',
  data: { userId: ada, ...key('k1'), claimTokenHash: 'token', claimableUntil: '2030-01-02T00:00:00.000Z' },
};
const issued = (sessionId: typeof first): UserEvent => ({
  type: 'CredentialIssued',
  data: { userId: ada, sessionId, expiresAt: '2031-01-01T00:00:00.000Z', othersEndAt: null },
});
const claimed: UserEvent = { type: 'ProviderClaimed', data: { userId: ada } };
const renewed: UserEvent = { type: 'ProviderRenewed', data: { userId: ada, ...key('k2') } };
const suspended: UserEvent = { type: 'UserSuspended', data: { userId: ada } };
const reinstated: UserEvent = { type: 'UserReinstated', data: { userId: ada } };
const deleted: UserEvent = { type: 'UserDeleted', data: { userId: ada } };
const provider = [created, registered, issued(first)];

describe('registering a provider', () => {
  const register = (more: Partial<RegisterProvider> = {}) =>
    ({
      type: 'RegisterProvider',
      id: ada,
      providerId: 'hippo',
      key: key('k1'),
      claimTokenHash: 'token',
      sessionId: first,
      registeredBy: 'service',
      now,
      ...more,
    }) as const;

  it('makes its account, with a key, a credential of a year and a claim token of a day, all at once', () => {
    given()
      .when(register())
      .yields(...provider);
    given(...provider)
      .when(register())
      .yields();
  });

  it('takes ids of letters, digits and three signs, up to 64 of them', () => {
    for (const providerId of ['a', 'K8s-2.dk_sdu', 'x'.repeat(64)])
      expect(user.decide(user.initial, register({ providerId }))).toHaveLength(3);
    for (const providerId of ['', 'x'.repeat(65), 'a b', 'a/b', 'a\nb', 'a\n', '#P_a', 'åse', 'a:b', '\u0430'])
      given().when(register({ providerId })).refuses('provider-id-invalid');
  });

  it('is no way to make one by another name: no role makes a provider', () => {
    const person = { ...adaData, type: 'CreateUser', id: ada } as const;
    given()
      .when({ ...person, role: 'PROVIDER' })
      .refuses('role-not-assignable');
    const change = (role: 'PROVIDER' | 'SERVICE' | 'USER') =>
      ({ type: 'ChangeRole', by: asUserId('root'), reason: null, role }) as const;
    given(adaCreated).when(change('PROVIDER')).refuses('role-not-assignable');
    given(serviceCreated).when(change('PROVIDER')).refuses('role-not-assignable');
    for (const role of ['USER', 'SERVICE'] as const)
      given(...provider)
        .when(change(role))
        .refuses('role-not-assignable');
  });
});

describe('claiming a provider', () => {
  const claim = (presentedHash = 'token', time = now.toISOString()) =>
    ({ type: 'ClaimProvider', presentedHash, now: new Date(time) }) as const;

  it('is remembered, and changes nothing the second time', () => {
    given(...provider)
      .when(claim())
      .yields(claimed);
    given(...provider, claimed)
      .when(claim())
      .yields();
  });

  it('is refused with another token, and where there is no provider', () => {
    given(...provider)
      .when(claim('invented'))
      .refuses('claim-token-unknown');
    for (const history of [[], [adaCreated], [serviceCreated], [...provider, invalidated(1), deleted]])
      given(...history)
        .when(claim())
        .refuses('claim-token-unknown');
  });

  it('can be done for a day, the second time, too', () => {
    given(...provider)
      .when(claim('token', '2030-01-01T23:59:59.999Z'))
      .yields(claimed);
    for (const history of [provider, [...provider, claimed]])
      given(...history)
        .when(claim('token', '2030-01-02T00:00:00.000Z'))
        .refuses('claim-token-expired');
  });

  it('is refused once its credential is void: after a renewal, or when all its sessions were ended', () => {
    given(...provider, invalidated(1), renewed, issued(second))
      .when(claim())
      .refuses('claim-token-unknown');
    given(...provider, suspended, invalidated(1))
      .when(claim())
      .refuses('account-suspended');
    given(...provider, suspended, invalidated(1), reinstated)
      .when(claim())
      .refuses('claim-token-unknown');
  });
});

describe('renewing a provider', () => {
  const renew = (replaces = key('k1').kid) =>
    ({ type: 'RenewProvider', replaces, key: key('k2'), sessionId: second, now }) as const;

  it('gives it another key and another credential, and ends its sessions, all at once', () => {
    given(...provider)
      .when(renew())
      .yields(invalidated(1), renewed, issued(second));
    const state = stateAfter(user, [
      ...provider,
      at('2030-01-01T00:00:00.000Z', invalidated(1)),
      renewed,
      issued(second),
    ]);
    expect(state).toMatchObject({
      provider: { key: key('k2'), claim: null },
      credentials: { issued: [{ sessionId: second }] },
    });
  });

  it('is refused when somebody else has renewed it since it was looked at', () =>
    given(...provider, invalidated(1), renewed, issued(second))
      .when(renew())
      .refuses('provider-renewed-meanwhile'));

  it('is refused for what is no provider, and for a suspended one', () => {
    for (const history of [[adaCreated], [serviceCreated]])
      given(...history)
        .when(renew())
        .refuses('provider-unknown');
    given(...provider, suspended, invalidated(1))
      .when(renew())
      .refuses('account-suspended');
  });
});

describe('the name of a provider’s key', () => {
  const holder = asUserId('0198f0a2-0000-7000-8000-000000000001');

  it('says whose it is', () => expect(holderOf(providerKeyId(holder, 'abc'))).toBe(holder));

  it('is none that other keys have (SEC-82)', () => {
    for (const kid of ['', holder, `${holder}-abc`, `x${holder}_abc`, `../${holder}_abc`, `${holder.toUpperCase()}_a`])
      expect([kid, holderOf(kid)]).toEqual([kid, null]);
  });
});
