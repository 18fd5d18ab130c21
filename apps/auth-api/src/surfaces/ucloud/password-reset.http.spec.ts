import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailServer } from '#mail/testing/mail-server.js';
import { Authenticator } from '../../testing/authenticator.js';
import { TestApp, passwordOf, refusal } from '../../testing/test-app.js';
import { Accounts } from '../../user/accounts.js';

let app: TestApp;
let mails: MailServer;
beforeAll(async () => {
  mails = await MailServer.start();
  app = await TestApp.start(`mail: { smtp: "smtp://127.0.0.1:${mails.port}" }`);
});
afterAll(async () => {
  await app.close();
  await mails.stop();
});

const request = (email: unknown, headers = {}) =>
  app.call('POST', '/api/password/reset', { json: { email }, headers: { ...headers } });
const redeem = (token: string, newPassword: string, headers = {}) =>
  app.call('POST', '/api/password/reset/new', { json: { token, newPassword }, headers: { ...headers } });
const NEW = 'seven small green bottles';
const OTHER = 'eight small green bottles';

/** Asks for a reset and takes the token out of the mail. */
async function tokenFor(email: string): Promise<string> {
  const since = mails.received.length;
  expect((await request(email)).json).toEqual({});
  return mails.token('password-reset', email.toLowerCase(), since);
}

describe('who has forgotten a password', () => {
  it('chooses another one with the token of the mail; all sessions end (SEC-09, SEC-59, SEC-171)', async () => {
    const { refreshToken } = await app.person('ada');
    const token = await tokenFor('Ada@Example.org');
    const mail = await mails.arrival(({ text }) => text?.includes(token) ?? false);
    expect(mail).toMatchObject({ subject: 'Choose a new password for authlog', receivers: ['ada@example.org'] });
    expect(mail.text).toContain('your account ada at authlog');
    expect(mail.text).toContain(`http://localhost:8080/account/password-reset#${token}`);

    expect((await redeem(token, NEW)).json).toEqual({});
    expect((await app.call('POST', '/auth/refresh', { token: refreshToken })).json['errorCode']).toBe('session-ended');
    expect((await app.tryLogIn('ada')).status).toBe(401);
    expect((await app.tryLogIn('ada', NEW)).status).toBe(200);
    await mails.arrival(({ subject }) => subject === 'Your password for authlog was changed');
  });

  it('gets the mail in the language of the browser', async () => {
    await app.person('bo');
    await request('bo@example.org', { 'accept-language': 'da-DK,da;q=0.9,en;q=0.5' });
    expect(await mails.arrival(({ receivers }) => receivers.includes('bo@example.org'))).toMatchObject({
      subject: 'Vælg en ny adgangskode til authlog',
    });
  });

  it('is not logged in by it, and keeps the second factor (SEC-60)', async () => {
    await Authenticator.enrol(app, (await app.person('cleo')).accessToken);
    const before = await app.events('factor');
    const answer = await redeem(await tokenFor('cleo@example.org'), NEW);
    expect([answer.json, answer.cookies]).toEqual([{}, []]);
    expect(await app.events('factor')).toEqual(before);
    expect((await app.tryLogIn('cleo', NEW)).json).toHaveProperty('2fa');
  });
});

describe('a token of a mail', () => {
  it('is good once, also when twenty redeem it at the same moment (SEC-55)', async () => {
    await app.person('dora');
    const token = await tokenFor('dora@example.org');
    const kept = await app.passwordsKept();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => redeem(token, `${NEW} number ${n}`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, json } of answers)
      if (status !== 200) expect(['reset-token-unknown', 'logins-busy']).toContain(json['errorCode']);
    // Nothing stays of the passwords that were refused.
    expect(await app.passwordsKept()).toBe(kept);
    expect(await redeem(token, OTHER)).toMatchObject(refusal('reset-token-unknown', 404));
  });

  it('is good for half an hour (SEC-59)', async () => {
    await app.person('edith');
    const token = await tokenFor('edith@example.org');
    app.clock.advance(1_800_000);
    expect(await redeem(token, NEW)).toMatchObject(refusal('reset-token-expired', 403));
    expect((await app.tryLogIn('edith')).status).toBe(200);
  });

  it('is void once another one was asked for (SEC-59)', async () => {
    await app.person('frida');
    const first = await tokenFor('frida@example.org');
    const second = await tokenFor('frida@example.org');
    expect(await redeem(first, NEW)).toMatchObject(refusal('reset-token-unknown', 404));
    expect((await redeem(second, NEW)).status).toBe(200);
  });

  it('stays good when the password cannot be chosen (SEC-01, SEC-05)', async () => {
    await app.person('gerda');
    const token = await tokenFor('gerda@example.org');
    expect(await redeem(token, 'short')).toMatchObject(refusal('password-too-short', 400));
    expect(await redeem(token, '1qaz2wsx3edc4rfv')).toMatchObject(refusal('password-common', 400));
    expect((await redeem(token, NEW)).status).toBe(200);
  });

  it('is good for nothing once the account is suspended', async () => {
    await app.person('helga');
    const token = await tokenFor('helga@example.org');
    const suspended = await app.call('POST', '/auth/users/suspend', {
      token: await app.asAdmin(),
      json: { userId: 'helga' },
    });
    expect(suspended.status).toBe(200);
    expect(await redeem(token, NEW)).toMatchObject(refusal('reset-token-unknown', 404));
  });

  it('is void once the password was changed', async () => {
    const { accessToken } = await app.person('hilde');
    const token = await tokenFor('hilde@example.org');
    const json = { currentPassword: passwordOf('hilde'), newPassword: OTHER };
    app.clock.advance(1);
    expect((await app.call('POST', '/auth/users/password', { token: accessToken, json })).status).toBe(200);
    expect(await redeem(token, NEW)).toMatchObject(refusal('reset-token-unknown', 404));
    expect((await app.tryLogIn('hilde', OTHER)).status).toBe(200);
  });

  it('is none of those that somebody invents', async () => {
    await app.person('inge');
    const token = await tokenFor('inge@example.org');
    const [subject = ''] = token.split('.');
    const ofSomebodyElse = `${token.startsWith('x') ? 'y' : 'x'}${token.slice(1)}`;
    for (const invented of ['', 'x', `${subject}.${'x'.repeat(43)}`, ofSomebodyElse, `${token} `, `../${token}`])
      expect(await redeem(invented, NEW)).toMatchObject(refusal('reset-token-unknown', 404));
    for (const invented of [7, null, ['x'], {}])
      expect(
        await app.call('POST', '/api/password/reset/new', { json: { token: invented, newPassword: NEW } }),
      ).toMatchObject(refusal('body-invalid', 400));
    // Not with the token of something else either (SEC-54).
    expect(await app.call('POST', '/auth/users/email/confirm', { json: { token } })).toMatchObject({ status: 404 });
  });
});

describe('asking for a reset', () => {
  it('answers and stores the same for an address that nobody has (SEC-33)', async () => {
    await app.person('jane');
    const known = await request('jane@example.org');
    const unknown = await request('nobody@example.org');
    const shape = ({ status, json, headers }: typeof known) => ({
      status,
      json,
      headers: Object.keys(headers).toSorted(),
    });
    expect(shape(unknown)).toEqual(shape(known));
    expect((await app.events('reset')).slice(-2)).toEqual(['PasswordResetRequested', 'PasswordResetRequested']);
    await mails.arrival(({ receivers }) => receivers.includes('jane@example.org'));
    expect(mails.received.flatMap(({ receivers }) => receivers)).not.toContain('nobody@example.org');
  });

  it('is refused for what is no address, and from a foreign page (SEC-119, SEC-169)', async () => {
    for (const email of ['', 'ada', 'ada@example.org\r\nBcc: eve@example.org', `${'x'.repeat(300)}@example.org`])
      expect(await request(email)).toMatchObject(refusal('email-invalid', 400));
    for (const email of [7, null, ['ada@example.org'], { email: 'x' }, 'x'.repeat(2_000)])
      expect(await request(email)).toMatchObject(refusal('body-invalid', 400));
    const headers = { origin: 'https://evil.example' };
    expect(await request('ada@example.org', headers)).toMatchObject(refusal('origin-not-trusted', 400));
    expect(await redeem('x', NEW, headers)).toMatchObject(refusal('origin-not-trusted', 400));
  });

  it('reaches nobody more than three times an hour from one network, whoever has the address or nobody (SEC-27, SEC-29)', async () => {
    await app.person('nanna');
    for (const email of ['nanna@example.org', 'nobody-at-all@example.org']) {
      for (let n = 0; n < 3; n += 1) expect((await request(email)).status).toBe(200);
      const refused = await request(email);
      expect(refused).toMatchObject(refusal('requests-throttled', 429));
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_500);
    }
  });

  it('makes links of the configured address, whatever the request says (SEC-61, SEC-143)', async () => {
    await app.person('karla');
    await request('karla@example.org', { host: 'evil.example', 'x-forwarded-host': 'evil.example' });
    const mail = await mails.arrival(({ receivers }) => receivers.includes('karla@example.org'));
    expect(mail.text).not.toContain('evil.example');
    expect(mail.text).toContain('http://localhost:8080/account/password-reset#');
  });

  it('sends nothing to a suspended account', async () => {
    await app.person('lotte');
    await app.call('POST', '/auth/users/suspend', { token: await app.asAdmin(), json: { userId: 'lotte' } });
    await request('lotte@example.org');
    await app.person('marie');
    await tokenFor('marie@example.org');
    const asked = await app.stored('reset', 'PasswordResetRequested');
    expect(asked.slice(-2)).toMatchObject([
      { data: { userId: null } },
      { data: { userId: await app.get(Accounts).idOf('marie') } },
    ]);
    expect(mails.received.flatMap(({ receivers }) => receivers)).not.toContain('lotte@example.org');
  });
});
