import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HUB_NEW_KEY, HUB_OLD_KEY, SP_NEW_KEY, SP_OLD_KEY } from '#saml/testing/keys.js';
import { SettingsInvalid, readSettings } from '../settings.js';
import { SAML_SERVICE, writeSamlKeys } from '../testing/saml-files.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'authlog-'));
  writeSamlKeys(folder);
  writeFileSync(join(folder, 'both.crt'), `${HUB_OLD_KEY.certificate}\n${HUB_NEW_KEY.certificate}`);
  writeFileSync(join(folder, 'text'), 'nothing of this kind');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  writeFileSync(join(folder, 'other.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const PUBLIC_URL = 'https://auth.example.org';
const read = (yaml: string, publicUrl = PUBLIC_URL) => {
  const path = join(folder, 'authlog.yaml');
  writeFileSync(path, yaml.replaceAll('DIR', folder));
  return readSettings({ AUTHLOG_CONFIG: path, AUTHLOG_PUBLIC_URL: publicUrl }).saml;
};
const faultsOf = (yaml: string, publicUrl?: string): string => {
  try {
    read(yaml, publicUrl);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsInvalid);
    return (error as Error).message;
  }
};

const ENTITY = 'entityId: https://auth.example.org/saml';
const WAYF = '{ name: wayf, preset: wayf, metadata: { certificate: DIR/hub.crt } }';
const BY_HAND =
  'name: local, entityId: urn:idp, singleSignOnUrl: "http://localhost:9000/sso", certificates: [DIR/both.crt]';
const withProviders = (...providers: string[]) =>
  `saml:\n  ${ENTITY}\n  ${SAML_SERVICE}\n  identityProviders:\n${providers.map((each) => `    - ${each}\n`).join('')}`;
const withMore = (more: string) => `${withProviders(WAYF)}  ${more}\n`;

describe('the settings of SAML', () => {
  it('are none by default, and where they are empty', () => {
    expect([read(''), read('saml: {}'), read('saml:')]).toEqual([null, null, null]);
  });

  it('need no more for WAYF than an entity id, names, and whom its metadata is signed by', () => {
    const settings = read(withProviders(WAYF));
    expect(settings?.serviceProvider).toEqual({
      entityId: 'https://auth.example.org/saml',
      assertionConsumerUrl: 'https://auth.example.org/auth/saml/acs',
      singleLogoutUrl: 'https://auth.example.org/auth/saml/sls',
      keys: [],
    });
    const [wayf] = settings?.identityProviders ?? [];
    expect(wayf).toMatchObject({
      name: 'wayf',
      entityId: 'https://wayf.wayf.dk',
      metadata: { from: { url: 'https://metadata.wayf.dk/wayf-metadata.xml' }, refreshEveryMs: 3_600_000 },
      singleSignOnUrl: null,
      certificates: [],
      admission: {
        allowedInstitutions: null,
        refusedInstitutions: [],
        selfRegistered: 'refuse',
        nemLogIn: 'refuse',
      },
      identifiedBy: ['eduPersonTargetedID', 'persistent-name-id'],
    });
    expect(wayf?.metadata?.signers).toEqual([HUB_NEW_KEY.certificate.trim()]);
    expect(wayf?.attributes.eduPersonTargetedID).toEqual(['urn:oid:1.3.6.1.4.1.5923.1.1.1.10', 'eduPersonTargetedID']);
    expect(wayf?.secondFactorContexts.has('https://refeds.org/profile/mfa')).toBe(true);
  });

  it('override whatever the preset says', () => {
    const [wayf] =
      read(
        withProviders(`name: hub
      preset: wayf
      entityId: https://hub.example.org
      metadata: { file: DIR/hub.xml, refreshEvery: 10m }
      singleLogoutUrl: https://hub.example.org/slo
      institutions: { allowed: [SDU.dk, ku.dk], refused: [example.org] }
      selfRegistered: admit
      nemLogIn: admit
      identifiedBy: [pairwise-id]
      secondFactorContexts: [urn:two]
      attributes: { mail: [mail, email] }`),
      )?.identityProviders ?? [];
    expect(wayf).toMatchObject({
      entityId: 'https://hub.example.org',
      metadata: { from: { file: join(folder, 'hub.xml') }, signers: null, refreshEveryMs: 600_000 },
      singleLogoutUrl: 'https://hub.example.org/slo',
      admission: {
        allowedInstitutions: ['sdu.dk', 'ku.dk'],
        refusedInstitutions: ['example.org'],
        selfRegistered: 'admit',
        nemLogIn: 'admit',
      },
      identifiedBy: ['pairwise-id'],
      secondFactorContexts: new Set(['urn:two']),
      attributes: { mail: ['mail', 'email'], sn: ['urn:oid:2.5.4.4', 'sn'] },
    });
  });

  it('can say all by hand, beside others', () => {
    const { identityProviders = [] } = read(withProviders(WAYF, `{ ${BY_HAND} }`)) ?? {};
    expect(identityProviders.map(({ name }) => name)).toEqual(['wayf', 'local']);
    expect(identityProviders[1]).toMatchObject({
      metadata: null,
      singleSignOnUrl: 'http://localhost:9000/sso',
      certificates: [HUB_OLD_KEY.certificate.trim(), HUB_NEW_KEY.certificate.trim()],
    });
  });

  it('have keys in files, the first of which signs, and more that metadata shows', () => {
    const settings = read(
      withMore(`keys: [{ privateKey: DIR/sp.key, certificate: DIR/sp.crt }, { privateKey: DIR/spOld.key, certificate: DIR/spOld.crt }]
  organization: { name: { da: Universitetet, en: The university }, url: https://example.org }
  contacts: [{ type: technical, name: Drift, email: ops@example.org }]`),
    );
    expect(settings?.serviceProvider.keys.map(({ privateKey }) => privateKey)).toEqual([
      SP_NEW_KEY.privateKey,
      SP_OLD_KEY.privateKey,
    ]);
    expect(settings?.description).toMatchObject({
      name: { da: 'Skyen', en: 'The cloud' },
      organization: { url: 'https://example.org' },
      contacts: [{ type: 'technical', name: 'Drift', email: 'ops@example.org' }],
      privacyStatement: null,
      logo: null,
    });
  });

  it('need a public address with TLS, or one on this machine', () => {
    expect(faultsOf(withProviders(WAYF), 'http://auth.example.org')).toContain('saml needs an AUTHLOG_PUBLIC_URL with');
    expect(faultsOf(withProviders(WAYF), 'http://localhost:8080')).toBe('');
  });

  const key = (privateKey: string, certificate: string) =>
    withMore(`keys: [{ privateKey: ${privateKey}, certificate: ${certificate} }]`);
  for (const [yaml, fault] of [
    ['saml: 1', 'saml must be a mapping'],
    [`saml: { ${SAML_SERVICE}, identityProviders: [] }`, 'saml.entityId must be a URI that stays for good'],
    [`saml: { ${ENTITY}, ${SAML_SERVICE}, identityProviders: [] }`, 'saml.identityProviders must name at least one'],
    [`saml: { ${ENTITY}, ${SAML_SERVICE} }`, 'saml.identityProviders must'],
    [`saml: { ${ENTITY}, identityProviders: [${WAYF}] }`, 'saml.service must have a name and a description'],
    [
      `saml: { ${ENTITY}, service: { name: { da: x }, description: { da: x, en: x } }, identityProviders: [${WAYF}] }`,
      'saml.service.name.en must be text of one line',
    ],
    [withMore('entityID: x'), 'saml.entityID is not a known setting'],
    [withMore('contacts: [{ type: boss, name: x, email: a@b.dk }]'), 'saml.contacts[0].type must be technical or'],
    [withMore('organization: { name: { da: x, en: y }, url: "http://example.org" }'), 'saml.organization.url must be'],
    [key('sp.key', 'DIR/sp.crt'), 'saml.keys[0].privateKey must be the whole path of a file'],
    [key('DIR/nowhere.key', 'DIR/sp.crt'), 'nowhere.key, which cannot be read'],
    [key('DIR/text', 'DIR/sp.crt'), 'which has no private key as PEM, without a passphrase'],
    [key('DIR/sp.key', 'DIR/text'), 'saml.keys[0].certificate names'],
    [key('DIR/other.key', 'DIR/sp.crt'), 'saml.keys[0] has a certificate'],
    [withProviders('{ name: WAYF, preset: wayf }'), 'saml.identityProviders[0].name must be 1 to 32 small letters'],
    [withProviders('{ name: wayf, preset: feide }'), 'saml.identityProviders[0].preset must be wayf'],
    [withProviders('{ name: wayf, preset: wayf }'), '[0].metadata.certificate must name the certificate of who signs'],
    [withProviders('{ name: x }'), 'saml.identityProviders[0].entityId must be there'],
    [withProviders('{ name: x, entityId: urn:x }'), '[0] needs metadata with a url or a file, or else singleSignOnUrl'],
    [
      withProviders('{ name: x, entityId: urn:x, metadata: { url: "http://example.org/x" } }'),
      'metadata.url must be an https address',
    ],
    [
      withProviders(
        '{ name: x, entityId: urn:x, metadata: { url: "https://x/y", file: /x, certificate: DIR/hub.crt } }',
      ),
      'metadata has a url and a file',
    ],
    [
      withProviders('{ name: x, entityId: urn:x, metadata: { file: /x, refreshEvery: 1s } }'),
      'metadata.refreshEvery must be a duration from 1m to 1d',
    ],
    [withProviders(WAYF, WAYF), 'saml.identityProviders has the name wayf twice'],
    [withProviders(WAYF, WAYF.replace('name: wayf', 'name: hub')), 'has the entityId https://wayf.wayf.dk twice'],
    [
      withProviders(`{ ${BY_HAND}, institutions: { allowed: ["*"] } }`),
      'institutions.allowed must be a list of domains',
    ],
    [withProviders(`{ ${BY_HAND}, selfRegistered: maybe }`), 'selfRegistered must be refuse or admit'],
    [
      withProviders(`{ ${BY_HAND}, attributes: { phone: [x] } }`),
      'attributes must be a mapping of eduPersonTargetedID, ',
    ],
    [withProviders(`{ ${BY_HAND}, identifiedBy: [mail] }`), 'identifiedBy must be a list of eduPersonTargetedID'],
    [withProviders(`{ ${BY_HAND}, attributes: { mail: x } }`), 'attributes must be a mapping of'],
    [withProviders(`{ ${BY_HAND}, secondFactorContexts: [mfa] }`), 'secondFactorContexts must be a list of URIs'],
    [withProviders(`{ ${BY_HAND.replace('both.crt', 'text')} }`), 'certificates[0] names'],
  ] as const)
    it(`refuse what says: ${fault}`, () => expect(faultsOf(yaml)).toContain(fault));

  it('never show a key that cannot be used', () => {
    writeFileSync(join(folder, 'broken.key'), SP_NEW_KEY.privateKey.replace('MII', 'MIJ'));
    const faults = faultsOf(key('DIR/broken.key', 'DIR/sp.crt'));
    expect(faults).toContain('saml.keys[0].privateKey names');
    expect(faults).not.toContain(SP_NEW_KEY.privateKey.split('\n')[2] ?? 'x');
  });
});
