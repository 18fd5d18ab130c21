import { appendFileSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryFile } from '#database/testing/test-place.js';
import type { RequestRefused } from '#domain/refusal/refusal.js';
import { IdentityProvider } from './support/identity-provider.js';
import { temporaryFolder } from './support/running-process.js';
import { SP_ENTITY_ID, writeSamlSettings } from './support/saml-settings.js';
import { ADMIN, PUBLIC_URL, SERVICE_TOKEN, Server } from './support/server.js';

const MARKED = {
  username: 'Marked-Name-Xyzzy',
  password: 'marked-password-plugh',
  email: 'marked.address@xyzzy.example',
  firstnames: 'Marked-First',
  lastname: 'Marked-Last',
};
/** Of somebody from an identity provider; what is not personal of them may be in clear. */
const ASSERTED = {
  eduPersonTargetedID: 'marked-pseudonym-frotz',
  eduPersonPrincipalName: 'marked-principal@sdu.dk',
  schacHomeOrganization: 'sdu.dk',
  gn: 'Marked-Asserted-First',
  sn: 'Marked-Asserted-Last',
  mail: 'marked.asserted@xyzzy.example',
};
const NAME_ID = 'marked-name-id-gnusto';
const WRONG = 'marked-wrong-password';
/** What is sent where it is refused: a token, and a password in the place of a name. */
const GARBAGE = 'marked-garbage-token';
const TYPED_AS_NAME = 'marked-password-as-a-name';
const MARKED_NEW_EMAIL = 'marked.new.address@xyzzy.example';
const USER_AGENT = 'marked-user-agent/1.0';

/** Where what is not in clear in the event log may stand in clear: read models are there to be read, and can be blanked. */
const MAY_HOLD_PERSONAL_DATA = new Set(['read-models.db', 'read-models.db-wal']);

describe('after a day of use', () => {
  const folder = temporaryFolder();
  const config = temporaryFolder();
  const secrets: string[] = [ADMIN.password, SERVICE_TOKEN.slice(37), MARKED.password, WRONG, GARBAGE, TYPED_AS_NAME];
  let output = '';
  let metrics = '';
  beforeAll(async () => {
    const party = { entityId: SP_ENTITY_ID, assertionConsumerUrl: `${PUBLIC_URL}/auth/saml/acs` };
    const idp = await IdentityProvider.start('https://hub.test', () => party);
    const file = writeSamlSettings(config.path, idp, `${PUBLIC_URL}/account`);
    appendFileSync(file, 'log: { level: debug }');
    const server = await Server.start({ AUTHLOG_CONFIG: file }, folder.path);
    const token = await server.asService();
    const headers = { 'user-agent': USER_AGENT, 'idempotency-key': 'marked-key' };
    await server.call('POST', '/auth/users/register', { token, json: [MARKED], headers });
    await server.tryLogIn(MARKED.username, WRONG);
    await server.tryLogIn('marked-unknown-name', WRONG);
    const { body } = await server.tryLogIn(MARKED.username, MARKED.password, 'cli', headers);
    const web = await server.tryLogIn(MARKED.username, MARKED.password, 'web');
    const [cookie = ''] = /refreshToken=[^;]+/.exec(web.headers.get('set-cookie') ?? '') ?? [];
    const [, device = ''] = /device=[^;]+\.([^;]+)/.exec(web.headers.get('set-cookie') ?? '') ?? [];
    const browser = { origin: 'http://localhost:8080', cookie, 'x-csrftoken': String(web.body['csrfToken']) };
    const rotated = await server.call('POST', '/auth/refresh/web', { headers: browser });
    const [next = ''] = /refreshToken=[^;]+/.exec(rotated.headers.get('set-cookie') ?? '') ?? [];
    const oneTime = await server.call('POST', '/auth/request?audience=a:read', { token: String(body['accessToken']) });
    const factor = await server.call('POST', '/auth/2fa', { token: String(body['accessToken']) });
    secrets.push(String(factor.body['secret']), ...(factor.body['recoveryCodes'] as string[]));
    await server.call('POST', '/api/password/reset', { json: { email: MARKED.email } });
    const email = { email: MARKED_NEW_EMAIL };
    await server.call('POST', '/auth/users/updateUserInfo', { token: String(body['accessToken']), json: email });
    await server.process.logs(/"kind":"email-confirmation".*handed over/);
    await server.process.logs(/"kind":"password-reset".*handed over/);
    for (const { content } of mails()) secrets.push(/#[^.]+\.(\S{43})/.exec(quotedPrintable(content))?.[1] ?? '');
    for (let n = 0; n < 3; n += 1) await server.call('POST', '/auth/refresh', { token: GARBAGE });
    await server.tryLogIn(TYPED_AS_NAME, WRONG, 'cli', { origin: 'https://marked-foreign-page.example' });
    await server.call('POST', '/auth/users/register', { token: String(body['accessToken']), json: [] });
    await server.call('POST', '/auth/users/register', { token, json: [{ ...MARKED, email: 'marked.broken' }] });
    const { responses: registered } = (
      await server.call('POST', '/auth/providers', { token, json: { items: [{ id: 'marked-provider' }] }, headers })
    ).body as { responses: { claimToken: string }[] };
    const { responses: claimed } = (
      await server.call('POST', '/auth/providers/claim', { token, json: { items: registered } })
    ).body as { responses: { refreshToken: string }[] };
    const provider = await server.call('POST', '/auth/providers/refresh', { json: { items: claimed } });
    const { responses: refreshed } = provider.body as { responses: { accessToken: string }[] };
    const admin = await server.asAdmin();
    const service = { service: '_marked', username: '_marked', scopes: ['files:read'] };
    const made = await server.call('POST', '/auth/services', { token: admin, json: service, headers });
    const replaced = await server.call('POST', '/auth/services/rotate', { token: admin, json: service });
    secrets.push(...registered.map(({ claimToken }) => claimToken.slice(37)));
    for (const { refreshToken } of [...claimed, made.body, replaced.body]) secrets.push(String(refreshToken).slice(37));
    const attributes = Object.fromEntries(Object.entries(ASSERTED).map(([name, value]) => [name, [value]]));
    for (const audiences of [[[SP_ENTITY_ID]], [['https://marked-audience.example']]]) {
      idp.person = { nameId: NAME_ID, sessionIndex: 'marked-session-index', attributes, audiences };
      const { cookie: binding, response } = await idp.begin(server.url);
      const form = { SAMLResponse: response };
      const answer = await server.call('POST', '/auth/saml/acs', { form, headers: { cookie: binding } });
      expect(answer.status).toBe(audiences[0]?.[0] === SP_ENTITY_ID ? 200 : 401);
      secrets.push(binding.split('=')[1] ?? '', response.slice(0, 60));
    }
    await idp.stop();
    metrics = JSON.stringify((await server.call('GET', '/metrics')).body);
    await server.process.stop();
    output = server.process.stdout + server.process.stderr;
    for (const jwt of [
      body['accessToken'],
      rotated.body['accessToken'],
      oneTime.body['accessToken'],
      token,
      admin,
      refreshed[0]?.accessToken,
    ])
      secrets.push(String(jwt).split('.')[2] ?? '', String(jwt));
    secrets.push(
      device,
      String(body['refreshToken']).slice(37),
      cookie.slice(50),
      next.slice(50),
      String(web.body['csrfToken']),
    );
  });
  afterAll(() => {
    folder.remove();
    config.remove();
  });

  const filesIn = (path: string) =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => ({ name, content: readFileSync(join(path, name)) }));
  const files = () => filesIn(folder.path);
  /** What is sent out is meant to be read. */
  const mails = () => filesIn(join(folder.path, 'mail'));
  const quotedPrintable = (text: Buffer) => text.toString().replaceAll('=\n', '').replaceAll('=3D', '=');

  it('no secret is in any file, log line or metric (SEC-66, SEC-160)', () => {
    expect(secrets.every((secret) => secret.length >= 19)).toBe(true);
    for (const secret of secrets) {
      for (const { name, content } of files()) expect([name, content.includes(secret)]).toEqual([name, false]);
      expect(output).not.toContain(secret);
      expect(metrics).not.toContain(secret);
    }
  });

  it('what was refused was counted to the end, and is in the log (SEC-156)', async () => {
    const rows = await queryFile<{ data: string }>(
      join(folder.path, 'events.db'),
      "SELECT data FROM event WHERE type = 'RequestRefused'",
    );
    const counts = new Map<string, number>();
    for (const { code, count } of rows.map(({ data }) => JSON.parse(data) as RequestRefused))
      counts.set(code, (counts.get(code) ?? 0) + count);
    expect(Object.fromEntries(counts)).toEqual({
      'refresh-token-unknown': 3,
      'origin-not-trusted': 1,
      'role-not-allowed': 1,
      'saml-login-refused': 1,
    });
  });

  it('no private key is in clear anywhere (SEC-144)', () => {
    const log = files().filter(({ name }) => name.startsWith('events'));
    expect(log.some(({ content }) => content.includes('ProviderRegistered'))).toBe(true);
    // Of PKCS #8 as text, with and without its armour, and of a JSON Web Key.
    for (const part of ['PRIVATE KEY', 'AgEAAoIBgQ', '"dp":', '"d":']) {
      for (const { name, content } of files())
        expect([name, part, content.includes(part)]).toEqual([name, part, false]);
      expect(output).not.toContain(part);
    }
  });

  it('no hash of a password is in the event log (SEC-17)', () => {
    const log = files().filter(({ name }) => name.startsWith('events'));
    expect(log.some(({ content }) => content.includes('UserCreated'))).toBe(true);
    for (const { content } of log) expect(content.includes('argon2')).toBe(false);
  });

  it('no personal data is in clear outside the read models (SEC-158, SEC-159)', () => {
    const personal = [
      MARKED.username,
      MARKED.email,
      MARKED_NEW_EMAIL,
      MARKED.firstnames,
      MARKED.lastname,
      USER_AGENT,
      '127.0.0.1',
      ASSERTED.eduPersonTargetedID,
      ASSERTED.eduPersonPrincipalName,
      ASSERTED.gn,
      ASSERTED.sn,
      ASSERTED.mail,
      NAME_ID,
      'marked-session-index',
      'marked-audience',
      'marked-unknown-name',
    ];
    for (const text of [...personal, ...personal.map((each) => each.toLowerCase())]) {
      for (const { name, content } of files())
        if (!MAY_HOLD_PERSONAL_DATA.has(name))
          expect([name, text, content.includes(text)]).toEqual([name, text, false]);
      expect(metrics).not.toContain(text);
      if (text !== '127.0.0.1') expect(output).not.toContain(text);
    }
  });

  it('the read models and the mails do hold it, so the search would have found it', () => {
    expect(mails()).toHaveLength(2);
    expect(output).toMatch(/"route":"\/auth\/login","status":"401",.*"answered"/);
    for (const text of [MARKED.username, MARKED.email, ASSERTED.gn, ASSERTED.mail])
      expect(files().some(({ content }) => content.includes(text))).toBe(true);
  });
});
