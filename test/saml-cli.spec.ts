import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SAML_SERVICE, writeSamlKeys } from '#host/testing/saml-files.js';
import { HUB_NEW_KEY, STRANGER_KEY } from '#saml/testing/keys.js';
import { HUB_METADATA, entityXml, feedXml, signMetadata } from '#saml/testing/signed-metadata.js';
import { commandLine } from './support/command-line.js';

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const feedOf = (validUntil: string, parts: Partial<typeof HUB_METADATA> = {}, key = HUB_NEW_KEY) =>
  signMetadata(feedXml(entityXml(parts), `ID="_feed" validUntil="${validUntil}"`), { privateKey: key.privateKey });

let folder: string;
let url: string;
let feed: string;
let serverIsBehindMs: number;
const server = createServer((_request, response) => {
  response.setHeader('Date', new Date(Date.now() - serverIsBehindMs).toUTCString()).end(feed);
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'authlog-'));
  writeSamlKeys(folder);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  serverIsBehindMs = 0;
  feed = feedOf(inDays(7));
});

const KEYS =
  'keys: [{ privateKey: DIR/sp.key, certificate: DIR/sp.crt }, { privateKey: DIR/spOld.key, certificate: DIR/spOld.crt }]';
const WAYF = '{ name: wayf, preset: wayf, metadata: { url: "URL", certificate: DIR/hub.crt } }';
const yamlOf = (providers: string, keys = KEYS) =>
  `saml:\n  entityId: https://auth.example.org/saml\n  ${keys}\n  ${SAML_SERVICE}\n  identityProviders: [${providers}]\n`;

const saml = (words: string, yaml = yamlOf(WAYF)) => {
  const config = join(folder, 'authlog.yaml');
  writeFileSync(config, yaml.replaceAll('DIR', folder).replaceAll('URL', url));
  const environment = { AUTHLOG_CONFIG: config, AUTHLOG_PUBLIC_URL: 'https://auth.example.org' };
  return commandLine(folder, ['saml', ...words.split(' ')], environment);
};

describe('on the command line a check of SAML', () => {
  it('says what works, and which addresses to register', async () => {
    const { code, stdout, stderr } = await saml('check');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toMatch(/^fault/m);
    for (const line of [
      /^ok +settings +every setting can be used$/m,
      /^(ok|warning) +keys +the first signs; its certificate ends in \d+ days \(SHA-256 [0-9A-F:]+\)$/m,
      /^(ok|warning) +keys +number 2 is shown, and decrypts; its certificate /m,
      /^ok +wayf +https:\/\/wayf\.wayf\.dk is in http:\S+, signed by a pinned certificate$/m,
      /^ok +wayf +its metadata is good until \S+Z, for 6 days$/m,
      /^ok +wayf +the clock of its server differs from ours by \d seconds$/m,
      /^ok +wayf +login at https:\/\/wayf\.wayf\.dk\/saml2\/idp\/SSOService2\.php$/m,
      /^ok +wayf +logout at https:\/\/wayf\.wayf\.dk\/saml2\/idp\/SingleLogoutService\.php$/m,
      /^ok +wayf +messages are signed by CN=.+, until \d{4}-\d\d-\d\d \(SHA-256 [0-9A-F:]+\)$/m,
      /^ok +register +entity id {2}https:\/\/auth\.example\.org\/saml$/m,
      /^ok +register +metadata {3}https:\/\/auth\.example\.org\/auth\/saml\/metadata$/m,
      /^ok +register +login {6}https:\/\/auth\.example\.org\/auth\/saml\/acs /m,
      /^ok +register +logout {5}https:\/\/auth\.example\.org\/auth\/saml\/sls /m,
    ])
      expect(stdout).toMatch(line);
    expect(stdout).not.toContain('PRIVATE');
  });

  it('warns of clocks that differ, of metadata that is not renewed, and of what is missing', async () => {
    serverIsBehindMs = 120_000;
    feed = feedOf(inDays(1), { logout: '' });
    const { code, stdout } = await saml('check', yamlOf(WAYF, 'contacts: []'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning +wayf +the clock of its server differs from ours by 12\d seconds\n +→ keep the/m);
    expect(stdout).toMatch(/^warning +wayf +its metadata is good until \S+, for 0 days\n +→ see why/m);
    expect(stdout).toMatch(/^warning +wayf +it has no single logout/m);
    expect(stdout).toMatch(/^warning +keys +there are none: .+\n +→ openssl req /m);
  });

  it('finds metadata that somebody else has signed, that is over, or that is not there (SEC-115)', async () => {
    feed = feedOf(inDays(7), {}, STRANGER_KEY);
    expect(await saml('check')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^fault +wayf +the metadata was changed after it was signed, .+\n +→ compare saml\./m,
      ),
      stderr: '1 fault found.\n',
    });
    feed = feedOf(inDays(-1));
    expect((await saml('check')).stdout).toMatch(/^fault +wayf +the metadata is over since /m);
    const nowhere = yamlOf(WAYF.replace('URL', 'http://127.0.0.1:1/feed'));
    expect((await saml('check', nowhere)).stdout).toMatch(
      /^fault +wayf +its metadata cannot be had from http:.+\n +→ see/m,
    );
  });

  it('finds an identity provider that wants signed requests, which nobody can sign', async () => {
    const file = join(folder, 'wants.xml');
    writeFileSync(
      file,
      entityXml().replace('<md:IDPSSODescriptor', '<md:IDPSSODescriptor WantAuthnRequestsSigned="true"'),
    );
    const yaml = yamlOf(
      `{ name: local, entityId: "https://wayf.wayf.dk", metadata: { file: ${file} } }`,
      'contacts: []',
    );
    expect((await saml('check', yaml)).stdout).toMatch(
      /^fault +local +it wants requests to be signed, and there is no key/m,
    );
  });

  it('takes what the service has kept when it is offline', async () => {
    expect((await saml('check --offline')).stdout).toMatch(/^fault +wayf +.+the service has kept none yet$/m);
    mkdirSync(join(folder, 'saml'));
    writeFileSync(join(folder, 'saml', 'wayf.xml'), feedOf(inDays(7)));
    feed = '';
    const { code, stdout } = await saml('check --offline --json');
    const findings = JSON.parse(stdout) as { check: string; verdict: string }[];
    expect([code, findings.some(({ verdict }) => verdict === 'fault')]).toEqual([0, false]);
  });

  it('names every fault of the settings, and that there are none', async () => {
    const { code, stdout } = await saml('check', yamlOf('{ name: wayf, preset: wayf }', 'keys: 1'));
    expect([code, stdout.match(/^fault +settings/gm)?.length]).toEqual([1, 1]);
    expect(await saml('check', 'saml: {}')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^fault +settings +The configuration file has no saml/),
    });
  });

  it('prints our metadata, with both keys and what is asked for', async () => {
    const { code, stdout } = await saml('metadata');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<md:EntityDescriptor /);
    expect(stdout.match(/<md:KeyDescriptor use="signing">/g)).toHaveLength(2);
    expect(stdout.match(/<md:RequestedAttribute /g)).toHaveLength(10);
    expect(stdout).not.toContain('PRIVATE');
    expect(await saml('metadata', 'saml: {}')).toMatchObject({ code: 1 });
  });
});
