import {
  type CryptoKey,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportPKCS8,
  exportSPKI,
  importPKCS8,
} from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { asOneTimeTokenId, asUserId } from '#domain/ids.js';
import { AccessTokens, type TokenClaims } from './access-token.js';
import { CLAIMS_OF_ADA as claims } from './testing/claims.js';
import { MemoryHolderKeys } from './testing/memory-holder-keys.js';
import { MemorySigningKeys } from './testing/memory-signing-keys.js';

const issuer = 'https://auth.example.org';
const now = new Date('2030-01-01T00:00:00.000Z');

let keys: MemorySigningKeys;
let holderKeys: MemoryHolderKeys;
let tokens: AccessTokens;
beforeEach(async () => {
  keys = await MemorySigningKeys.with('k1');
  holderKeys = new MemoryHolderKeys();
  tokens = new AccessTokens(keys, issuer, holderKeys);
});

describe('an access token', () => {
  it('says what ucloud-users-api §10.1 and design §3 list, and nothing else (SEC-85)', async () => {
    const token = await tokens.sign(claims, now);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' });
    expect(decodeJwt(token)).toEqual({
      iss: issuer,
      sub: 'Ada',
      aud: 'all:write',
      iat: 1893456000,
      exp: 1893456600,
      uid: claims.userId,
      sid: claims.sessionId,
      publicSessionReference: claims.sessionId,
      role: 'USER',
      principalType: 'password',
      extendedByChain: [],
      auth_time: 1893452400,
      amr: ['pwd'],
      firstNames: 'Ada',
      lastName: 'Lovelace',
      email: 'ada@example.org',
      twoFactorAuthentication: false,
      serviceLicenseAgreement: true,
    });
  });

  it('lists several scopes, and names the last extender', async () => {
    const token = await tokens.sign({ ...claims, scopes: ['a:read', 'b:read'], extendedByChain: ['_x', '_y'] }, now);
    expect(decodeJwt(token)).toMatchObject({
      aud: ['a:read', 'b:read'],
      extendedByChain: ['_x', '_y'],
      extendedBy: '_y',
    });
  });

  it('is verified until it expires', async () => {
    const token = await tokens.sign(claims, now);
    const { userId, sessionId, scopes, expiresAt } = claims;
    const at = (time: string) => tokens.verify(token, new Date(time));
    expect(await at('2030-01-01T00:09:59.999Z')).toEqual({ userId, sessionId, scopes, expiresAt });
    await expect(at('2030-01-01T00:10:00.000Z')).rejects.toMatchObject({ code: 'access-token-invalid' });
    const others = new AccessTokens(keys, issuer, holderKeys);
    await expect(others.verify(token, new Date('2030-01-01T00:10:00.000Z'))).rejects.toThrow('access-token-invalid');
  });

  it('survives the rotation of keys, and dies at once with the revocation of its own (SEC-145)', async () => {
    const token = await tokens.sign(claims, now);
    await keys.add('k2');
    expect(await tokens.verify(token, now)).toBeTruthy();
    expect(decodeProtectedHeader(await tokens.sign(claims, now)).kid).toBe('k2');
    keys.remove('k1');
    await expect(tokens.verify(token, now)).rejects.toMatchObject({ code: 'access-token-invalid' });
  });

  it('is not a one-time token, nor the other way round (SEC-83)', async () => {
    const oneTime = await tokens.signOneTime(claims, asOneTimeTokenId('j1'), now);
    expect(decodeJwt(oneTime).jti).toBe('j1');
    await expect(tokens.verify(oneTime, now)).rejects.toMatchObject({ code: 'access-token-invalid' });
  });
});

describe('a hostile token (SEC-81, SEC-82, SEC-84, SEC-86)', () => {
  const expectRefusal = async (token: string) =>
    expect(tokens.verify(token, now)).rejects.toMatchObject({ code: 'access-token-invalid' });
  const payload = async (): Promise<JWTPayload> => decodeJwt(await tokens.sign(claims, now));
  const resigned = async (change: (payload: JWTPayload) => JWTPayload, header: Record<string, unknown> = {}) =>
    new SignJWT(change(await payload()))
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', ...header })
      .sign(keys.active().privateKey);

  it('would be accepted if nothing were wrong with it', async () =>
    expect(await tokens.verify(await resigned((same) => same), now)).toBeTruthy());

  it('has no signature', async () => {
    await expectRefusal(new UnsecuredJWT(await payload()).encode());
    const [header = '', body = ''] = (await tokens.sign(claims, now)).split('.');
    await expectRefusal(`${header}.${body}.`);
    await expectRefusal(`${header}.${body}`);
  });

  it('is signed with our public key as if it were a shared secret', async () => {
    const publicKey = keys.verificationKey('k1');
    if (publicKey === undefined) throw new Error('no key');
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(await exportJWK(publicKey))])
      await expectRefusal(
        await new SignJWT(await payload())
          .setProtectedHeader({ alg: 'HS256', kid: 'k1', typ: 'at+jwt' })
          .sign(Buffer.from(secret)),
      );
  });

  it('is signed with a key of its own, which it brings along', async () => {
    const stranger = await MemorySigningKeys.with('k1');
    const key = stranger.verificationKey('k1');
    const jwk = key === undefined ? {} : await exportJWK(key);
    await expectRefusal(
      await new SignJWT(await payload())
        .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', jwk, jku: 'https://evil.example/jwks.json' })
        .sign(stranger.active().privateKey),
    );
  });

  for (const kid of ['k2', '../k1', 'k1\u0000', "k1' OR 1=1", '__proto__', 'k'.repeat(65), ''])
    it(`names the key ${JSON.stringify(kid).slice(0, 20)}`, async () =>
      expectRefusal(await resigned((same) => same, { kid })));

  it('is of another type, or asks for extensions nobody knows', async () => {
    await expectRefusal(await resigned((same) => same, { typ: 'JWT' }));
    await expectRefusal(await resigned((same) => same, { typ: 'logout+jwt' }));
  });

  it('comes from another issuer', async () => {
    await expectRefusal(await resigned((all) => ({ ...all, iss: 'https://auth.example.org.evil.example' })));
    await expectRefusal(await resigned((all) => ({ ...all, iss: `${issuer}/` })));
  });

  for (const claim of ['iss', 'sub', 'aud', 'exp', 'iat', 'sid', 'uid'])
    it(`lacks the claim ${claim}`, async () => expectRefusal(await resigned(({ [claim]: _, ...rest }) => rest)));

  it('has claims of another shape', async () => {
    await expectRefusal(await resigned((all) => ({ ...all, sid: '../user-1' })));
    await expectRefusal(await resigned((all) => ({ ...all, uid: ['x'] })));
    await expectRefusal(await resigned((all) => ({ ...all, nbf: 1893456001 })));
  });

  it('was changed after it was signed', async () => {
    const [header = '', , signature = ''] = (await tokens.sign(claims, now)).split('.');
    const body = Buffer.from(JSON.stringify({ ...(await payload()), role: 'ADMIN' })).toString('base64url');
    await expectRefusal(`${header}.${body}.${signature}`);
  });

  it('is no token at all', async () => {
    for (const text of ['', '.', '..', 'null', 'a.b.c', 'x'.repeat(9_000), '\u0000', 'e30.e30.e30'])
      await expectRefusal(text);
  });

  it('has something more at its end, or in between', async () => {
    const token = await tokens.sign(claims, now);
    for (const text of [`${token} `, `${token}\n`, ` ${token}`, `${token}=`, token.replace('.', '. '), `${token}.x`])
      await expectRefusal(text);
  });

  it('tells the client why, without a word of the token', async () => {
    const token = await resigned((all) => ({ ...all, iss: 'https://evil.example' }));
    const refusal: unknown = await tokens.verify(token, now).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ explanation: expect.stringContaining('issuer') });
    expect(JSON.stringify(refusal)).not.toContain('evil');
  });
});

describe('a key that one account has of its own (SEC-81)', () => {
  const hippo = { userId: asUserId('0198f0a2-0000-7000-8000-000000000002'), username: '#P_hippo' };
  const kid = `${hippo.userId}_k1`;
  const ofHippo: TokenClaims = { ...claims, ...hippo, role: 'PROVIDER', principalType: 'provider', profile: {} };
  let own: Awaited<ReturnType<MemoryHolderKeys['add']>>;
  beforeEach(async () => {
    own = await holderKeys.add(kid, hippo);
  });
  const expectRefusal = async (token: string) =>
    expect(tokens.verify(token, now)).rejects.toMatchObject({ code: 'access-token-invalid' });
  const resigned = async (key: CryptoKey | Uint8Array, header: object, more: JWTPayload = {}) =>
    new SignJWT({ ...decodeJwt(await tokens.sign(ofHippo, now, own)), ...more })
      .setProtectedHeader({ alg: 'RS256', kid, typ: 'at+jwt', ...header })
      .sign(key);
  const importedAs = async (alg: string) => importPKCS8(await exportPKCS8(own.privateKey), alg);

  it('signs and verifies its tokens', async () => {
    const token = await tokens.sign(ofHippo, now, own);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid, typ: 'at+jwt' });
    expect(await tokens.verify(token, now)).toMatchObject({ userId: hippo.userId, sessionId: claims.sessionId });
    expect(await tokens.verify(await resigned(own.privateKey, {}), now)).toBeTruthy();
  });

  it('verifies those of nobody else, by id and by name', async () => {
    for (const more of [
      { uid: claims.userId, sub: claims.username },
      { uid: claims.userId },
      { sub: claims.username },
      { sub: '#P_HIPPO' },
      { uid: [hippo.userId] },
    ])
      await expectRefusal(await resigned(own.privateKey, {}, more));
  });

  it('is bound to its algorithm, as the keys of the installation are to theirs', async () => {
    const main = keys.active().privateKey;
    await expectRefusal(await resigned(own.privateKey, { kid: 'k1' }));
    await expectRefusal(await resigned(main, { alg: 'ES256' }));
    for (const alg of ['PS256', 'RS384', 'RS512', 'PS512'])
      await expectRefusal(await resigned(await importedAs(alg), { alg }));
    expect(await tokens.verify(await resigned(main, { alg: 'ES256', kid: 'k1' }), now)).toBeTruthy();
  });

  it('is no shared secret', async () => {
    for (const secret of [await exportSPKI(own.publicKey), JSON.stringify(await exportJWK(own.publicKey))])
      await expectRefusal(await resigned(Buffer.from(secret), { alg: 'HS256' }));
  });

  it('is not another one that the token brings along', async () => {
    const stranger = await new MemoryHolderKeys().add(kid, hippo);
    const jwk = await exportJWK(stranger.publicKey);
    await expectRefusal(await resigned(stranger.privateKey, { jwk, jku: 'https://evil.example/jwks.json' }));
  });

  it('verifies no one-time token as an access token (SEC-83)', async () =>
    expectRefusal(await tokens.signOneTime(ofHippo, asOneTimeTokenId('j1'), now, own)));

  it('that cannot be looked up is no fault of the token', async () => {
    const token = await tokens.sign(ofHippo, now, own);
    const broken = new AccessTokens(keys, issuer, { find: () => Promise.reject(new Error('the log cannot be read')) });
    await expect(broken.verify(token, now)).rejects.toThrow('the log cannot be read');
  });

  it('verifies nothing any more from when it was replaced, seen before or not', async () => {
    const token = await tokens.sign(ofHippo, now, own);
    expect(await tokens.verify(token, now)).toBeTruthy();
    holderKeys.remove(kid);
    await holderKeys.add(`${hippo.userId}_k2`, hippo);
    await expectRefusal(token);
  });
});
