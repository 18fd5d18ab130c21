import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Refused } from '#domain/refused.js';
import type { SecondFactorPolicy } from '#domain/second-factor/requirement.js';
import type { LoginService } from '#domain/session/session-limits.js';
import {
  MAX_PASSWORD_LENGTH,
  MIN_LENGTH_WITH_SECOND_FACTOR,
  demandPasswordLength,
} from '#domain/user/password-policy.js';
import type { PostgresServer } from '#database/place.js';
import { demandUsername } from '#domain/user/username.js';
import { type Connection, parseConnectionString } from '#event-store/eventstoredb/connection-string.js';
import { splitRefreshToken } from '#tokens/refresh-token.js';
import { type MasterKey, parseMasterKey } from '#vault/master-key.js';
import { AuditEntry, type AuditSettings, auditSettings } from './audit-settings.js';
import { ConfigurationFile, readConfigurationFile } from './configuration-file.js';
import { parseDatabaseAddress } from './database-setting.js';
import { parseDurationMs } from './duration.js';
import type { LogLevel } from './log.js';
import { MailEntry, type MailSettings, mailSettings } from './mail-settings.js';
import { type SamlSettings, samlSettings } from './saml/saml-settings.js';
import { isLoopback, isWebUrl } from './setting-rules.js';
import { ThrottlingEntry, type ThrottlingSettings, throttlingSettings } from './throttling-settings.js';
import { type TracingSettings, tracingSettings } from './tracing-settings.js';

/** A login service, with what only surfaces need to know of it. */
export interface ConfiguredLoginService extends LoginService {
  /** Where browsers are sent after the login: the only redirect target there is. */
  readonly endpoint: string;
  /** WEB: the refresh token goes into a cookie only. APPLICATION: into the JSON answer, too. */
  readonly mode: 'WEB' | 'APPLICATION';
}

/** Everything that can be set (design §7), checked once and never changed. A class, so that it can be injected. */
export abstract class Settings {
  abstract readonly host: string;
  /** 0: any free port. */
  abstract readonly port: number;
  /** Without a slash at its end; the issuer of tokens. */
  abstract readonly publicUrl: string;
  /** How to reach the EventStoreDB that has the log; null: a file in `data`. */
  abstract readonly eventStore: Connection | null;
  /** The PostgreSQL database of vault, read models and budgets; null: files in `data`. */
  abstract readonly database: PostgresServer | null;
  /** The folder of the SQLite files and of generated keys. */
  abstract readonly data: string;
  /** Null: generated into the data folder. */
  abstract readonly masterKey: MasterKey | null;
  abstract readonly projector: 'embedded' | 'external';
  /** Where a projector of its own answers questions about itself; null: nowhere. */
  abstract readonly projectorPort: number | null;
  /** The first administrator; null for a random password. */
  abstract readonly administrator: { readonly username: string; readonly password: string | null };
  /** The refresh token of `_bootstrap`; null for no such service. */
  abstract readonly serviceToken: string | null;
  abstract readonly loginServices: ReadonlyMap<string, ConfiguredLoginService>;
  abstract readonly trustedOrigins: ReadonlySet<string>;
  /** By the name of a service: the scopes it may extend tokens with. */
  abstract readonly tokenExtension: ReadonlyMap<string, readonly string[]>;
  /** The names of the services that may give users another password, */
  abstract readonly passwordResetCallers: ReadonlySet<string>;
  /** of those that may bring in users with the hashes of their passwords, */
  abstract readonly userImportCallers: ReadonlySet<string>;
  /** and of the principals that may walk over all users. */
  abstract readonly userIteratorCallers: ReadonlySet<string>;
  /** What people accept before they go on; version 0: nothing. */
  abstract readonly serviceLicenseAgreement: { readonly version: number; readonly text: string };
  abstract readonly secondFactor: SecondFactorPolicy;
  /** Whom to ask about passwords from breaches; null: nobody. */
  abstract readonly breachedPasswords: { readonly rangeUrl: string } | null;
  abstract readonly mail: MailSettings;
  abstract readonly audit: AuditSettings;
  /** Null: nobody logs in through an identity provider. */
  abstract readonly saml: SamlSettings | null;
  abstract readonly trustedProxies: readonly string[];
  abstract readonly throttling: ThrottlingSettings;
  /** What is served to everyone who can reach the port. */
  abstract readonly operations: { readonly docs: boolean; readonly metrics: boolean };
  /** Until SIGUSR2. */
  abstract readonly log: { readonly level: LogLevel };
  /** Null: nothing is traced. */
  abstract readonly tracing: TracingSettings | null;
  /** What is allowed, but hardly meant; said in the log at every start. */
  abstract readonly warnings: readonly string[];
}

/** The settings are wrong; the message names every fault, in one line. */
export class SettingsInvalid extends Error {
  override readonly name = 'SettingsInvalid';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What has secrets, or may have some, can also be in a file that `AUTHLOG_<name>_FILE` names (SEC-151). */
const FROM_FILE: ReadonlySet<string> = new Set([
  'EVENT_STORE',
  'DATABASE',
  'MASTER_KEY',
  'ADMIN_PASSWORD',
  'SERVICE_TOKEN',
]);

/** Every variable there is; each is described in docs/operations.md. */
export const KNOWN_SETTINGS: ReadonlySet<string> = new Set(
  [
    'PORT',
    'HOST',
    'PUBLIC_URL',
    'DATA',
    'EVENT_STORE',
    'DATABASE',
    'MASTER_KEY',
    'ADMIN_USERNAME',
    'ADMIN_PASSWORD',
    'SERVICE_TOKEN',
    'CONFIG',
    'PROJECTOR',
    'PROJECTOR_PORT',
    ...[...FROM_FILE].map((name) => `${name}_FILE`),
  ].map((name) => `AUTHLOG_${name}`),
);
/** Settings of the tests; see CONTRIBUTING.md. */
const TEST_PREFIX = 'AUTHLOG_TEST_';

const DEFAULT_PORT = 8_080;
const MAX_PORT = 65_535;
const THIRTY_DAYS_MS = 2_592_000_000;

/** @throws SettingsInvalid */
export function readSettings(environment: Environment): Settings {
  const faults: string[] = [];
  const refuse = (name: string, why: string) => faults.push(`AUTHLOG_${name} ${why}`);
  const given = (name: string) => environment[`AUTHLOG_${name}`] || null;
  const files = new Map([...FROM_FILE].map((name) => [name, contentOf(name, given, refuse)]));
  const read = (name: string) => given(name) ?? files.get(name) ?? null;

  for (const name of Object.keys(environment))
    if (name.startsWith('AUTHLOG_') && !name.startsWith(TEST_PREFIX) && !KNOWN_SETTINGS.has(name))
      faults.push(`${name} is not a known setting`);

  const portOf = (name: string, text: string) => {
    if (/^[0-9]{1,5}$/.test(text) && Number(text) <= MAX_PORT) return Number(text);
    refuse(name, `must be a port from 0 to ${MAX_PORT}`);
    return null;
  };
  const port = portOf('PORT', read('PORT') ?? String(DEFAULT_PORT));
  const projectorPortText = read('PROJECTOR_PORT');
  const projectorPort = projectorPortText === null ? null : portOf('PROJECTOR_PORT', projectorPortText);

  const publicUrl = (
    read('PUBLIC_URL') ?? `http://localhost:${port === null || port === 0 ? DEFAULT_PORT : port}`
  ).replace(/\/$/, '');
  if (!isWebUrl(publicUrl) || new URL(publicUrl).search !== '' || new URL(publicUrl).hash !== '')
    refuse('PUBLIC_URL', 'must be an http or https address such as https://auth.example.org');

  const eventStoreText = read('EVENT_STORE');
  const eventStore = attempt(eventStoreText === 'sqlite' ? null : eventStoreText, parseConnectionString, (why) =>
    refuse('EVENT_STORE', `must be sqlite or a connection string that can be used: ${why}`),
  );
  const databaseText = read('DATABASE') ?? 'sqlite';
  const database = attempt(databaseText === 'sqlite' ? null : databaseText, parseDatabaseAddress, (why) =>
    refuse('DATABASE', `must be sqlite or the address of a PostgreSQL database that can be used: ${why}`),
  );

  const projector = read('PROJECTOR') ?? 'embedded';
  if (projector !== 'embedded' && projector !== 'external') refuse('PROJECTOR', 'must be embedded or external');

  const masterKey = attempt(read('MASTER_KEY'), parseMasterKey, (why) =>
    refuse('MASTER_KEY', `cannot be used: ${why}`),
  );
  // A key in the data folder of one machine is not there on the next one, and what it wraps would be lost with the folder.
  if (databaseText !== 'sqlite' && read('MASTER_KEY') === null)
    refuse('MASTER_KEY', 'must be set where AUTHLOG_DATABASE is not sqlite, for example from: openssl rand -base64 32');

  const password = read('ADMIN_PASSWORD');
  attempt(
    password,
    (chosen) => demandPasswordLength(chosen, MIN_LENGTH_WITH_SECOND_FACTOR),
    () => refuse('ADMIN_PASSWORD', `must have ${MIN_LENGTH_WITH_SECOND_FACTOR} to ${MAX_PASSWORD_LENGTH} characters`),
  );
  const username = read('ADMIN_USERNAME') ?? 'admin';
  attempt(
    username,
    (name) => demandUsername(name, 'password'),
    (why) => refuse('ADMIN_USERNAME', `cannot be used: ${why}`),
  );

  const serviceToken = read('SERVICE_TOKEN');
  if (serviceToken !== null && splitRefreshToken(serviceToken) === null)
    refuse('SERVICE_TOKEN', 'must be <uuid>.<at least 32 characters>, the uuid in lower case');

  const configPath = read('CONFIG');
  const { configuration, faults: more } =
    configPath === null ? { configuration: new ConfigurationFile(), faults: [] } : readConfigurationFile(configPath);
  faults.push(...more);
  // What the entry means is only asked once each part of it has the right form.
  const saml =
    !configuration.saml || more.length > 0
      ? null
      : samlSettings(configuration.saml, publicUrl, (path, why) => faults.push(`${configPath}: ${path} ${why}`));

  if (faults.length > 0) throw new SettingsInvalid(faults.join('; '));

  const host = read('HOST') ?? '127.0.0.1';
  const isPrivate = isLoopback(host);
  const settings: Settings = {
    host,
    port: port ?? DEFAULT_PORT,
    publicUrl,
    eventStore,
    database,
    data: resolve(read('DATA') ?? './data'),
    masterKey,
    projector: projector === 'external' ? 'external' : 'embedded',
    projectorPort,
    administrator: { username, password },
    serviceToken,
    loginServices: loginServices(configuration, publicUrl),
    trustedOrigins: new Set(configuration.trustedOrigins ?? [new URL(publicUrl).origin]),
    tokenExtension: tokenExtension(configuration),
    passwordResetCallers: new Set(configuration.passwordReset?.callers ?? ['_password-reset']),
    userImportCallers: new Set(configuration.userImport?.callers),
    userIteratorCallers: new Set(configuration.userIterator?.callers ?? ['_bootstrap']),
    serviceLicenseAgreement: configuration.serviceLicenseAgreement ?? { version: 0, text: '' },
    secondFactor: {
      provisionedUsers: configuration.secondFactor?.provisionedUsers ?? 'required',
      registeredUsers: configuration.secondFactor?.registeredUsers ?? 'optional',
      federatedUsers: configuration.secondFactor?.federatedUsers ?? 'optional',
    },
    breachedPasswords: configuration.breachedPasswords ?? null,
    mail: mailSettings(configuration.mail ?? new MailEntry(), publicUrl),
    audit: auditSettings(configuration.audit ?? new AuditEntry()),
    saml,
    trustedProxies: configuration.trustedProxies ?? [],
    throttling: throttlingSettings(configuration.throttling ?? new ThrottlingEntry()),
    operations: {
      docs: configuration.operations?.docs ?? isPrivate,
      metrics: configuration.operations?.metrics ?? isPrivate,
    },
    log: { level: configuration.log?.level ?? 'info' },
    tracing: tracingSettings(configuration.tracing ?? undefined),
    warnings: warningsOf(publicUrl),
  };
  return Object.freeze(settings);
}

/** What the file of a setting says, without the end of its last line; null if there is no file, or a fault. */
function contentOf(
  name: string,
  given: (name: string) => string | null,
  refuse: (name: string, why: string) => void,
): string | null {
  const variable = `${name}_FILE`;
  const path = given(variable);
  if (path === null) return null;
  if (given(name) !== null) {
    refuse(variable, `and AUTHLOG_${name} are both set: keep one of them`);
    return null;
  }
  try {
    const content = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (content !== '') return content;
    refuse(variable, `names ${path}, which is empty`);
  } catch {
    refuse(variable, `names ${path}, which cannot be read`);
  }
  return null;
}

function warningsOf(publicUrl: string): string[] {
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol === 'https:' || isLoopback(hostname)) return [];
  return ['AUTHLOG_PUBLIC_URL is not https: refresh tokens and cookies can be read on their way'];
}

/** What is made of a text, if there is one and it can be made. */
function attempt<Value>(
  text: string | null,
  make: (text: string) => Value,
  refuse: (why: string) => void,
): Value | null {
  try {
    return text === null ? null : make(text);
  } catch (error) {
    const explanation = error instanceof Refused ? error.explanation : undefined;
    refuse(explanation ?? (error instanceof Error ? error.message : String(error)));
    return null;
  }
}

function loginServices(configuration: ConfigurationFile, publicUrl: string): Map<string, ConfiguredLoginService> {
  const endpoint = `${publicUrl}/account`;
  const defaults: ConfigurationFile['loginServices'] = [
    { name: 'web', endpoint, mode: 'WEB', rotate: true },
    { name: 'cli', endpoint, mode: 'APPLICATION' },
  ];
  const entries = configuration.loginServices ?? defaults;
  return new Map(
    entries.map(({ name, endpoint: target, mode = 'WEB', rotate = mode === 'WEB', refreshTokenExpiresAfter }) => {
      const expiresAfter = parseDurationMs(refreshTokenExpiresAfter ?? '');
      const refreshTokenExpiresAfterMs = expiresAfter ?? THIRTY_DAYS_MS;
      return [name, { name, endpoint: target, mode, rotates: rotate, refreshTokenExpiresAfterMs }];
    }),
  );
}

/** Several entries of one service add up (ucloud-users-api §10.8). */
function tokenExtension({ tokenExtension: entries = [] }: ConfigurationFile): Map<string, readonly string[]> {
  const allowed = new Map<string, readonly string[]>();
  for (const { service, scopes } of entries) allowed.set(service, [...(allowed.get(service) ?? []), ...scopes]);
  return allowed;
}
