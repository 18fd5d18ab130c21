import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailServer } from '#mail/testing/mail-server.js';
import { TestApp, type TestTokens, passwordOf, refusal } from '../../testing/test-app.js';
import { Accounts } from '../../user/accounts.js';

let app: TestApp;
let mails: MailServer;
beforeAll(async () => {
  mails = await MailServer.start();
  app = await TestApp.start(`mail: { smtp: "smtp://127.0.0.1:${mails.port}", language: da }`);
});
afterAll(async () => {
  await app.close();
  await mails.stop();
});

const EN = { 'accept-language': 'en' };
const ask = ({ accessToken }: TestTokens, email: unknown, more: object = {}) =>
  app.call('POST', '/auth/users/updateUserInfo', { token: accessToken, json: { email, ...more }, headers: EN });
const confirm = (token: string, headers = EN) =>
  app.call('POST', '/auth/users/email/confirm', { json: { token }, headers });
const undo = (token: string) => app.call('POST', '/auth/users/email/undo', { json: { token }, headers: EN });
const emailOf = async (username: string) =>
  (await app.call('POST', '/auth/users/lookup/email', { token: await app.asService(), json: { userId: username } }))
    .json['email'];

/** Makes a person whose address was changed; gives the token that undoes it. */
async function changed(username: string, to: string): Promise<{ readonly tokens: TestTokens; readonly undo: string }> {
  const tokens = await app.person(username);
  expect((await ask(tokens, to)).status).toBe(200);
  expect((await confirm(await mails.token('email-confirmation', to))).status).toBe(200);
  return { tokens, undo: await mails.token('email-undo', `${username}@example.org`) };
}

describe('another e-mail address', () => {
  it('counts once its own mail was answered, and the one before it hears of it (SEC-62, SEC-63)', async () => {
    const tokens = await app.person('ada');
    expect((await ask(tokens, 'countess@example.org', { firstNames: 'Augusta' })).json).toEqual({});
    const token = await mails.token('email-confirmation', 'countess@example.org');
    expect(await emailOf('ada')).toBe('ada@example.org');
    expect((await confirm(token)).json).toEqual({});
    expect(await emailOf('ada')).toBe('countess@example.org');
    expect((await app.logIn('ada')).accessToken).toBeTruthy();
    const notice = await mails.arrival(({ subject }) => subject === 'Your e-mail address at authlog was changed');
    expect(notice.receivers).toEqual(['ada@example.org']);
    // A second click changes nothing (SEC-55).
    expect(await confirm(token)).toMatchObject(refusal('email-token-unknown', 404));
  });

  it('needs a fresh login (SEC-63, SEC-76)', async () => {
    const tokens = await app.person('bea');
    app.clock.advance(300_001);
    const { accessToken } = tokens;
    expect(await ask(tokens, 'new-bea@example.org')).toMatchObject(refusal('step-up-required', 401));
    expect((await ask(tokens, 'bea@example.org', { firstNames: 'Bea' })).status).toBe(200);
    const info = await app.call('GET', '/auth/users/userInfo', { token: accessToken });
    expect(info.json).toMatchObject({ firstNames: 'Bea', email: 'bea@example.org' });
  });

  it('is not given to who asked for it in a session that the owner has ended since (SEC-54)', async () => {
    const intruder = await app.person('odette');
    expect((await ask(intruder, 'intruder@example.org')).status).toBe(200);
    const token = await mails.token('email-confirmation', 'intruder@example.org');
    const json = { currentPassword: passwordOf('odette'), newPassword: 'quiet harbour lanterns' };
    const { accessToken } = await app.logIn('odette');
    expect((await app.call('POST', '/auth/users/password', { token: accessToken, json })).status).toBe(200);
    expect(await confirm(token)).toMatchObject(refusal('email-token-unknown', 404));
    expect(await emailOf('odette')).toBe('odette@example.org');
  });

  it('can be confirmed for 24 hours, and by the newest mail only (SEC-51, SEC-59)', async () => {
    const tokens = await app.person('carla');
    await ask(tokens, 'first@example.org');
    const first = await mails.token('email-confirmation', 'first@example.org');
    await ask(tokens, 'second@example.org');
    const second = await mails.token('email-confirmation', 'second@example.org');
    expect(await confirm(first)).toMatchObject(refusal('email-token-unknown', 404));
    app.clock.advance(86_400_000);
    expect(await confirm(second)).toMatchObject(refusal('email-token-expired', 410));
    expect(await emailOf('carla')).toBe('carla@example.org');
  });

  it('that somebody else has is not given away; they are told (SEC-33)', async () => {
    await app.person('dina');
    const tokens = await app.person('eva');
    const answer = await ask(tokens, 'DINA@example.org');
    expect([answer.status, answer.json]).toEqual([200, {}]);
    const notice = await mails.arrival(({ receivers }) => receivers.includes('dina@example.org'));
    expect(notice).toMatchObject({ subject: 'Din e-mailadresse hos authlog' });
    expect(notice.text).not.toContain('eva');
    expect(notice.text).not.toContain('email-confirmation');
  });

  it('goes to whoever confirms it first', async () => {
    const both = [await app.person('fanny'), await app.person('greta')];
    const tokens: string[] = [];
    for (const person of both) {
      const before = mails.received.length;
      await ask(person, 'wanted@example.org');
      tokens.push(await mails.token('email-confirmation', 'wanted@example.org', before));
    }
    const answers = await Promise.all(tokens.map((token) => confirm(token)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  it('cannot be kept from others by asking for it and not confirming it (SEC-65)', async () => {
    const tokens = await app.person('hilda');
    await ask(tokens, 'squatted@example.org');
    const late = await mails.token('email-confirmation', 'squatted@example.org');
    const json = [{ username: 'irma', password: 'the owner of the address', email: 'squatted@example.org' }];
    expect((await app.call('POST', '/auth/users/register', { token: await app.asService(), json })).status).toBe(200);
    expect(await confirm(late)).toMatchObject(refusal('email-taken', 409));
    expect(await emailOf('hilda')).toBe('hilda@example.org');
  });

  it('is refused where it is none', async () => {
    const tokens = await app.person('jutta');
    for (const email of ['x', 'a@b@c', 'a b@example.org', 'a@example.org\nBcc: b@example.org'])
      expect(await ask(tokens, email)).toMatchObject(refusal('email-invalid', 400));
    for (const email of [7, {}, ['a@example.org']])
      expect(await ask(tokens, email)).toMatchObject(refusal('body-invalid', 400));
  });
});

describe('the previous e-mail address', () => {
  it('can take the account back for 72 hours; all sessions end (SEC-63)', async () => {
    const { tokens, undo: token } = await changed('katja', 'thief@example.org');
    expect((await undo(token)).json).toEqual({});
    expect(await emailOf('katja')).toBe('katja@example.org');
    expect((await app.call('POST', '/auth/refresh', { token: tokens.refreshToken })).json['errorCode']).toBe(
      'session-ended',
    );
    expect(await undo(token)).toMatchObject(refusal('email-token-unknown', 404));

    const late = await changed('lena', 'new-lena@example.org');
    app.clock.advance(259_200_000);
    expect(await undo(late.undo)).toMatchObject(refusal('email-token-expired', 410));
  });

  it('takes it back over any number of further changes', async () => {
    const { tokens, undo: token } = await changed('magda', 'thief-one@example.org');
    await ask(tokens, 'thief-two@example.org');
    expect((await confirm(await mails.token('email-confirmation', 'thief-two@example.org'))).status).toBe(200);
    expect((await undo(token)).status).toBe(200);
    expect(await emailOf('magda')).toBe('magda@example.org');
  });

  it('can be had by nobody else until then, and by anybody after', async () => {
    await changed('nora', 'new-nora@example.org');
    const register = async (username: string) =>
      app.call('POST', '/auth/users/register', {
        token: await app.asService(),
        json: [{ username, password: 'a password for somebody', email: 'nora@example.org' }],
      });
    expect(await register('olga')).toMatchObject(refusal('email-taken', 409));
    app.clock.advance(259_200_000);
    expect((await register('olga')).status).toBe(200);
  });

  it('resets no password any more (SEC-54, SEC-58)', async () => {
    await changed('paula', 'new-paula@example.org');
    const before = mails.received.length;
    for (const email of ['paula@example.org', 'new-paula@example.org'])
      expect((await app.call('POST', '/api/password/reset', { json: { email }, headers: EN })).status).toBe(200);
    const mail = await mails.arrival((each) => mails.received.indexOf(each) >= before);
    expect(mail.receivers).toEqual(['new-paula@example.org']);
    // Who gets one is decided when it is asked for; mails that must not come would be counted too early.
    const asked = await app.stored('reset', 'PasswordResetRequested');
    expect(asked.slice(-2)).toMatchObject([
      { data: { userId: null } },
      { data: { userId: await app.get(Accounts).idOf('paula') } },
    ]);
  });

  it('voids a reset that was asked for before the change (SEC-54)', async () => {
    const tokens = await app.person('rosa');
    await app.call('POST', '/api/password/reset', { json: { email: 'rosa@example.org' }, headers: EN });
    const reset = await mails.token('password-reset', 'rosa@example.org');
    await ask(tokens, 'new-rosa@example.org');
    await confirm(await mails.token('email-confirmation', 'new-rosa@example.org'));
    expect(
      await app.call('POST', '/api/password/reset/new', {
        json: { token: reset, newPassword: 'a quite new password' },
      }),
    ).toMatchObject(refusal('reset-token-unknown', 404));
  });
});

describe('tokens that somebody invents', () => {
  it('open nothing', async () => {
    const { undo: real } = await changed('sigrid', 'new-sigrid@example.org');
    for (const token of ['', 'x', real.slice(1), `${real}x`, real.replace(/\..*/, `.${'x'.repeat(43)}`)])
      for (const call of [confirm, undo]) expect(await call(token)).toMatchObject(refusal('email-token-unknown', 404));
    const foreign = { ...EN, origin: 'https://evil.example' };
    // Each token is good for its purpose only (SEC-54).
    expect(await confirm(real)).toMatchObject(refusal('email-token-unknown', 404));
    expect(await confirm(real, foreign)).toMatchObject(refusal('origin-not-trusted', 400));
  });
});
