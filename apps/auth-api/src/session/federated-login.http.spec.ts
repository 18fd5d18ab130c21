import { randomBytes, randomUUID } from 'node:crypto';
import { CommandBus } from '@nestjs/cqrs';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProviderSessions } from '#accounts/saml/provider-sessions.js';
import { logoutSubjectOf } from '#accounts/saml/logout-subject.js';
import { asSessionId } from '#domain/ids.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { FederatedLogin, ProviderNameId } from '#domain/session/federation.js';
import { systemContext } from '#event-store/envelope.js';
import { EventCodec } from '#event-store/codec.js';
import { Settings } from '#host/settings.js';
import { Stores } from '#host/stores.js';
import { RefusalLog } from '../refusal/refusal-log.js';
import { AuditReader } from '../testing/audit-reader.js';
import { Authenticator } from '../testing/authenticator.js';
import { TestApp, passwordOf } from '../testing/test-app.js';
import { Accounts } from '../user/accounts.js';
import { LogIn, type PendingChallenge } from './log-in.js';
import type { SessionTokens } from './session-tokens.js';

const WAYF = 'https://wayf.example';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let app: TestApp;
let username: string;
let nameId: ProviderNameId;
let authenticator: Authenticator;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.close());
beforeEach(async () => {
  username = `p${randomBytes(6).toString('hex')}`;
  const name = { format: null, nameQualifier: null, spNameQualifier: null };
  nameId = { ...name, value: `WAYF-DK-${username}`, sessionIndex: 'one' };
  await app.create(username);
});

const later = (ms: number) => new Date(app.clock.now().getTime() + ms);

/** What follows once an assertion about them was accepted. */
async function logInBy(
  more: Partial<FederatedLogin> = {},
  amr: readonly string[] = ['saml'],
): Promise<SessionTokens | PendingChallenge> {
  const account = await app.get(Accounts).byUsername(username);
  const service = app.get(Settings).loginServices.get('web');
  if (account === null || service === undefined) throw new Error('there is nobody to log in, or nowhere');
  const federated: FederatedLogin = {
    federation: { identityProvider: WAYF, institution: 'sdu.example', authnContext: null, assurance: ['2'] },
    nameId,
    authenticatedAt: later(-HOUR),
    sessionEndsAt: later(4 * HOUR),
    begunAt: later(-MINUTE),
    ...more,
  };
  const authentication = { account, amr, passwordTooShort: false, secondFactorShown: false, federated };
  const context = { commandId: randomUUID(), correlationId: 'c0ffee', now: app.clock.now() };
  const client = { ipAddress: '192.0.2.7', userAgent: 'Mozilla/5.0' };
  return app.get(CommandBus).execute(new LogIn(authentication, service, client, context));
}

/** @throws Error if a second factor was asked for */
async function tokensOf(outcome: Promise<SessionTokens | PendingChallenge>): Promise<SessionTokens> {
  const tokens = await outcome;
  if ('challengeId' in tokens) throw new Error('a second factor was asked for');
  return tokens;
}

/** @throws Error if none was asked for */
async function challengeOf(outcome: Promise<SessionTokens | PendingChallenge>): Promise<string> {
  const challenge = await outcome;
  if (!('challengeId' in challenge)) throw new Error('no second factor was asked for');
  return challenge.challengeId;
}

const logOutThere = () =>
  app.get(ProviderSessions).end({ identityProvider: WAYF, nameId }, ['one'], systemContext(app.clock.now()));
const check = (token: string) => app.call('GET', '/auth/sessions/current', { token });

describe('a login by an identity provider', () => {
  it('says in tokens when and how they proved it there, and in the list of sessions who vouched for them', async () => {
    const { accessToken } = await tokensOf(logInBy());
    expect(decodeJwt(accessToken)).toMatchObject({ amr: ['saml'], auth_time: later(-HOUR).getTime() / 1_000 });
    const said = { identityProvider: WAYF, institution: 'sdu.example', methods: ['saml'] };
    expect((await check(accessToken)).json).toMatchObject({ ...said, authenticatedAt: later(-HOUR).getTime() });
    const listed = await app.sessionsOf(accessToken);
    expect(listed.find(({ current }) => current === true)).toMatchObject({
      ...said,
      service: 'web',
      authenticatedAt: later(-HOUR).getTime(),
      expiresAt: later(4 * HOUR).getTime(),
    });
  });

  it('ends when the identity provider says, however much it is used', async () => {
    const { accessToken } = await tokensOf(logInBy({ sessionEndsAt: later(5 * MINUTE) }));
    app.clock.advance(5 * MINUTE - 1);
    expect((await check(accessToken)).status).toBe(200);
    app.clock.advance(1);
    expect((await check(accessToken)).status).toBe(401);
  });

  it('is not fresh if they proved it long ago: what a stolen session must not be enough for is refused (SEC-76)', async () => {
    const enrol = async (authenticatedAt: Date) =>
      app.call('POST', '/auth/2fa', { token: (await tokensOf(logInBy({ authenticatedAt }))).accessToken });
    expect((await enrol(later(-5 * MINUTE - 1))).json['errorCode']).toBe('step-up-required');
    expect((await enrol(later(-5 * MINUTE))).status).toBe(200);
  });

  it('is ended by a logout there, at once', async () => {
    const { accessToken, sessionId } = await tokensOf(logInBy());
    const others = await app.logIn(username);
    expect(await logOutThere()).toEqual([sessionId]);
    expect((await check(accessToken)).json['errorCode']).toBe('session-ended');
    expect((await check(others.accessToken)).status).toBe(200);
  });

  it('is not opened if a logout there has overtaken it', async () => {
    const begunAt = app.clock.now();
    await logOutThere();
    await expect(logInBy({ begunAt })).rejects.toThrow(SamlRefused);
    app.clock.advance(1);
    await tokensOf(logInBy({ begunAt: app.clock.now() }));
  });

  it('keeps what they are called there sealed, for a logout that begins here (SEC-159)', async () => {
    const { sessionId } = await tokensOf(logInBy());
    const { eventStore, vault } = app.get(Stores);
    const source = { store: eventStore, codec: new EventCodec(vault) };
    expect(await logoutSubjectOf(source, asSessionId(sessionId))).toEqual({ identityProvider: WAYF, nameId });
    const stored = JSON.stringify([
      ...(await app.stored('session', 'SessionOpened')),
      ...(await app.stored('idpsession', 'ProviderSessionOpened')),
    ]);
    expect(stored).not.toContain('WAYF-DK');
  });
});

describe('a login by an identity provider of somebody who has a second factor here', () => {
  beforeEach(async () => {
    authenticator = await Authenticator.enrol(app, (await app.logIn(username)).accessToken);
  });

  it.each([[['saml']], [['saml', 'mfa']]])('asks for it, whatever was seen there: %s', async (amr) => {
    const { status, json } = await authenticator.answer(await challengeOf(logInBy({}, amr)));
    expect(status).toBe(200);
    const token = String(json['accessToken']);
    expect(decodeJwt(token)).toMatchObject({ amr: ['saml', 'otp', 'mfa'] });
    expect((await check(token)).json).toMatchObject({
      identityProvider: WAYF,
      institution: 'sdu.example',
      authenticatedAt: later(-HOUR).getTime(),
    });
  });

  it('keeps what they are called there sealed in the challenge, too (SEC-159)', async () => {
    await challengeOf(logInBy());
    const stored = JSON.stringify(await app.stored('challenge', 'ChallengeIssued'));
    expect(stored).toContain(WAYF);
    expect(stored).not.toContain('WAYF-DK');
  });

  it('comes to nothing if they log out there before the code is shown, or their session there is over', async () => {
    const refused = { status: 401, json: { errorCode: 'saml-login-refused' } };
    const loggedOut = await challengeOf(logInBy());
    await logOutThere();
    expect(await authenticator.answer(loggedOut)).toMatchObject(refused);
    app.clock.advance(MINUTE);
    const over = await challengeOf(logInBy({ begunAt: app.clock.now(), sessionEndsAt: later(MINUTE) }));
    app.clock.advance(MINUTE);
    expect(await authenticator.answer(over)).toMatchObject(refused);
    app.clock.advance(MINUTE);
    await app.get(RefusalLog).look();
    const refusals = (await app.stored('refusals', 'RequestRefused')).map(({ data }) => data);
    const saml = { fault: 'session-over', identityProvider: WAYF, requestId: null };
    expect(refusals.at(-1)).toMatchObject({ kind: 'saml', code: 'saml-login-refused', saml });
    const sessions = await app.sessionsOf(await authenticator.logIn(username, passwordOf(username)));
    expect(sessions.filter(({ identityProvider }) => identityProvider !== null)).toEqual([]);
  });
});

describe('the audit', () => {
  let root: AuditReader;
  beforeAll(async () => {
    root = await AuditReader.create(app, 'root');
  });

  it('finds a login by who vouched for it, and by the login service', async () => {
    const { sessionId } = await tokensOf(logInBy());
    await app.logIn(username, 'web');
    await root.logInAgain();
    const found = { id: sessionId, provider: WAYF, service: 'web' };
    expect(await root.items('sessions', { user: username, provider: WAYF })).toMatchObject([found]);
    expect(await root.items('sessions', { user: username, provider: 'web' })).toHaveLength(1);
    expect(await root.items('sessions', { user: username, service: 'web' })).toHaveLength(2);
  });

  it('says of a session who vouched for it, and what ended it', async () => {
    const { sessionId } = await tokensOf(logInBy());
    await logOutThere();
    await root.logInAgain();
    const { json } = await root.ask(`sessions/${sessionId}/state`, { revision: '0' });
    expect(json['state']).toMatchObject({ session: { federation: { identityProvider: WAYF, assurance: ['2'] } } });
    const entries = await root.items('events', { session: sessionId, order: 'oldest' });
    expect(entries.map(({ type }) => type)).toEqual(['ProviderSessionOpened', 'SessionOpened', 'SessionEnded']);
    expect(entries.at(-1)?.['data']).toMatchObject({ reason: 'identity-provider-logout' });
    expect(entries[1]?.['data']).toMatchObject({ nameId: { withheld: true } });
  });
});
