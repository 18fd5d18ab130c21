import { describe, expect, it } from 'vitest';
import { asCredentialId, asKeyId } from '../ids.js';
import { scenario, stateAfter } from '../testing/scenario.js';
import { type SigningKeyEvent, activeKey, needsKey, signingKey } from './signing-key.js';

const given = scenario(signingKey);

const addedData = (kid: string, activatesAt: string) =>
  ({
    kid: asKeyId(kid),
    alg: 'ES256',
    publicJwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
    credentialId: asCredentialId(`c-${kid}`),
    activatesAt,
  }) as const;
const added = (kid: string, activatesAt: string): SigningKeyEvent => ({
  type: 'SigningKeyAdded',
  data: addedData(kid, activatesAt),
});
const retired = (kid: string): SigningKeyEvent => ({ type: 'SigningKeyRetired', data: { kid: asKeyId(kid) } });
const revoked = (kid: string): SigningKeyEvent => ({ type: 'SigningKeyRevoked', data: { kid: asKeyId(kid) } });
const add = (kid: string, now: string) => {
  const { activatesAt: _, ...key } = addedData(kid, now);
  return { type: 'AddSigningKey', ...key, now: new Date(now) } as const;
};
const first = added('k1', '2030-01-01T00:00:00.000Z');
const second = added('k2', '2030-04-01T00:00:00.000Z');

describe('adding a signing key', () => {
  it('signs at once when it is the first', () => given().when(add('k1', '2030-01-01T00:00:00.000Z')).yields(first));

  it('is not needed for 90 days', () => given(first).when(add('k2', '2030-03-31T22:59:59.999Z')).yields());

  it('is published an hour before it signs (SEC-145)', () =>
    given(first).when(add('k2', '2030-03-31T23:00:00.000Z')).yields(second));

  it('changes nothing when another process was quicker', () =>
    given(first, second).when(add('k3', '2030-03-31T23:00:00.000Z')).yields());

  it('replaces a revoked key at once', () =>
    given(first, revoked('k1'))
      .when(add('k2', '2030-01-02T00:00:00.000Z'))
      .yields(added('k2', '2030-01-02T00:00:00.000Z')));
});

describe('asking for another signing key', () => {
  const requested: SigningKeyEvent = { type: 'SigningKeyRotationRequested', data: {} };
  const request = (now: string) => ({ type: 'RequestSigningKeyRotation', now: new Date(now) }) as const;

  it('makes one due, which signs an hour later (SEC-145)', () => {
    given(first).when(request('2030-01-02T00:00:00.000Z')).yields(requested);
    given(first, requested).when(add('k2', '2030-01-02T00:00:00.000Z')).yields(added('k2', '2030-01-02T01:00:00.000Z'));
  });

  it('is done once: not while the next key waits to sign, but again after it', () => {
    const next = added('k2', '2030-01-02T01:00:00.000Z');
    given(first, requested).when(request('2030-01-02T00:00:00.000Z')).yields();
    given(first, requested, next).when(add('k3', '2030-01-02T00:00:00.000Z')).yields();
    given(first, requested, next).when(request('2030-01-02T00:59:59.999Z')).yields();
    given(first, requested, next).when(request('2030-01-02T01:00:00.000Z')).yields(requested);
  });

  it('is of no use where there is none, since one is made anyway', () =>
    given().when(request('2030-01-02T00:00:00.000Z')).yields());
});

describe('retiring signing keys', () => {
  const retire = (now: string) => ({ type: 'RetireSigningKeys', now: new Date(now) }) as const;

  it('waits until the last token of the old key has expired (SEC-145)', () => {
    given(first, second).when(retire('2030-04-01T00:59:59.999Z')).yields();
    given(first, second).when(retire('2030-04-01T01:00:00.000Z')).yields(retired('k1'));
  });

  it('leaves the only key alone, and changes nothing the second time', () => {
    given(first).when(retire('2031-01-01T00:00:00.000Z')).yields();
    given(first, second, retired('k1')).when(retire('2030-04-01T01:00:00.000Z')).yields();
  });
});

describe('revoking a signing key', () => {
  it('removes it at once (SEC-145)', () =>
    given(first)
      .when({ type: 'RevokeSigningKey', kid: asKeyId('k1') })
      .yields(revoked('k1')));

  it('is refused for a key that is not published', () =>
    given(first, revoked('k1'))
      .when({ type: 'RevokeSigningKey', kid: asKeyId('k1') })
      .refuses('signing-key-unknown'));
});

describe('the active key', () => {
  const ring = stateAfter(signingKey, [first, second]);

  it('is the newest that has begun to sign', () => {
    expect(activeKey(ring, new Date('2030-03-31T23:59:59.999Z'))?.kid).toBe('k1');
    expect(activeKey(ring, new Date('2030-04-01T00:00:00.000Z'))?.kid).toBe('k2');
    expect(activeKey([], new Date('2030-01-01T00:00:00.000Z'))).toBeUndefined();
  });

  it('is the oldest where none has begun: the clock went back, or what signed was revoked', () => {
    expect(activeKey(ring, new Date('2029-12-31T23:00:00.000Z'))?.kid).toBe('k1');
    expect(needsKey(ring, new Date('2029-12-31T23:00:00.000Z'))).toBe(false);
    const successor = stateAfter(signingKey, [first, second, revoked('k1')]);
    expect(activeKey(successor, new Date('2030-03-31T23:30:00.000Z'))?.kid).toBe('k2');
  });

  it('needs a successor in time', () => {
    expect(needsKey(ring, new Date('2030-06-29T22:59:59.999Z'))).toBe(false);
    expect(needsKey(ring, new Date('2030-06-29T23:00:00.000Z'))).toBe(true);
  });
});
