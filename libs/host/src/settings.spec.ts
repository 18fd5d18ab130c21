import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SettingsInvalid, readSettings } from './settings.js';

const faultsOf = (environment: Record<string, string>): string => {
  try {
    readSettings(environment);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsInvalid);
    return (error as Error).message;
  }
};

describe('the settings of the environment', () => {
  it('have the defaults of design §7', () =>
    expect(readSettings({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      publicUrl: 'http://localhost:8080',
      masterKey: null,
      projector: 'embedded',
      projectorPort: null,
      administrator: { username: 'admin', password: null },
      serviceToken: null,
      trustedOrigins: new Set(['http://localhost:8080']),
      tokenExtension: new Map(),
      trustedProxies: [],
      throttling: { addressFailures: 100, networkFailures: 1_000, serviceFailures: 10_000, windowMs: 900_000 },
      operations: { docs: true, metrics: true },
      log: { level: 'info' },
      tracing: null,
      audit: { sink: { file: null, url: null } },
      saml: null,
      loginServices: new Map([
        [
          'web',
          {
            name: 'web',
            endpoint: 'http://localhost:8080/account',
            mode: 'WEB',
            rotates: true,
            refreshTokenExpiresAfterMs: 2_592_000_000,
          },
        ],
        [
          'cli',
          {
            name: 'cli',
            endpoint: 'http://localhost:8080/account',
            mode: 'APPLICATION',
            rotates: false,
            refreshTokenExpiresAfterMs: 2_592_000_000,
          },
        ],
      ]),
    }));

  it('follow from one another', () => {
    expect(readSettings({ AUTHLOG_PORT: '9000' }).publicUrl).toBe('http://localhost:9000');
    const { publicUrl, trustedOrigins } = readSettings({ AUTHLOG_PUBLIC_URL: 'https://auth.example.org/sso/' });
    expect([publicUrl, [...trustedOrigins]]).toEqual(['https://auth.example.org/sso', ['https://auth.example.org']]);
    expect(readSettings({ AUTHLOG_HOST: '0.0.0.0' }).operations).toEqual({ docs: false, metrics: false });
  });

  it('count as left out when they are empty', () => expect(readSettings({ AUTHLOG_PORT: '' }).port).toBe(8080));

  for (const [name, value, fault] of [
    ['AUTHLOG_PROT', '8080', 'AUTHLOG_PROT is not a known setting'],
    ['AUTHLOG_PORT', 'http', 'AUTHLOG_PORT must be a port from 0 to 65535'],
    ['AUTHLOG_PORT', '65536', 'AUTHLOG_PORT must be a port'],
    ['AUTHLOG_PUBLIC_URL', 'auth.example.org', 'AUTHLOG_PUBLIC_URL must be an http or https address'],
    ['AUTHLOG_PUBLIC_URL', 'https://x:y@auth.example.org', 'AUTHLOG_PUBLIC_URL must be'],
    ['AUTHLOG_PUBLIC_URL', 'https://auth.example.org/?x', 'AUTHLOG_PUBLIC_URL must be'],
    ['AUTHLOG_EVENT_STORE', 'esdb://localhost', 'AUTHLOG_EVENT_STORE must be sqlite'],
    [
      'AUTHLOG_DATABASE',
      'postgres://localhost',
      'AUTHLOG_DATABASE must be sqlite or the address of a PostgreSQL database',
    ],
    [
      'AUTHLOG_DATABASE',
      'postgres://u:p@localhost/x',
      'AUTHLOG_MASTER_KEY must be set where AUTHLOG_DATABASE is not sqlite',
    ],
    ['AUTHLOG_PROJECTOR', 'none', 'AUTHLOG_PROJECTOR must be embedded or external'],
    ['AUTHLOG_PROJECTOR_PORT', '80800', 'AUTHLOG_PROJECTOR_PORT must be a port from 0 to 65535'],
    ['AUTHLOG_MASTER_KEY', 'short', 'AUTHLOG_MASTER_KEY cannot be used: it must be 32 random bytes'],
    ['AUTHLOG_ADMIN_PASSWORD', '1234567', 'AUTHLOG_ADMIN_PASSWORD must have 8 to 256 characters'],
    ['AUTHLOG_ADMIN_PASSWORD', 'x'.repeat(257), 'AUTHLOG_ADMIN_PASSWORD must have 8 to 256 characters'],
    ['AUTHLOG_ADMIN_USERNAME', '_admin', 'AUTHLOG_ADMIN_USERNAME cannot be used: Only the names of services'],
    ['AUTHLOG_SERVICE_TOKEN', 'x.y', 'AUTHLOG_SERVICE_TOKEN must be <uuid>.<at least 32 characters>'],
    ['AUTHLOG_CONFIG', '/nowhere.yaml', 'AUTHLOG_CONFIG names /nowhere.yaml, which cannot be read'],
  ] as const)
    it(`refuse ${name}=${value}, and never repeat a secret`, () => {
      const faults = faultsOf({ [name]: value });
      expect(faults).toContain(fault);
      if (/PASSWORD|TOKEN|KEY/.test(name)) expect(faults).not.toContain(value);
    });

  it('name all faults in one line', () =>
    expect(faultsOf({ AUTHLOG_PORT: 'x', AUTHLOG_PROJECTOR: 'y' })).toMatch(
      /^AUTHLOG_PORT [^\n]+; AUTHLOG_PROJECTOR [^\n]+$/,
    ));

  it('warn of a public address without TLS (SEC-149)', () => {
    const warningsOf = (url: string) => readSettings({ AUTHLOG_PUBLIC_URL: url }).warnings;
    expect(warningsOf('http://auth.example.org')).toEqual([expect.stringContaining('AUTHLOG_PUBLIC_URL is not https')]);
    expect([...warningsOf('https://auth.example.org'), ...warningsOf('http://127.0.0.1:8080')]).toEqual([]);
  });

  it('leave those of the tests alone', () => expect(faultsOf({ AUTHLOG_TEST_ESDB: 'esdb://x' })).toBe(''));
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'authlog-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('settings whose values are in files', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64');
  const token = '5b0c6a3e-9c1f-4f0a-8d7e-1a2b3c4d5e6f.a-secret-that-only-the-tests-know';
  const fileWith = (content: string) => {
    const path = join(folder, `secret-${content.length}`);
    writeFileSync(path, content);
    return path;
  };

  it('are read without the end of the last line', () => {
    const settings = readSettings({
      AUTHLOG_EVENT_STORE_FILE: fileWith('esdb://log.example.org:2113?tls=false\n'),
      AUTHLOG_DATABASE_FILE: fileWith('sqlite'),
      AUTHLOG_MASTER_KEY_FILE: fileWith(`${key}\r\n`),
      AUTHLOG_ADMIN_PASSWORD_FILE: fileWith(' a password with blanks around \n'),
      AUTHLOG_SERVICE_TOKEN_FILE: fileWith(token),
    });
    expect(settings).toMatchObject({
      eventStore: { nodes: { endpoint: { address: 'log.example.org', port: 2113 } } },
      administrator: { password: ' a password with blanks around ' },
      serviceToken: token,
    });
    expect(settings.masterKey).toEqual(readSettings({ AUTHLOG_MASTER_KEY: key }).masterKey);
  });

  it('lose one end of line only', () =>
    expect(readSettings({ AUTHLOG_ADMIN_PASSWORD_FILE: fileWith('two lines end here\n\n') }).administrator).toEqual({
      username: 'admin',
      password: 'two lines end here\n',
    }));

  it('are refused where they are given twice, cannot be read or are empty', () => {
    const path = fileWith(key);
    expect(faultsOf({ AUTHLOG_MASTER_KEY: key, AUTHLOG_MASTER_KEY_FILE: path })).toBe(
      'AUTHLOG_MASTER_KEY_FILE and AUTHLOG_MASTER_KEY are both set: keep one of them',
    );
    expect(faultsOf({ AUTHLOG_DATABASE_FILE: '/nowhere/url' })).toBe(
      'AUTHLOG_DATABASE_FILE names /nowhere/url, which cannot be read',
    );
    expect(faultsOf({ AUTHLOG_SERVICE_TOKEN_FILE: folder })).toBe(
      `AUTHLOG_SERVICE_TOKEN_FILE names ${folder}, which cannot be read`,
    );
    const empty = fileWith('\n');
    expect(faultsOf({ AUTHLOG_ADMIN_PASSWORD_FILE: empty })).toBe(
      `AUTHLOG_ADMIN_PASSWORD_FILE names ${empty}, which is empty`,
    );
  });

  it('are held to the same rules, and never repeated (SEC-151)', () => {
    for (const [name, secret] of [
      ['MASTER_KEY', 'no key of 32 bytes'],
      ['ADMIN_PASSWORD', 'short'],
      ['SERVICE_TOKEN', 'no token of ours'],
      ['EVENT_STORE', 'esdb://ada:hunter2hunter2@:x'],
      ['DATABASE', 'postgres://ada:hunter2hunter2@:x'],
    ] as const) {
      const faults = faultsOf({ [`AUTHLOG_${name}_FILE`]: fileWith(secret) });
      expect(faults).toContain(`AUTHLOG_${name} `);
      expect(faults).not.toMatch(new RegExp(`${secret}|hunter2`));
    }
  });

  it('are no others than those that may have secrets', () =>
    expect(faultsOf({ AUTHLOG_PORT_FILE: '/x' })).toBe('AUTHLOG_PORT_FILE is not a known setting'));
});

describe('the settings of the file', () => {
  const withFile = (yaml: string) => {
    const path = join(folder, 'authlog.yaml');
    writeFileSync(path, yaml);
    return { AUTHLOG_CONFIG: path };
  };

  it('may be all of design §7', () => {
    const settings = readSettings(
      withFile(`
loginServices:
  - name: portal
    endpoint: https://portal.example.org/in
    mode: APPLICATION
    refreshTokenExpiresAfter: 12h
    rotate: true
trustedOrigins: [https://portal.example.org]
tokenExtension:
  - service: _share
    scopes: [files:read]
  - service: _share
    scopes: [jobs:read]
passwordReset: { callers: [_password-reset] }
userImport: { callers: [_migration] }
userIterator: { callers: [_bootstrap] }
secondFactor: { provisionedUsers: required, registeredUsers: optional, federatedUsers: required }
serviceLicenseAgreement: { version: 0, text: "" }
trustedProxies: [10.0.0.1, "::1"]
throttling: { address: { failures: 50 }, network: { failures: 200 }, service: { failures: 5000 }, window: 1h }
operations: { docs: false, metrics: true }
log: { level: warn }
tracing: { endpoint: "https://collector.example.org/v1/traces", sampling: 0.1 }
audit: { sink: { file: /mnt/archive/heads.ndjson, url: "https://archive.example.org/heads?key=1" } }
saml: {}
`),
    );
    expect(settings).toMatchObject({
      loginServices: new Map([
        [
          'portal',
          {
            name: 'portal',
            endpoint: 'https://portal.example.org/in',
            mode: 'APPLICATION',
            rotates: true,
            refreshTokenExpiresAfterMs: 43_200_000,
          },
        ],
      ]),
      tokenExtension: new Map([['_share', ['files:read', 'jobs:read']]]),
      userImportCallers: new Set(['_migration']),
      trustedProxies: ['10.0.0.1', '::1'],
      throttling: { addressFailures: 50, networkFailures: 200, serviceFailures: 5_000, windowMs: 3_600_000 },
      operations: { docs: false, metrics: true },
      log: { level: 'warn' },
      tracing: { endpoint: 'https://collector.example.org/v1/traces', sampling: 0.1 },
      audit: { sink: { file: '/mnt/archive/heads.ndjson', url: 'https://archive.example.org/heads?key=1' } },
    });
  });

  it('may be nothing', () => {
    expect(readSettings(withFile('')).loginServices.size).toBe(2);
    expect(readSettings(withFile('throttling:')).throttling).toEqual(readSettings({}).throttling);
    expect(readSettings(withFile('throttling: { address:, window: 1m }')).throttling).toEqual({
      ...readSettings({}).throttling,
      windowMs: 60_000,
    });
  });

  it('ask nobody for a second factor, unless it is said, but whom an administrator registers', () => {
    const asked = (yaml: string) => readSettings(withFile(yaml)).secondFactor;
    const usual = { provisionedUsers: 'required', registeredUsers: 'optional', federatedUsers: 'optional' };
    expect(asked('')).toEqual(usual);
    expect(asked('secondFactor: { federatedUsers: required }')).toEqual({ ...usual, federatedUsers: 'required' });
  });

  it('let nobody bring in users before somebody is named', () =>
    expect(readSettings(withFile('')).userImportCallers.size).toBe(0));

  for (const [yaml, fault] of [
    ['loginService: []', 'loginService is not a known setting'],
    [
      'loginServices: [{ name: x, endpoint: "https://x", colour: red }]',
      'loginServices[0].colour is not a known setting',
    ],
    [
      'loginServices: [{ name: x, endpoint: "javascript:alert(1)" }]',
      'loginServices[0].endpoint must be an http or https address',
    ],
    [
      'loginServices: [{ name: x, endpoint: "https://x", mode: BOTH }]',
      'loginServices[0].mode must be WEB or APPLICATION',
    ],
    [
      'loginServices: [{ name: x, endpoint: "https://x", refreshTokenExpiresAfter: 30 }]',
      'loginServices[0].refreshTokenExpiresAfter must be a duration such as 30d',
    ],
    [
      'loginServices: [{ name: x, endpoint: "https://x" }, { name: x, endpoint: "https://y" }]',
      'loginServices names x twice',
    ],
    ['loginServices: web', 'loginServices must be a list'],
    [
      'trustedOrigins: ["https://x/path"]',
      'trustedOrigins must be origins such as https://example.org, without a path',
    ],
    [
      'tokenExtension: [{ service: _x, scopes: [nonsense] }]',
      'tokenExtension[0].scopes must be scopes such as files:read',
    ],
    ['userImport: { callers: _migration }', 'userImport.callers must be a list of names'],
    ['trustedProxies: [everyone]', 'trustedProxies must be a list of IP addresses'],
    ['secondFactor: { federatedUsers: sometimes }', 'secondFactor.federatedUsers must be required or optional'],
    ['secondFactor: { provisionedUsers: maybe }', 'secondFactor.provisionedUsers must be required or optional'],
    ['breachedPasswords: {}', 'breachedPasswords.rangeUrl must be an https address that ends with /'],
    [
      'breachedPasswords: { rangeUrl: http://example.org/range/ }',
      'breachedPasswords.rangeUrl must be an https address',
    ],
    [
      'breachedPasswords: { rangeUrl: https://example.org/range }',
      'breachedPasswords.rangeUrl must be an https address',
    ],
    ['throttling: { adress: { failures: 1 } }', 'throttling.adress is not a known setting'],
    ['throttling: { address: {} }', 'throttling.address.failures must be a whole number from 1 to 1000000'],
    ['throttling: { address: { failures: 0 } }', 'throttling.address.failures must be a whole number'],
    ['throttling: { network: { failures: 2.5 } }', 'throttling.network.failures must be a whole number'],
    ['throttling: { service: { failures: 1000001 } }', 'throttling.service.failures must be a whole number'],
    ['throttling: { window: 59s }', 'throttling.window must be a duration from 1m to 1d'],
    ['throttling: { window: 25h }', 'throttling.window must be a duration from 1m to 1d'],
    ['throttling: { window: 15 }', 'throttling.window must be a duration from 1m to 1d'],
    ['log: { level: silent }', 'log.level must be one of debug, info, warn, error'],
    ['audit: { sink: { file: heads.ndjson } }', 'audit.sink.file must be the whole path of a file'],
    ['audit: { sink: { url: "http://archive.example.org" } }', 'audit.sink.url must be an https address'],
    ['audit: { heads: here }', 'audit.heads is not a known setting'],
    ['tracing: { sampling: 0.1 }', 'tracing.endpoint must be an https address such as https://'],
    ['tracing: { endpoint: "http://collector.example.org/v1/traces" }', 'tracing.endpoint must be an https address'],
    ['tracing: { endpoint: "https://x", sampling: 1.1 }', 'tracing.sampling must be a number from 0 to 1'],
    ['tracing: { endpoint: "https://x", sampling: all }', 'tracing.sampling must be a number from 0 to 1'],
    ['saml: { entityId: x }', 'saml.entityId must be a URI that stays for good'],
    ['a: [', 'is no valid YAML'],
    ['- a list', 'must be a mapping of settings'],
    ['trustedOrigins: []\ntrustedOrigins: []', 'is no valid YAML'],
  ] as const)
    it(`refuse ${yaml.split('\n')[0]}`, () => expect(faultsOf(withFile(yaml))).toContain(fault));
});
