import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSmtpUrl } from './mail-settings.js';
import { readSettings } from './settings.js';

describe('the address of a mail server', () => {
  it('says how to reach it, and TLS is needed unless it is on this machine (SEC-149)', () => {
    expect(parseSmtpUrl('smtps://mailer:p%40ss@mail.example.org')).toEqual({
      host: 'mail.example.org',
      port: 465,
      implicitTls: true,
      requireTls: true,
      credentials: { user: 'mailer', password: 'p@ss' },
    });
    expect(parseSmtpUrl('smtp://mail.example.org')).toMatchObject({ port: 587, implicitTls: false, requireTls: true });
    expect(parseSmtpUrl('smtp://[::1]:1025/')).toMatchObject({ host: '::1', port: 1025, requireTls: false });
  });

  it('is nothing else, and turns no check off', () => {
    for (const text of [
      '',
      'mail.example.org',
      'http://mail.example.org',
      'smtp://',
      'smtp://user@mail.example.org',
      'smtp://mail.example.org/path',
      'smtps://mail.example.org?tls.rejectUnauthorized=false',
    ])
      expect([text, parseSmtpUrl(text)]).toEqual([text, null]);
  });
});

describe('the settings of mails', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'authlog-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (yaml: string) => {
    const path = join(folder, 'authlog.yaml');
    writeFileSync(path, yaml);
    return readSettings({ AUTHLOG_CONFIG: path, AUTHLOG_PUBLIC_URL: 'https://auth.example.org' }).mail;
  };

  it('are files, in English, that lead to pages of the service', () => {
    expect(read('')).toEqual({
      from: { name: 'authlog', address: 'no-reply@auth.example.org' },
      smtp: null,
      wording: {
        service: 'authlog',
        language: 'en',
        links: {
          passwordReset: 'https://auth.example.org/account/password-reset#{token}',
          emailConfirmation: 'https://auth.example.org/account/email-confirmation#{token}',
          emailUndo: 'https://auth.example.org/account/email-undo#{token}',
          forgottenPassword: 'https://auth.example.org/account/password-reset',
        },
      },
    });
  });

  it('may be others', () => {
    const { from, smtp, wording } = read(`
mail:
  from: { name: UCloud, address: no-reply@ucloud.example }
  smtp: smtp://127.0.0.1:1025
  language: da
  links: { passwordReset: "https://ucloud.example/app/login?password-reset=true&token={token}" }
`);
    expect([from.name, smtp?.port, wording.service, wording.language]).toEqual(['UCloud', 1025, 'UCloud', 'da']);
    expect(wording.links.passwordReset).toBe('https://ucloud.example/app/login?password-reset=true&token={token}');
  });

  for (const [yaml, fault] of [
    ['mail: { smtp: "http://x" }', 'mail.smtp must be such as smtp://user:password@mail.example.org:587'],
    ['mail: { smtp: 25 }', 'mail.smtp must be'],
    ['mail: { language: fr }', 'mail.language must be en or da'],
    ['mail: { from: { name: x, address: nobody } }', 'mail.from.address must be an e-mail address'],
    ['mail: { from: { name: "a\\nb", address: a@b.dk } }', 'mail.from.name must be a name of one line'],
    [
      'mail: { links: { passwordReset: "https://x/y" } }',
      'mail.links.passwordReset must be an https address with {token} in it',
    ],
    [
      'mail: { links: { emailUndo: "http://example.org/{token}" } }',
      'mail.links.emailUndo must be an https address with {token} in it',
    ],
    ['mail: { links: { help: "https://x" } }', 'mail.links.help is not a known setting'],
    ['mail: { to: x }', 'mail.to is not a known setting'],
  ] as const)
    it(`refuse ${yaml}`, () => expect(() => read(yaml)).toThrow(fault));
});
