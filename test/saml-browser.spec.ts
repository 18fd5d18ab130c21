import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrontDoor } from './support/front-door.js';
import { IdentityProvider } from './support/identity-provider.js';
import { temporaryFolder } from './support/running-process.js';
import { SP_ENTITY_ID, writeSamlSettings } from './support/saml-settings.js';
import { Server } from './support/server.js';

/** Where Debian has it, or what somebody else says; CI installs it. */
const CHROMIUM = process.env['AUTHLOG_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

/** Two sites: the service on `localhost`, the identity provider on `127.0.0.1`; so cookies are sent, or not, as on the web. */
describe.runIf(existsSync(CHROMIUM))('a login through an identity provider in Chromium', () => {
  const folder = temporaryFolder();
  let door: FrontDoor;
  let provider: IdentityProvider;
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    door = await FrontDoor.open();
    const party = { entityId: SP_ENTITY_ID, assertionConsumerUrl: `${door.url}/auth/saml/acs` };
    provider = await IdentityProvider.start('https://hub.test', () => party);
    const config = writeSamlSettings(folder.path, provider, `${door.url}/account/password-reset`);
    server = await Server.start({ AUTHLOG_PUBLIC_URL: door.url, AUTHLOG_CONFIG: config });
    door.leadTo(server.url);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
    await provider?.stop();
    await door?.close();
    folder.remove();
  });

  const startIn = async (context: BrowserContext): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${door.url}/auth/saml/login?service=web`);
    expect(page.url()).toContain(provider.url);
    return page;
  };
  const finish = async (page: Page): Promise<void> => {
    const landed = page.waitForURL(`${door.url}/account/**`);
    await page.getByRole('button', { name: 'Log in' }).click();
    await landed;
  };

  it('goes there and back, and leaves a session that a page of ours can use (SEC-118, SEC-124)', async () => {
    const context = await browser.newContext();
    const page = await startIn(context);
    const [binding] = await context.cookies(door.url);
    expect(binding).toMatchObject({ sameSite: 'None', secure: true, httpOnly: true, path: '/' });
    expect(binding?.name).toMatch(/^__Host-saml-/);
    await finish(page);

    const cookies = await context.cookies(door.url);
    expect(cookies.map(({ name, sameSite }) => [name, sameSite])).toEqual(
      expect.arrayContaining([['refreshToken', 'Strict']]),
    );
    expect(cookies.some(({ name }) => name.startsWith('__Host-saml-'))).toBe(false);
    const { status, sub } = await page.evaluate(async () => {
      const state = /authState=([^;]+)/.exec(document.cookie)?.[1] ?? '';
      const { csrfToken, accessToken } = JSON.parse(decodeURIComponent(state)) as Record<string, string>;
      const refreshed = await fetch('/auth/refresh/web', {
        method: 'POST',
        headers: { 'X-CSRFToken': csrfToken ?? '' },
      });
      const claims = JSON.parse(atob((accessToken ?? '').split('.')[1] ?? '')) as { sub: string };
      return { status: refreshed.status, sub: claims.sub };
    });
    expect(status).toBe(200);
    expect(sub).toMatch(/^AdaLovelace#/);
    await context.close();
  });

  it('cannot be finished in another browser, and tells its owner nothing but to begin again (SEC-111)', async () => {
    const [ada, eve] = [await browser.newContext(), await browser.newContext()];
    const [adaAtProvider, eveAtProvider] = [await startIn(ada), await startIn(eve)];
    const planted = await eveAtProvider.locator('input[name=SAMLResponse]').inputValue();
    await adaAtProvider.locator('input[name=SAMLResponse]').evaluate((input: HTMLInputElement, value) => {
      input.value = value;
    }, planted);
    const answered = adaAtProvider.waitForResponse(`${door.url}/auth/saml/acs`);
    await adaAtProvider.getByRole('button', { name: 'Log in' }).click();
    expect((await answered).status()).toBe(401);
    await adaAtProvider.waitForURL(`${door.url}/auth/saml/acs`);
    expect(await adaAtProvider.getByRole('heading').textContent()).toBe('You are not logged in');
    expect((await ada.cookies(door.url)).some(({ name }) => name === 'refreshToken')).toBe(false);

    // Eve can finish her own, and Ada begin again.
    await finish(eveAtProvider);
    await finish(await startIn(ada));
    await Promise.all([ada.close(), eve.close()]);
  });

  it('begins again when the page is loaded once more, and does not log in twice by one response', async () => {
    const context = await browser.newContext();
    const page = await startIn(context);
    const response = await page.locator('input[name=SAMLResponse]').inputValue();
    await finish(page);
    const again = await page.request.post(`${door.url}/auth/saml/acs`, { form: { SAMLResponse: response } });
    expect(again.status()).toBe(401);
    await context.close();
  });
});
