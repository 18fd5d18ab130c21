import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { TOTP, URI } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/running-process.js';
import { type Answer, Server } from './support/server.js';

const PASSWORD = 'the compiler of 1952';
const NEW_PASSWORD = 'seven small green bottles';

describe('from an account that an administrator made to a forgotten password, over a crash', () => {
  const folder = temporaryFolder();
  let server: Server;
  beforeAll(async () => {
    server = await Server.start({}, folder.path);
  });
  afterAll(async () => {
    await server.remove();
    folder.remove();
  });

  const json = { accept: 'application/json' };
  const answerChallenge = (challengeId: unknown, code: object, token?: string) =>
    server.call('POST', '/auth/2fa/challenge', {
      json: { challengeId, ...code },
      headers: json,
      ...(token === undefined ? {} : { token }),
    });
  const challengeOf = async (password: string) => {
    const { body } = await server.tryLogIn('grace', password);
    expect(Object.keys(body)).toEqual(['2fa']);
    return body['2fa'];
  };
  const accessTokenOf = ({ status, body }: Answer) => {
    expect([status, body['errorCode']]).toEqual([200, undefined]);
    return String(body['accessToken']);
  };
  /** The address that the newest mail about this leads to; it has been written by now. */
  const linkIn = async (page: string) => {
    const folder = join(server.data, 'mail');
    const names = readdirSync(folder).toSorted().toReversed();
    for (const name of names) {
      const { text = '' } = await simpleParser(readFileSync(join(folder, name)));
      const [, token] = new RegExp(`/account/${page}#(\\S+)`).exec(text) ?? [];
      if (token !== undefined) return token;
    }
    throw new Error(`no mail leads to ${page}`);
  };
  const sent = (kind: string) => server.process.logs(new RegExp(`"kind":"${kind}".*handed over`));

  it('is one story', async () => {
    const person = {
      username: 'grace',
      password: PASSWORD,
      email: 'grace@example.org',
      firstnames: 'Grace',
      lastname: 'H',
    };
    const admin = await server.asAdmin();
    expect((await server.call('POST', '/auth/users/register', { token: admin, json: [person] })).status).toBe(200);

    // The person logs in, can do nothing but enrol, and does.
    const first = accessTokenOf(await server.tryLogIn('grace', PASSWORD));
    expect((await server.call('GET', '/auth/sessions', { token: first })).body['errorCode']).toBe('scope-missing');
    const offered = (await server.call('POST', '/auth/2fa', { token: first })).body;
    const totp = URI.parse(String(offered['otpAuthUri'])) as TOTP;
    const [recoveryCode] = offered['recoveryCodes'] as string[];
    const enrolled = await answerChallenge(offered['challengeId'], { verificationCode: totp.generate() }, first);
    expect(enrolled.status).toBe(204);
    await sent('second-factor-enrolled');

    // The phone is at home: a recovery code does.
    const second = accessTokenOf(await answerChallenge(await challengeOf(PASSWORD), { recoveryCode }));
    expect((await server.call('GET', '/auth/2fa/status', { token: second })).body).toEqual({
      connected: true,
      recoveryCodes: 9,
    });

    // The password is forgotten. Who takes the request sends no mails, and dies; whoever follows the log does.
    await server.process.stop();
    server = await Server.start({ AUTHLOG_PROJECTOR: 'external' }, server.data);
    const asked = await server.call('POST', '/api/password/reset', { json: { email: 'Grace@Example.org' } });
    expect([asked.status, asked.body]).toEqual([200, {}]);
    await server.process.stop('SIGKILL');
    server = await Server.start({}, server.data);
    await sent('password-reset');
    const token = await linkIn('password-reset');
    const reset = (newPassword: string) =>
      server.call('POST', '/api/password/reset/new', { json: { token, newPassword } });
    expect((await reset('short')).body['errorCode']).toBe('password-too-short');
    expect((await reset(NEW_PASSWORD)).body).toEqual({});
    expect((await reset(NEW_PASSWORD)).body['errorCode']).toBe('reset-token-unknown');
    expect((await server.call('GET', '/auth/sessions', { token: second })).body['errorCode']).toBe('session-ended');
    expect((await server.tryLogIn('grace', PASSWORD)).status).toBe(401);

    // The second factor is still asked for (SEC-60). Then the e-mail address changes.
    const [, another] = offered['recoveryCodes'] as string[];
    const third = accessTokenOf(await answerChallenge(await challengeOf(NEW_PASSWORD), { recoveryCode: another }));
    const change = { token: third, json: { email: 'hopper@example.org' } };
    expect((await server.call('POST', '/auth/users/updateUserInfo', change)).body).toEqual({});
    await sent('email-confirmation');
    const confirmation = { json: { token: await linkIn('email-confirmation') } };
    expect((await server.call('POST', '/auth/users/email/confirm', confirmation)).body).toEqual({});
    const info = await server.call('GET', '/auth/users/userInfo', { token: third });
    expect(info.body['email']).toBe('hopper@example.org');

    // Read models that are made again send no mail (SEC-162).
    await sent('email-changed');
    const mails = readdirSync(join(server.data, 'mail'));
    await server.process.stop();
    for (const name of readdirSync(server.data)) if (name.startsWith('read-models')) rmSync(join(server.data, name));
    server = await Server.start({}, server.data);
    expect((await server.call('GET', '/auth/users/userInfo', { token: third })).body).toEqual(info.body);
    await server.process.stop();
    expect(readdirSync(join(server.data, 'mail'))).toEqual(mails);
  });
});
