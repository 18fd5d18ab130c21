import { describe, expect, it } from 'vitest';
import type { MailKind } from '#domain/mail/mail.js';
import type { FactsOfKind } from './letter.js';
import { LANGUAGES } from './letter.js';
import { render } from './render.js';

const LINK = 'https://auth.example.org/account/x#subject.secret';
const FORGOTTEN = 'https://auth.example.org/account/password-reset';
const facts = { service: 'authlog', username: 'ada', forgottenPassword: FORGOTTEN };
const linked = { ...facts, link: LINK };
const everyKind: { readonly [Kind in MailKind]: FactsOfKind[Kind] } = {
  'email-address-in-use': facts,
  'email-change-undone': facts,
  'email-changed': linked,
  'email-confirmation': linked,
  'login-after-failures': { ...facts, failures: 7 },
  'password-change-required': facts,
  'password-changed': facts,
  'password-reset': linked,
  'recovery-code-used': { ...facts, codesLeft: 4 },
  'recovery-codes-replaced': facts,
  'second-factor-enrolled': facts,
  'second-factor-guessed': facts,
  'second-factor-removed': { ...facts, by: 'owner' },
};
const kinds = Object.keys(everyKind) as MailKind[];
const rendered = (kind: MailKind, language: 'da' | 'en', more: object = {}) =>
  render(kind, language, { ...everyKind[kind], ...more });
const linksIn = (text: string) => text.match(/https?:\/\/[^\s"<]+/g) ?? [];

describe.each(LANGUAGES)('the letters in %s', (language) => {
  it.each(kinds)(
    '%s leads nowhere but to the service, and to the same places as text and as page (SEC-171)',
    (kind) => {
      const { text, html } = rendered(kind, language);
      for (const link of linksIn(text)) expect([LINK, FORGOTTEN]).toContain(link);
      expect(new Set(linksIn(html))).toEqual(new Set(linksIn(text)));
      if ('link' in everyKind[kind]) expect(linksIn(text)).toContain(LINK);
    },
  );

  it.each(kinds)('%s says which service, and to whom (SEC-171)', (kind) => {
    const { subject, text } = rendered(kind, language);
    expect(subject).toContain('authlog');
    expect(text).toMatch(/^(?:Hello|Hej) ada/);
  });

  it.each(kinds)('%s carries nobody’s message (SEC-170)', (kind) => {
    const { subject, text, html } = rendered(kind, language, {
      username: '<a href="https://evil.example">buy.now.example</a>\r\nBcc: x',
    });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toContain('<a href="https://evil.example">');
    // Written so that no mail program makes a link of it.
    expect(html).not.toContain('buy.now.example');
    expect(html).toContain('buy<span>.</span>now<span>.</span>example');
    expect(text).not.toMatch(/^Bcc:/m);
  });
});

describe('a letter', () => {
  it('warns when few recovery codes are left (SEC-42)', () => {
    const left = (codesLeft: number) => render('recovery-code-used', 'en', { ...facts, codesLeft }).text;
    expect(left(4)).toContain('There are 4 left.');
    expect(left(3)).toContain('There are only 3 left: make new ones soon.');
    expect(left(0)).toContain('It was the last one: make new ones now.');
  });

  it('says who removed a second factor (SEC-49)', () => {
    const by = (who: 'administrator' | 'owner') => render('second-factor-removed', 'da', { ...facts, by: who }).text;
    expect(by('administrator')).toContain('En administrator har fjernet');
    expect(by('owner')).not.toContain('administrator har');
  });
});
