import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { DCLinter } from 'dclint';
import { Copy, DockerfileParser, type Instruction, JSONInstruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { readConfigurationFile } from '#host/configuration-file.js';
import { KNOWN_SETTINGS, readSettings } from '#host/settings.js';
import { temporaryFolder } from './support/running-process.js';

const path = (name: string) => new URL(`../${name}`, import.meta.url).pathname;
const read = (name: string) => readFileSync(path(name), 'utf8');

interface Package {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
}
const { version, scripts } = JSON.parse(read('package.json')) as Package;

interface Service {
  readonly image?: string;
  readonly restart?: string;
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly volumes?: readonly string[];
  readonly networks?: Readonly<Record<string, { readonly ipv4_address: string }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}
interface Files {
  readonly [name: string]: { readonly file?: string };
}
interface Composition {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Files;
  readonly configs: Files;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** Rules of taste, for which we have our own. */
const NOT_OURS = [
  'no-quotes-in-volumes',
  'service-keys-order',
  'services-alphabetical-order',
  'top-level-properties-order',
];

describe('docker-compose.yml', () => {
  const { services, secrets, configs, volumes } = parse(read('docker-compose.yml'), { merge: true }) as Composition;
  const all = Object.entries(services);
  const ours = all.filter(([, { image }]) => image?.startsWith('authlog:'));

  it('is what the Compose Specification allows, and what its linter likes', () => {
    const rules = Object.fromEntries(NOT_OURS.map((rule) => [rule, 0 as const]));
    const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
    const results: readonly { readonly messages: readonly unknown[] }[] = linter.lintFiles(
      [path('docker-compose.yml')],
      false,
    );
    expect(results.flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('has the services of every profile', () =>
    expect(Object.keys(services).toSorted()).toEqual([
      'auth-api',
      'auth-api-2',
      'kurrentdb',
      'kurrentdb-1',
      'kurrentdb-2',
      'kurrentdb-3',
      'mail',
      'postgres',
      'projector',
      'proxy',
    ]));

  it('pins every image to a version', () => {
    for (const [name, { image = '' }] of all)
      expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d/)]);
    for (const [, { image }] of ours) expect(image).toBe(`authlog:${version}`);
  });

  it('asks every service how it is, and starts it again when it ends', () => {
    for (const [name, service] of all)
      expect([name, service.restart, service.healthcheck?.test?.[0]]).toEqual([name, 'unless-stopped', 'CMD']);
  });

  it('listens for others on no address of the machine', () => {
    const ports = all.flatMap((entry) => entry[1].ports ?? []);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    expect(new Set(ports).size).toBe(ports.length);
  });

  it('gives secrets as files only (SEC-151)', () => {
    for (const [name, { file }] of Object.entries(secrets)) expect(file).toBe(`secrets/${name}`);
    expect(read('.gitignore')).toMatch(/^\/secrets\/$/m);
    for (const [name, { environment = {}, secrets: given = [] }] of all) {
      const files = Object.entries(environment).filter(([variable]) => variable.endsWith('_FILE'));
      expect([name, files.map(([, file]) => file).toSorted()]).toEqual([
        name,
        given.map((secret) => `/run/secrets/${secret}`).toSorted(),
      ]);
      for (const variable of Object.keys(environment)) expect(variable).not.toMatch(/(?:PASSWORD|TOKEN|KEY|DATABASE)$/);
    }
  });

  it('sets what there is to set', () => {
    for (const [name, { environment = {} }] of ours)
      expect([name, Object.keys(environment).filter((variable) => !KNOWN_SETTINGS.has(variable))]).toEqual([name, []]);
    for (const file of ['deploy/cluster.env', 'deploy/scale.env'])
      for (const [, variable = ''] of read(file).matchAll(/^([A-Z_]+)=/gm))
        expect(read('docker-compose.yml')).toContain(`\${${variable}:-`);
  });

  it.each(['default', 'scale', 'cluster'])('starts our programs with settings that they take: %s', (profile) => {
    const folder = temporaryFolder();
    onTestFinished(() => folder.remove());
    execFileSync(process.execPath, [path('deploy/make-secrets.mjs'), folder.path]);
    const variables = profile === 'default' ? {} : parseEnv(read(`deploy/${profile}.env`));
    const inContainer = (value: string | number) =>
      String(value)
        .replace(/\$\{(\w+):-(.*)\}/, (_, name: string, otherwise: string) => variables[name] ?? otherwise)
        .replace('/run/secrets', folder.path)
        .replace('/etc/authlog/authlog.yaml', path('deploy/authlog.yaml'));
    for (const [, { environment = {} }] of ours) {
      const { database, eventStore } = readSettings(
        Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, inContainer(value)])),
      );
      expect(database).toMatchObject({ host: 'postgres', tls: null });
      expect(eventStore).toMatchObject({ tls: null });
    }
  });

  it('names settings that can be read, and the proxy among them (SEC-141)', () => {
    const { configuration, faults } = readConfigurationFile(path(configs['authlog']?.file ?? ''));
    expect(faults).toEqual([]);
    expect(configuration.trustedProxies).toEqual([services['proxy']?.networks?.['default']?.ipv4_address]);
    for (const [, { configs: given, environment }] of ours)
      expect(given?.map(({ target }) => target)).toEqual([environment?.['AUTHLOG_CONFIG']]);
  });

  it('gives our own containers no more rights than they need', () => {
    for (const [name, service] of ours)
      expect([name, service]).toEqual([
        name,
        expect.objectContaining({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] }),
      ]);
  });

  it('keeps what must last in volumes that have names', () => {
    const mounts = all.flatMap((entry) => entry[1].volumes ?? []).map((mount) => mount.split(':')[0] ?? '');
    expect(new Set(mounts)).toEqual(new Set(Object.keys(volumes)));
  });

  it('knows whom it waits for', () => {
    for (const { depends_on: others = {} } of Object.values(services))
      for (const other of Object.keys(others)) expect(services).toHaveProperty(other);
  });
});

describe('the Dockerfile', () => {
  const text = read('Dockerfile');
  const instructions = DockerfileParser.parse(text).getInstructions();
  const named = (keyword: string, of: readonly Instruction[] = instructions) =>
    of.filter((instruction) => instruction.getKeyword() === keyword);
  const argumentsOf = (instruction: Instruction | undefined) => instruction?.getArgumentsContent() ?? '';
  const lastStage = instructions.slice(instructions.lastIndexOf(named('FROM').at(-1) as Instruction));
  const listOf = (keyword: string) => {
    const [instruction] = named(keyword, lastStage);
    return instruction instanceof JSONInstruction
      ? instruction.getJSONStrings().map((part) => part.getJSONValue())
      : [];
  };

  it('is well-formed', () => expect(validate(text)).toEqual([]));

  it('begins every stage with one image of an exact version', () => {
    const [first, ...others] = named('FROM').map(argumentsOf);
    expect(first).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim(?:@sha256:[0-9a-f]{64})? AS base$/);
    for (const other of others) expect(other).toMatch(/^base(?: AS [a-z]+)?$/);
  });

  it('ends in an image without root, with a health check and the signal that is listened to', () => {
    expect(named('USER', lastStage).map(argumentsOf)).toEqual(['1000:1000']);
    expect(named('STOPSIGNAL', lastStage).map(argumentsOf)).toEqual(['SIGTERM']);
    expect(named('HEALTHCHECK', lastStage).map(argumentsOf)).toEqual([
      expect.stringContaining('CMD ["node", "deploy/health.mjs"]'),
    ]);
  });

  it('compiles in a stage that is thrown away', () => {
    expect(named('RUN', lastStage).map(argumentsOf).join()).not.toMatch(/apt-get|npm/);
    expect(text).toContain('npm ci --omit=dev --ignore-scripts');
  });

  it('starts both programs as npm does', () => {
    const start = [...listOf('ENTRYPOINT'), ...listOf('CMD')].join(' ');
    expect(`exec ${start}`).toBe(scripts['start']);
    expect(`exec ${[...listOf('ENTRYPOINT'), 'dist/apps/projector/src/main.js'].join(' ')}`).toBe(
      scripts['start:projector'],
    );
  });

  it('is given everything that it copies, and no data', () => {
    const given = new Set([...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, name]) => name));
    const copied = named('COPY')
      .filter((copy) => copy instanceof Copy && copy.getFromFlag() === null)
      .flatMap((copy) => argumentsOf(copy).split(' ').slice(0, -1));
    expect(new Set(copied)).toEqual(given);
    expect(read('.dockerignore')).toMatch(/^\*$/m);
  });
});
