import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HUB_OLD_KEY, SP_NEW_KEY, STRANGER_KEY } from '#saml/testing/keys.js';
import { WAYF_ATTRIBUTES } from '#saml/person/attribute-map.js';
import { HUB_METADATA, entityXml, feedXml, signMetadata } from '#saml/testing/signed-metadata.js';
import { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { IdentityProviders } from './identity-providers.js';
import { MetadataFeed } from './metadata-feed.js';
import type { IdentityProviderSettings, MetadataSource } from './saml-settings.js';

class SetClock extends Clock {
  time = new Date('2030-01-01T00:00:00.000Z');
  now() {
    return this.time;
  }
}

const FEED_KEY = SP_NEW_KEY;
const VALID_UNTIL = '2030-01-08T00:00:00.000Z';
const feedOf = (parts: Partial<typeof HUB_METADATA> = {}, privateKey = FEED_KEY.privateKey) =>
  signMetadata(feedXml(entityXml(parts), `ID="_feed" validUntil="${VALID_UNTIL}"`), { privateKey });
const moved = { login: HUB_METADATA.login.replace('SSOService2', 'SSOService3') };

let data: string;
let clock: SetClock;
let said: string[];
let log: Log;
/** What the server of the federation answers; null: nothing at all. */
let answer: string | null;
let requests: number;
let close: () => Promise<void>;
let url: string;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'authlog-'));
  clock = new SetClock();
  said = [];
  const say = (level: string) => (_fields: object, message: string) => said.push(`${level}: ${message}`);
  log = { level: 'info', debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  answer = feedOf();
  requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (request.url === '/elsewhere') response.writeHead(302, { Location: '/feed' }).end();
    else if (answer === null) request.socket.destroy();
    else response.end(answer);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed`;
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
});
afterEach(async () => {
  await close();
  rmSync(data, { recursive: true });
});

const source = (): MetadataSource => ({ from: { url }, signers: [FEED_KEY.certificate], refreshEveryMs: 3_600_000 });
const settings = (more: Partial<IdentityProviderSettings> = {}): IdentityProviderSettings => ({
  name: 'wayf',
  entityId: 'https://wayf.wayf.dk',
  metadata: source(),
  singleSignOnUrl: null,
  singleLogoutUrl: null,
  certificates: [],
  admission: { allowedInstitutions: null, refusedInstitutions: [], selfRegistered: 'refuse', nemLogIn: 'refuse' },
  secondFactorContexts: new Set(),
  attributes: WAYF_ATTRIBUTES,
  identifiedBy: ['persistent-name-id'],
  ...more,
});
const feed = (metadata = source()) =>
  new MetadataFeed({ name: 'wayf', entityId: 'https://wayf.wayf.dk', metadata }, data, clock, log);
const loginOf = (each: MetadataFeed) => each.current()?.singleSignOnUrl.split('/').at(-1) ?? null;
const copy = () => join(data, 'saml', 'wayf.xml');

describe('the metadata of an identity provider', () => {
  it('is fetched, and kept on disk for its owner only', async () => {
    const wayf = feed();
    expect([wayf.current(), await wayf.refresh()]).toEqual([null, true]);
    expect(loginOf(wayf)).toBe('SSOService2.php');
    expect(readFileSync(copy(), 'utf8')).toBe(answer);
    expect([statSync(copy()).mode & 0o777, statSync(join(data, 'saml')).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(said).toEqual([]);
  });

  it('changes when what is fetched does', async () => {
    const wayf = feed();
    await wayf.refresh();
    answer = feedOf(moved);
    await wayf.refresh();
    expect(loginOf(wayf)).toBe('SSOService3.php');
  });

  it('stays as it was while nothing better comes, and that is said once (SEC-115)', async () => {
    const wayf = feed();
    await wayf.refresh();
    for (const bad of [feedOf(moved, STRANGER_KEY.privateKey), feedOf(moved, STRANGER_KEY.privateKey)]) {
      answer = bad;
      expect([await wayf.refresh(), loginOf(wayf)]).toEqual([false, 'SSOService2.php']);
    }
    answer = null;
    await wayf.refresh();
    answer = feedOf(moved);
    await wayf.refresh();
    const stale = 'warn: no newer metadata of an identity provider; it is used as it was';
    expect(said).toEqual([stale, stale, 'info: metadata of an identity provider can be used again']);
    expect(loginOf(wayf)).toBe('SSOService3.php');
  });

  it('is not used from validUntil on, whatever there is on disk (SEC-115)', async () => {
    const wayf = feed();
    await wayf.refresh();
    answer = null;
    clock.time = new Date(new Date(VALID_UNTIL).getTime() - 1);
    await wayf.refresh();
    expect(loginOf(wayf)).toBe('SSOService2.php');
    clock.time = new Date(VALID_UNTIL);
    expect(loginOf(wayf)).toBeNull();
    await wayf.refresh();
    const restarted = feed();
    await restarted.open();
    expect(restarted.current()).toBeNull();
    expect(said.at(-1)).toBe('error: no metadata of an identity provider: nobody can log in through it');
  });

  it('is what it was before a restart while nobody can be asked', async () => {
    await feed().refresh();
    answer = null;
    const restarted = feed();
    await restarted.open();
    expect([loginOf(restarted), await restarted.refresh(), loginOf(restarted)]).toEqual([
      'SSOService2.php',
      false,
      'SSOService2.php',
    ]);
  });

  it('is not what somebody else has written into the data folder (SEC-115)', async () => {
    await feed().refresh();
    writeFileSync(copy(), feedOf(moved, STRANGER_KEY.privateKey));
    const restarted = feed();
    await restarted.open();
    expect(restarted.current()).toBeNull();
  });

  it('is not fetched from where it redirects to', async () => {
    const wayf = feed({ ...source(), from: { url: url.replace('/feed', '/elsewhere') } });
    expect(await wayf.refresh()).toBe(false);
  });

  it('is read in another thread when it is large, with the same outcome', async () => {
    const others = Array.from({ length: 40 }, (_, n) => entityXml({ entityId: `https://idp-${n}.example.org` })).join(
      '',
    );
    const large = feedXml(others + entityXml(), 'ID="_feed"');
    answer = signMetadata(large, { privateKey: FEED_KEY.privateKey });
    expect(answer.length).toBeGreaterThan(100_000);
    const wayf = feed();
    expect([await wayf.refresh(), loginOf(wayf)]).toEqual([true, 'SSOService2.php']);
    answer = signMetadata(large, { privateKey: STRANGER_KEY.privateKey });
    expect([await wayf.refresh(), loginOf(wayf)]).toEqual([false, 'SSOService2.php']);
  });

  it('may be in a file, which needs no signature', async () => {
    const file = join(data, 'metadata.xml');
    writeFileSync(file, entityXml());
    const local = feed({ from: { file }, signers: null, refreshEveryMs: 60_000 });
    await local.open();
    expect(loginOf(local)).toBe('SSOService2.php');
    writeFileSync(file, 'half of it');
    expect([await local.refresh(), loginOf(local)]).toEqual([false, 'SSOService2.php']);
  });
});

describe('the identity providers', () => {
  const providersOf = (...all: IdentityProviderSettings[]) => new IdentityProviders(all, data, clock, log);

  it('are known by name and by entity id once there is metadata, and nobody else is', async () => {
    await feed().refresh();
    const providers = providersOf(settings());
    expect(providers.byName('wayf')).toBeNull();
    await providers.open();
    expect(providers.byName('wayf')).toMatchObject({
      name: 'wayf',
      singleLogoutUrl: 'https://wayf.wayf.dk/saml2/idp/SingleLogoutService.php',
      scopes: null,
    });
    expect(providers.byEntityId('https://wayf.wayf.dk')?.signingCertificates).toHaveLength(2);
    expect([providers.byName('other'), providers.byEntityId('https://wayf.wayf.dk/')]).toEqual([null, null]);
  });

  it('are what the settings say before what metadata says', async () => {
    await feed().refresh();
    const certificates = [HUB_OLD_KEY.certificate];
    const byHand = settings({
      metadata: null,
      entityId: 'urn:x',
      name: 'x',
      singleSignOnUrl: 'https://x',
      certificates,
    });
    const providers = providersOf(settings({ singleSignOnUrl: 'https://other.example', certificates }), byHand);
    await providers.open();
    const [wayf, x] = [providers.byName('wayf'), providers.byName('x')];
    expect([wayf?.singleSignOnUrl, wayf?.signingCertificates]).toEqual(['https://other.example', certificates]);
    expect(x).toMatchObject({ singleSignOnUrl: 'https://x', singleLogoutUrl: null, scopes: null });
  });

  it('are fetched again and again until they stop, and a start does not wait for it', async () => {
    const providers = providersOf(settings({ metadata: { ...source(), refreshEveryMs: 1 } }));
    await providers.open();
    expect(requests).toBe(0);
    providers.start();
    await expect.poll(() => requests, { timeout: 10_000 }).toBeGreaterThan(2);
    await providers.stop();
    expect(providers.byName('wayf')).not.toBeNull();
    expect(said).toEqual([]);
  });
});
