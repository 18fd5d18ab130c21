import { createPublicKey, verify } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Vault } from '#vault/vault.js';
import { Providers } from '../../provider/providers.js';
import { TestApp, type TestProvider, refusal } from '../../testing/test-app.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start(`
userIterator: { callers: [_bootstrap] }
tokenExtension: [{ service: _bootstrap, scopes: ["files:read", "auth.providers:write"] }]
loginServices:
  - { name: cli, endpoint: "http://localhost:8080/account", mode: APPLICATION }
  - { name: rotating, endpoint: "http://localhost:8080/account", mode: APPLICATION, rotate: true }
`);
});
afterAll(() => app.close());

let providers = 0;
let id: string;
let service: string;
beforeEach(async () => {
  providers += 1;
  id = `provider-${providers}`;
  service = await app.asService();
});

const post = (call: string, items: unknown, headers = {}, token = service) =>
  app.call('POST', `/auth/providers${call}`, { token, json: { items }, headers });
const register = (ids: readonly string[], headers = {}) =>
  post(
    '',
    ids.map((each) => ({ id: each })),
    headers,
  );
const claim = (...claimTokens: readonly unknown[]) =>
  post(
    '/claim',
    claimTokens.map((claimToken) => ({ claimToken })),
  );
const renew = (ids: readonly string[], headers = {}) =>
  post(
    '/renew',
    ids.map((each) => ({ id: each })),
    headers,
  );
const refresh = (...tokens: readonly unknown[]) =>
  app.call('POST', '/auth/providers/refresh', { json: { items: tokens.map((refreshToken) => ({ refreshToken })) } });
const retrieveKey = (which = id) =>
  app.call('GET', `/auth/providers/retrieveKey?id=${encodeURIComponent(which)}`, { token: service });
const responses = ({ status, text, json }: Awaited<ReturnType<typeof post>>) => {
  if (status !== 200) throw new Error(text);
  return json['responses'] as Record<string, string>[];
};
const only = (answer: Awaited<ReturnType<typeof post>>) => responses(answer)[0] ?? {};
const check = (token: string) => app.call('GET', '/auth/sessions/current', { token });

/** As a reader of UCloud's does it: with the key it fetched, and no library of ours (ucloud-users-api §17). */
function isSignedWith(publicKey: string, token: string): boolean {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
}

describe('a provider', () => {
  it('is registered, claimed and refreshed, and its tokens are signed with its own key', async () => {
    const before = (await app.events('user')).length;
    const { claimToken = '' } = only(await register([id]));
    expect((await app.events('user')).slice(before)).toEqual(['UserCreated', 'ProviderRegistered', 'CredentialIssued']);
    const claimed = only(await claim(claimToken));
    expect(claimed).toEqual({ providerId: id, publicKey: expect.any(String), refreshToken: expect.any(String) });
    const { publicKey = '', refreshToken } = claimed;
    expect(publicKey).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    expect(key.asymmetricKeyType).toBe('rsa');
    expect((await retrieveKey()).json).toEqual({ publicKey });

    const { accessToken = '' } = only(await refresh(refreshToken));
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    const payload = decodeJwt(accessToken);
    expect(payload).toMatchObject({
      sub: `#P_${id}`,
      role: 'PROVIDER',
      principalType: 'provider',
      aud: 'all:write',
      iss: 'http://localhost:8080',
      extendedByChain: [],
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(15 * 60);
    expect(isSignedWith(publicKey, accessToken)).toBe(true);
    const { json } = await app.call('GET', '/auth/.well-known/jwks.json');
    expect(JSON.stringify(json)).not.toContain(String(decodeProtectedHeader(accessToken).kid));
  });
});

describe('registering providers', () => {
  it('makes all of the list or none, and each id once, in any spelling', async () => {
    expect(responses(await register([id, `${id}-b`]))).toHaveLength(2);
    const before = (await app.stored('user', 'UserCreated')).length;
    for (const ids of [[`${id}-c`, id], [`${id}-c`, `${id}-c`], [id.toUpperCase()], [`${id}-c`, `${id}-C`]])
      expect(await register(ids)).toMatchObject(refusal('username-taken', 409));
    expect(await app.stored('user', 'UserCreated')).toHaveLength(before);
    expect(responses(await register([`${id}-c`]))).toHaveLength(1);
  });

  it('gives an id to one of many who ask for it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => register([id])));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
  });

  it('answers the same when it is repeated with its idempotency key, at the same moment, too (SEC-134)', async () => {
    const key = { 'idempotency-key': id };
    const answers = await Promise.all([register([id], key), register([id], key)]);
    const again = await register([id], key);
    expect(new Set([...answers, again].map(({ text }) => text)).size).toBe(1);
    const { claimToken } = only(again);
    const { refreshToken } = only(await claim(claimToken));
    expect((await refresh(refreshToken)).status).toBe(200);
    expect(await register([`${id}-b`], key)).toMatchObject(refusal('idempotency-key-reused', 422));
    await renew([id]);
    expect((await register([id], key)).text).toBe(again.text);
    expect(await claim(claimToken)).toMatchObject(refusal('claim-token-unknown', 404));
  });

  it('is the only way to make one: not createNewUser, not another role, not a name that looks like one', async () => {
    const wanted = { username: `#P_${id}`, password: 'a password of nobody', email: `${id}@example.org` };
    const create = (more: object) =>
      app.call('POST', '/auth/users/register', { token: service, json: [{ ...wanted, ...more }] });
    expect(await create({ role: 'PROVIDER' })).toMatchObject(refusal('role-not-assignable'));
    for (const username of [`#P_${id}`, `#p_${id}`, `＃P_${id}`])
      expect(await create({ username })).toMatchObject(refusal('username-invalid'));
    await app.create(id);
    const changeRole = (userId: string, role: string) =>
      app.asAdmin().then((token) => app.call('POST', '/auth/users/role', { token, json: { userId, role } }));
    expect(await changeRole(id, 'PROVIDER')).toMatchObject(refusal('role-not-assignable'));
    await register([id]);
    for (const role of ['USER', 'ADMIN', 'SERVICE'])
      expect(await changeRole(`#P_${id}`, role)).toMatchObject(refusal('role-not-assignable'));
  });

  for (const [why, items, errorCode] of [
    ['an empty id', [{ id: '' }], 'provider-id-invalid'],
    ['a long id', [{ id: 'x'.repeat(65) }], 'provider-id-invalid'],
    ['a very long id', [{ id: 'x'.repeat(1_025) }], 'body-invalid'],
    ['an id with a space', [{ id: 'a b' }], 'provider-id-invalid'],
    ['an id with a sign', [{ id: '#P_a' }], 'provider-id-invalid'],
    ['an id of other letters', [{ id: 'åse' }], 'provider-id-invalid'],
    ['an id that is no text', [{ id: 7 }], 'body-invalid'],
    ['no id', [{}], 'body-invalid'],
    ['items that are none', ['x'], 'body-invalid'],
    ['an item that is null', [null], 'body-invalid'],
    ['no list', 'x', 'body-invalid'],
    ['nothing', undefined, 'body-invalid'],
    ['more than ten', Array.from({ length: 11 }, (_, n) => ({ id: `x${n}` })), 'body-invalid'],
  ] as const)
    it(`is refused for ${why}, and stores nothing`, async () => {
      const before = (await app.events()).length;
      expect(await post('', items)).toMatchObject(refusal(errorCode));
      expect(await app.events()).toHaveLength(before);
    });

  it('says which item was wrong', async () => {
    expect((await post('', [{ id: 'x' }, { id: 7 }])).json['why']).toBe(
      'items[1].id must be text of 1024 characters or fewer.',
    );
    for (const body of ['[]', '7', 'null', '"x"', '{}'])
      expect(
        await app.call('POST', '/auth/providers', {
          token: service,
          body,
          headers: { 'content-type': 'application/json' },
        }),
      ).toMatchObject(refusal('body-invalid'));
  });

  it('makes nothing of an empty list', async () => expect((await post('', [])).json).toEqual({ responses: [] }));
});

describe('what a provider keeps', () => {
  it('is handed out to nobody with a token that was lent', async () => {
    const json = { validJWT: await app.asAdmin(), requestedScopes: ['auth.providers:write'], expiresIn: MINUTE };
    const extended = await app.call('POST', '/auth/extend', { token: service, json });
    const token = String(extended.json['accessToken']);
    for (const [call, item] of [
      ['', { id }],
      ['/claim', { claimToken: 'x' }],
      ['/renew', { id }],
    ] as const)
      expect(await post(call, [item], {}, token)).toMatchObject(refusal('extended-token-not-allowed', 403));
  });
});

describe('claiming a provider', () => {
  it('gives the same to twenty who claim at once, is remembered once, and works again (SEC-55)', async () => {
    const { claimToken } = only(await register([id]));
    const before = (await app.events()).length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => claim(claimToken)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect((await app.events()).slice(before)).toEqual(['ProviderClaimed']);
    app.clock.advance(DAY - 1);
    service = await app.asService();
    expect((await claim(claimToken)).text).toBe(answers[0]?.text);
    app.clock.advance(1);
    service = await app.asService();
    expect(await claim(claimToken)).toMatchObject(refusal('claim-token-expired', 410));
    expect((await refresh(only(answers[0] ?? (await claim())).refreshToken)).status).toBe(200);
  });

  it('is refused for other tokens, and hands out nothing if one of several is unknown', async () => {
    const { claimToken = '' } = only(await register([id]));
    const other = only(await register([`${id}-b`])).claimToken ?? '';
    const person = (await app.create(`person-${providers}`)).refreshToken;
    const mixed = `${claimToken.slice(0, 37)}${other.slice(37)}`;
    for (const wrong of ['', 'x', mixed, claimToken.slice(0, -1), `${claimToken}x`, claimToken.toUpperCase(), person])
      expect(await claim(wrong)).toMatchObject(refusal('claim-token-unknown', 404));
    const before = (await app.events()).length;
    expect(await claim(claimToken, 'x')).toMatchObject(refusal('claim-token-unknown', 404));
    expect(await claim(claimToken, mixed)).toMatchObject(refusal('claim-token-unknown', 404));
    expect(await app.events()).toHaveLength(before);
    expect(await claim(7)).toMatchObject(refusal('body-invalid'));
    expect(responses(await claim(claimToken, other, claimToken)).map(({ providerId }) => providerId)).toEqual([
      id,
      `${id}-b`,
      id,
    ]);
  });

  it('is refused once its session was ended: the provider has to be renewed', async () => {
    const { claimToken, refreshToken } = await app.createProvider(id);
    await app.call('POST', '/auth/logout', { token: refreshToken });
    expect(await claim(claimToken)).toMatchObject(refusal('credential-ended', 409));
    const { refreshToken: next } = only(await renew([id]));
    expect((await refresh(next)).status).toBe(200);
  });
});

describe('refreshing a provider', () => {
  it('is refused for tokens of anybody else, without a hint which, and without touching them', async () => {
    const { refreshToken } = await app.createProvider(id);
    const person = await app.person(`person-${providers}`, 'rotating');
    const helper = await app.create(`_helper-${providers}`, 'SERVICE');
    const invented = `${refreshToken.slice(0, 37)}${'A'.repeat(64)}`;
    const before = (await app.events()).length;
    const refusals = [];
    for (const wrong of [person.refreshToken, helper.refreshToken, person.accessToken, invented, '', 'x']) {
      refusals.push(await refresh(wrong));
      refusals.push(await refresh(refreshToken, wrong));
      refusals.push(await refresh(wrong, refreshToken));
    }
    expect(new Set(refusals.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(refusals[0]).toMatchObject(refusal('provider-token-unknown', 403));
    expect(await app.events()).toHaveLength(before);
    expect((await app.call('POST', '/auth/refresh', { token: person.refreshToken })).status).toBe(200);
    expect(responses(await refresh(refreshToken, refreshToken))).toHaveLength(2);
    for (const wrong of [7, null, undefined, ['x'], 'x'.repeat(1_025)])
      expect(await refresh(wrong)).toMatchObject(refusal('body-invalid'));
  });

  it('at the call for everybody gives a token that is signed with its own key, too', async () => {
    const { refreshToken, publicKey } = await app.createProvider(id);
    const { status, json } = await app.call('POST', '/auth/refresh', { token: refreshToken });
    expect(status).toBe(200);
    expect(isSignedWith(publicKey, String(json['accessToken']))).toBe(true);
  });

  it('works for a year', async () => {
    const { accessToken } = await app.createProvider(id);
    expect((await check(accessToken)).json['expiresAt']).toBe(app.clock.now().getTime() + 365 * DAY);
  });
});

describe('a provider’s access token', () => {
  let provider: TestProvider;
  beforeEach(async () => {
    provider = await app.createProvider(id);
  });

  it('is good for the calls that are open to any account, and for no other', async () => {
    const { accessToken: token } = provider;
    expect(await check(token)).toMatchObject({
      status: 200,
      json: { username: `#P_${id}`, role: 'PROVIDER', scopes: ['all:write'], methods: [] },
    });
    expect(await app.call('GET', '/auth/sessions', { token })).toMatchObject(refusal('role-not-allowed', 403));
    expect(await post('', [{ id: 'x' }], {}, token)).toMatchObject(refusal('role-not-allowed', 403));
    app.clock.advance(15 * MINUTE);
    expect(await check(token)).toMatchObject(refusal('access-token-invalid', 401));
  });

  it('gets one-time tokens, which are signed with the same key', async () => {
    const { json } = await app.call('POST', '/auth/request?audience=files:read', { token: provider.accessToken });
    expect(isSignedWith(provider.publicKey, String(json['accessToken']))).toBe(true);
    expect(await check(String(json['accessToken']))).toMatchObject(refusal('access-token-invalid', 401));
    expect((await app.call('POST', `/auth/claim?jti=${String(json['jti'])}`, { token: service })).status).toBe(200);
  });

  it('can be extended like any other, and the extension is signed with the same key', async () => {
    const json = { validJWT: provider.accessToken, requestedScopes: ['files:read'], expiresIn: MINUTE };
    const extended = await app.call('POST', '/auth/extend', { token: service, json });
    const token = String(extended.json['accessToken']);
    expect(isSignedWith(provider.publicKey, token)).toBe(true);
    expect(await check(token)).toMatchObject(refusal('scope-missing', 403));
    expect(decodeJwt(token)).toMatchObject({ sub: `#P_${id}`, aud: 'files:read', extendedBy: '_bootstrap' });
  });

  it('is void when its session has ended', async () => {
    await app.call('POST', '/auth/logout', { token: provider.refreshToken });
    expect(await check(provider.accessToken)).toMatchObject(refusal('session-ended', 401));
    expect(await refresh(provider.refreshToken)).toMatchObject(refusal('provider-token-unknown', 403));
  });

  it('cannot be had by changing one of somebody else', async () => {
    const [header = '', , signature = ''] = provider.accessToken.split('.');
    const claims = { ...decodeJwt(provider.accessToken), role: 'ADMIN' };
    const forged = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
    expect(await check(forged)).toMatchObject(refusal('access-token-invalid', 401));
  });
});

describe('renewing a provider', () => {
  it('gives it another key and another refresh token; what it had is void at once (SEC-72)', async () => {
    const { claimToken, publicKey, refreshToken, accessToken } = await app.createProvider(id);
    expect((await check(accessToken)).status).toBe(200);
    const { credentialId } = (await app.get(Providers).find(id)).provider.key;
    expect(await app.get(Vault).reveal(credentialId)).toContain('PRIVATE KEY');
    const before = (await app.events()).length;
    const renewed = only(await renew([id]));
    expect((await app.events()).slice(before)).toEqual([
      'SessionsInvalidated',
      'ProviderRenewed',
      'CredentialIssued',
      'SessionOpened',
    ]);
    expect(renewed['providerId']).toBe(id);
    expect(renewed['publicKey']).not.toBe(publicKey);
    expect(await check(accessToken)).toMatchObject(refusal('access-token-invalid', 401));
    expect(await refresh(refreshToken)).toMatchObject(refusal('provider-token-unknown', 403));
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).status).toBe(401);
    expect(await claim(claimToken)).toMatchObject(refusal('claim-token-unknown', 404));
    expect((await retrieveKey()).json).toEqual({ publicKey: renewed['publicKey'] });
    expect(await app.get(Vault).reveal(credentialId)).toBeNull();
    const next = only(await refresh(renewed['refreshToken']))['accessToken'] ?? '';
    expect(isSignedWith(renewed['publicKey'] ?? '', next)).toBe(true);
    expect((await check(next)).status).toBe(200);
  });

  it('is the way out for one that was not claimed in time', async () => {
    const { claimToken } = only(await register([id]));
    app.clock.advance(DAY);
    service = await app.asService();
    expect(await claim(claimToken)).toMatchObject(refusal('claim-token-expired', 410));
    expect((await refresh(only(await renew([id]))['refreshToken'])).status).toBe(200);
  });

  it('happens once of several times at once, and the others are told so', async () => {
    await register([id]);
    const answers = await Promise.all(Array.from({ length: 3 }, () => renew([id])));
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(answers.filter(({ json }) => json['errorCode'] === 'provider-renewed-meanwhile')).toHaveLength(2);
    expect((await refresh(only(won[0] ?? (await renew([])))['refreshToken'])).status).toBe(200);
  });

  it('answers the same when it is repeated with its idempotency key, at the same moment, too', async () => {
    await register([id]);
    const key = { 'idempotency-key': id };
    const answers = [...(await Promise.all([renew([id], key), renew([id], key)])), await renew([id], key)];
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await refresh(only(answers[0] ?? (await renew([])))['refreshToken'])).status).toBe(200);
    expect(await renew(['another'], key)).toMatchObject(refusal('idempotency-key-reused', 422));
  });

  it('renews none where one cannot be, and none twice', async () => {
    const { refreshToken } = await app.createProvider(id);
    expect(await renew([id, 'nobody'])).toMatchObject(refusal('provider-unknown', 404));
    expect(await renew([id, id])).toMatchObject(refusal('body-invalid'));
    expect(await renew([id.toUpperCase()])).toMatchObject(refusal('provider-unknown', 404));
    expect((await refresh(refreshToken)).status).toBe(200);
  });
});

describe('a provider that was suspended', () => {
  it('can do nothing, has no key, and has to be renewed afterwards (SEC-64)', async () => {
    const { claimToken, refreshToken, accessToken } = await app.createProvider(id);
    const admin = await app.asAdmin();
    const administer = (call: string) =>
      app.call('POST', `/auth/users/${call}`, { token: admin, json: { userId: `#P_${id}` } });
    expect((await administer('suspend')).status).toBe(200);
    expect((await check(accessToken)).status).toBe(401);
    expect(await refresh(refreshToken)).toMatchObject(refusal('provider-token-unknown', 403));
    expect(await retrieveKey()).toMatchObject(refusal('provider-unknown', 404));
    expect(await claim(claimToken)).toMatchObject(refusal('account-suspended', 409));
    expect(await renew([id])).toMatchObject(refusal('account-suspended', 409));
    expect((await administer('reinstate')).status).toBe(200);
    expect(await refresh(refreshToken)).toMatchObject(refusal('provider-token-unknown', 403));
    expect(await claim(claimToken)).toMatchObject(refusal('claim-token-unknown', 404));
    expect((await refresh(only(await renew([id]))['refreshToken'])).status).toBe(200);
  });
});

describe('the key of a provider', () => {
  it('is that of no other account, and of no other spelling', async () => {
    await register([id]);
    for (const unknown of ['nobody', id.toUpperCase(), '#P_x', `#P_${id}`, 'admin', '../admin', 'x'.repeat(300)])
      expect(await retrieveKey(unknown)).toMatchObject(refusal('provider-unknown', 404));
    for (const query of ['', '?id=', '?id=a&id=b'])
      expect(await app.call('GET', `/auth/providers/retrieveKey${query}`, { token: service })).toMatchObject(
        refusal('parameter-invalid'),
      );
  });
});

describe('a provider among the accounts', () => {
  it('is a principal of its own type, and nobody whom lookups by name know (ucloud-users-api §5.4, §13.3)', async () => {
    await register([id]);
    const name = `#P_${id}`;
    const retrieved = await app.call('GET', `/auth/users/retrievePrincipal?username=${encodeURIComponent(name)}`, {
      token: service,
    });
    expect(retrieved.json).toEqual({ type: 'provider', id: name, role: 'PROVIDER' });
    const opened = await app.call('POST', '/auth/users/iterator/open', { token: service });
    const walked = await app.call('POST', '/auth/users/iterator/next', { token: service, json: opened.json });
    expect(walked.json).toContainEqual({ type: 'provider', id: name, role: 'PROVIDER' });
    const found = await app.call('POST', '/auth/users/lookup', { token: service, json: { users: [name] } });
    expect(found.json).toEqual({ results: { [name]: null } });
    expect((await app.tryLogIn(name, 'any password of a provider')).status).toBe(401);
  });
});
