import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../testing/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start('mail: { language: da }');
});
afterAll(() => app.close());

const PAGES = ['password-reset', 'email-confirmation', 'email-undo'];
const open = (page: string, language?: string) =>
  app.call('GET', `/account/${page}`, { headers: language === undefined ? {} : { 'accept-language': language } });

describe.each(PAGES)('the page %s', (page) => {
  it('is in the language that is asked for, else in that of the settings', async () => {
    const lang = async (language?: string) => /<html lang="(..)">/.exec((await open(page, language)).text)?.[1];
    expect([await lang(), await lang('en-GB,en;q=0.9'), await lang('da'), await lang('fr, *')]).toEqual([
      'da',
      'en',
      'da',
      'da',
    ]);
  });

  it('runs nothing but what it says it does, sends no referrer and is kept nowhere (SEC-61, SEC-123)', async () => {
    const { headers, text } = await open(page);
    const policy = String(headers['content-security-policy']);
    const found = [...text.matchAll(/<(script|style)[^>]*>([^]*?)<\/\1>/g)];
    expect(found.map(([, tag]) => tag)).toEqual(['style', 'script']);
    for (const [, tag, content = ''] of found)
      expect(policy).toContain(`${tag}-src 'sha256-${createHash('sha256').update(content).digest('base64')}'`);
    expect(policy).toContain("default-src 'none'");
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store, private',
      'x-frame-options': 'DENY',
      vary: 'Accept-Language',
    });
  });

  it('changes nothing when it is opened (SEC-56)', async () => {
    const before = (await app.events()).length;
    for (let n = 0; n < 5; n += 1) expect((await open(page)).status).toBe(200);
    expect(await app.events()).toHaveLength(before);
  });

  it('sends its forms to calls that there are', async () => {
    const described = await app.call('GET', '/openapi.json');
    const actions = [...(await open(page)).text.matchAll(/<form action="([^"]+)"/g)].map(([, action = '']) => action);
    expect(actions).toHaveLength(page === 'password-reset' ? 2 : 1);
    for (const action of actions) expect(Object.keys(described.json['paths'] as object)).toContain(action);
  });
});

describe('the page password-reset', () => {
  it('says of a password that it is known from a breach, in both languages (SEC-06)', async () => {
    const said = async (language: string) =>
      /data-error="password-breached" hidden>([^<]+)</.exec((await open('password-reset', language)).text)?.[1];
    expect(await said('en')).toBe('That password is known from a breach elsewhere. Choose another one.');
    expect(await said('da')).toBe('Adgangskoden er kendt fra et datalæk et andet sted. Vælg en anden.');
  });
});
