import { randomUUID } from 'node:crypto';
import { CommandBus } from '@nestjs/cqrs';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FederatedAccounts } from '#accounts/federated-accounts.js';
import { adaAsserted, adaAtWayf } from '#domain/testing/federation.js';
import { type AssertedProfile, NOTHING_ASSERTED } from '#domain/user/asserted-profile.js';
import { type ActiveUser, nameOf } from '#domain/user/user-state.js';
import { Settings } from '#host/settings.js';
import { ANONYMOUS } from '../../request-context.js';
import { LogIn } from '../../session/log-in.js';
import { AuditReader } from '../../testing/audit-reader.js';
import { TestApp, refusal } from '../../testing/test-app.js';

let app: TestApp;
let ada: ActiveUser;
let token: string;
let service: string;
beforeAll(async () => {
  app = await TestApp.start('passwordReset: { callers: [_bootstrap] }');
  // Somebody else has the address that is asserted of her.
  await app.create('ada');
  ada = await comes();
  token = await opened(ada, ['pwd']);
  service = await app.asService();
});
afterAll(() => app.close());

const context = () => ({ commandId: randomUUID(), correlationId: 'c0ffee', now: app.clock.now() });

const comes = (profile: AssertedProfile = adaAsserted, subject = adaAtWayf.subject) =>
  app.get(FederatedAccounts).signIn({ ...adaAtWayf, subject }, profile, { ...context(), ...ANONYMOUS });

/** The access token of a session of who has just come from an identity provider. */
async function opened(account: ActiveUser, amr: readonly string[]): Promise<string> {
  const web = app.get(Settings).loginServices.get('cli');
  if (web === undefined) throw new Error('there is no such login service');
  const client = { ipAddress: '192.0.2.7', userAgent: 'Mozilla/5.0' };
  const login = new LogIn({ account, amr, passwordTooShort: false, secondFactorShown: false }, web, client, context());
  const tokens = await app.get(CommandBus).execute(login);
  if (!('accessToken' in tokens)) throw new Error('a code was asked for');
  return tokens.accessToken;
}

const principalOf = async (username: string) =>
  (await app.call('GET', `/auth/users/retrievePrincipal?username=${encodeURIComponent(username)}`, { token: service }))
    .json;
const update = (json: unknown) => app.call('POST', '/auth/users/updateUserInfo', { token, json });

describe('somebody from an identity provider', () => {
  it('is a principal of the type wayf (ucloud-users-api §13.3)', async () =>
    expect(await principalOf(nameOf(ada))).toEqual({
      type: 'wayf',
      id: nameOf(ada),
      role: 'USER',
      title: null,
      firstNames: 'Ada',
      lastName: 'Lovelace',
      phoneNumber: null,
      orcId: null,
      email: 'ada@example.org',
      twoFactorAuthentication: false,
      serviceLicenseAgreement: 0,
      organizationId: 'example.org',
      wayfId: adaAtWayf.subject,
      displayName: 'Ada Lovelace',
    }));

  it('is shown by the user name where there are no names', async () => {
    const nobody = await comes(NOTHING_ASSERTED, 'WAYF-DK-nobody');
    const nothing = { firstNames: null, lastName: null, email: null, organizationId: null };
    expect(await principalOf(nameOf(nobody))).toMatchObject({ ...nothing, displayName: nameOf(nobody) });
  });

  it('has what is asserted in the token, and a second factor if the session was opened with one', async () => {
    const claims = { principalType: 'wayf', sub: nameOf(ada), firstNames: 'Ada', lastName: 'Lovelace' };
    expect(decodeJwt(token)).toMatchObject({ ...claims, email: 'ada@example.org', twoFactorAuthentication: false });
    expect(decodeJwt(await opened(ada, ['pwd', 'mfa']))).toMatchObject({ twoFactorAuthentication: true });
  });

  it('is in the list of accounts, with where they come from', async () => {
    const answer = await app.call('GET', '/auth/users?query=lovelace', { token: await app.asAdmin() });
    expect(answer.json['items']).toMatchObject([
      {
        username: nameOf(ada),
        type: 'wayf',
        email: 'ada@example.org',
        identityProvider: 'https://wayf.wayf.dk',
        organizationId: 'example.org',
      },
    ]);
  });

  it('is not found by an address that is only asserted, whoever has it (wayf-saml §3)', async () => {
    const lookUp = (email: string) =>
      app.call('POST', '/auth/users/lookup/with-email', { token: service, json: { email } });
    expect(await lookUp('ada@example.org')).toMatchObject({ json: { userId: 'ada' } });
    await comes({ ...adaAsserted, mails: ['only@example.org'] }, 'WAYF-DK-only');
    expect(await lookUp('only@example.org')).toMatchObject(refusal('user-unknown', 404));
  });

  it('has names that are corrected at the identity provider', async () => {
    expect(await update({ firstNames: 'Augusta' })).toMatchObject(refusal('name-asserted'));
    expect(await update({ firstNames: 'Ada', lastName: '' })).toMatchObject({ status: 200 });
    expect((await app.call('GET', '/auth/users/userInfo', { token })).json).toEqual({
      email: 'ada@example.org',
      firstNames: 'Ada',
      lastName: 'Lovelace',
    });
  });

  it('may ask to confirm the address that is asserted already', async () => {
    const requests = async () => (await app.stored('user', 'EmailChangeRequested')).length;
    const before = await requests();
    expect(await update({ email: 'ada@example.org' })).toMatchObject({ status: 200 });
    expect(await requests()).toBe(before + 1);
  });

  it('has an authenticator app that calls the account by their names (ucloud-users-api §8.1)', async () => {
    const { json } = await app.call('POST', '/auth/2fa', { token });
    expect(json['otpAuthUri']).toContain('authlog:Ada%20Lovelace?');
  });

  it('has no password, and gets none', async () => {
    const json = { userId: nameOf(ada), newPassword: 'seven small green bottles' };
    expect(await app.call('POST', '/auth/users/password/reset', { token: service, json })).toMatchObject(
      refusal('password-not-applicable'),
    );
    expect(await app.tryLogIn(nameOf(ada), 'seven small green bottles')).toMatchObject(
      refusal('credentials-invalid', 401),
    );
  });

  it('has a history that says what changed, and nothing personal to who may not see it', async () => {
    const other = await comes({ ...adaAsserted, mails: [] }, 'WAYF-DK-history');
    await comes({ ...adaAsserted, mails: [], lastName: 'King', affiliations: ['student'] }, 'WAYF-DK-history');
    const root = await AuditReader.create(app, 'root');
    const items = await root.items(`users/${other.id}/timeline`, { personal: 'true', itemsPerPage: '100' });
    expect(items.findLast(({ type }) => type === 'AssertedProfileChanged')).toMatchObject({
      actor: { id: other.id, kind: 'user' },
      changes: [
        { field: 'claims.lastName', from: 'Lovelace', to: 'King' },
        { field: 'federation.profile.affiliations.0', from: 'member', to: 'student' },
        { field: 'federation.profile.affiliations.1', from: 'staff' },
        { field: 'federation.profile.lastName', from: 'Lovelace', to: 'King' },
      ],
    });
    const withheld = await root.items(`users/${other.id}/timeline`, { itemsPerPage: '100' });
    expect(JSON.stringify(withheld)).toContain('"subject":{"withheld":true}');
    expect(JSON.stringify(withheld)).not.toMatch(/WAYF-DK|Lovelace|King/);
  });

  it('is handed all that is held about them: who they are there, and whatever was said', async () => {
    await comes({ ...adaAsserted, primaryAffiliation: 'faculty' });
    const { json } = await app.call('GET', '/auth/users/self/export', { token });
    expect(json).toMatchObject({
      account: { kind: 'wayf', federation: { ...adaAtWayf, profile: { primaryAffiliation: 'faculty' } } },
      identities: [{ ...adaAtWayf, since: expect.any(String) }],
      assertedProfiles: [
        { ...adaAsserted, until: expect.any(String) },
        { ...adaAsserted, primaryAffiliation: 'faculty', until: null },
      ],
    });
  });

  it('is forgotten like everybody, and somebody new when they come again (SEC-159)', async () => {
    const erased = await app.call('DELETE', '/auth/users/self?confirm=forget-me-for-good', { token });
    // The user name, and who they are at the identity provider; the address is somebody else's.
    expect(erased).toMatchObject({ status: 200, json: { destroyed: { identifiers: 2 } } });
    const exported = await app.call('GET', `/auth/users/${ada.id}/export`, { token: await app.asAdmin() });
    expect(exported.text).not.toMatch(/WAYF-DK|Lovelace|ada@example/);
    const mark = { erased: true };
    expect(exported.json).toMatchObject({
      identities: [{ subject: mark }],
      assertedProfiles: [{ lastName: mark, mails: mark }, { lastName: mark }],
    });
    const again = await comes();
    expect(again.id).not.toBe(ada.id);
    expect(await principalOf(nameOf(again))).toMatchObject({ wayfId: adaAtWayf.subject });
  });
});
