import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Type, plainToInstance } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsIP,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Min,
  ValidateNested,
  type ValidationError,
  validateSync,
} from 'class-validator';
import { parseDocument } from 'yaml';
import { parseScope } from '#domain/scope.js';
import { parseDurationMs } from './duration.js';
import { LOG_LEVELS, type LogLevel } from './log.js';
import { MailEntry } from './mail-settings.js';
import { isLoopback, isWebUrl, must } from './setting-rules.js';
import { AuditEntry } from './audit-settings.js';
import { SamlEntry } from './saml/saml-entry.js';
import { ThrottlingEntry } from './throttling-settings.js';
import { TracingEntry } from './tracing-settings.js';

const isOrigin = (text: unknown) => isWebUrl(text) && new URL(text).origin === text;
const isDuration = (text: unknown) => typeof text === 'string' && parseDurationMs(text) !== null;
const isScope = (text: unknown) => {
  try {
    return typeof text === 'string' && parseScope(text).segments.length > 0;
  } catch {
    return false;
  }
};

export class LoginServiceEntry {
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'must be 1 to 64 letters, digits, - or _' })
  name: string;

  @must('isWebUrl', 'an http or https address', isWebUrl)
  endpoint: string;

  @IsOptional()
  @IsIn(['WEB', 'APPLICATION'], { message: 'must be WEB or APPLICATION' })
  mode?: 'WEB' | 'APPLICATION';

  @IsOptional()
  @must('isDuration', 'a duration such as 30d, 10m or 45s', isDuration)
  refreshTokenExpiresAfter?: string;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  rotate?: boolean;
}

export class TokenExtensionEntry {
  @IsString({ message: 'must be the name of a service' })
  service: string;

  @IsArray({ message: 'must be a list of scopes' })
  @must('isScope', 'scopes such as files:read', isScope, true)
  scopes: string[];
}

export class CallersEntry {
  @IsArray({ message: 'must be a list of names' })
  @IsString({ each: true, message: 'must be a list of names' })
  callers: string[];
}

/** An address to which the first digits of a hash are appended; only on this machine without TLS. */
const isRangeUrl = (text: unknown) =>
  isWebUrl(text) && text.endsWith('/') && (text.startsWith('https:') || isLoopback(new URL(text).hostname));

/** A source of passwords that are known from breaches (SEC-06). */
export class BreachedPasswordsEntry {
  @must('isRangeUrl', 'an https address that ends with /, such as https://api.pwnedpasswords.com/range/', isRangeUrl)
  rangeUrl: string;
}

const FACTOR = { message: 'must be required or optional' };

export class SecondFactorEntry {
  @IsOptional()
  @IsIn(['required', 'optional'], FACTOR)
  provisionedUsers?: 'required' | 'optional';

  @IsOptional()
  @IsIn(['required', 'optional'], FACTOR)
  registeredUsers?: 'required' | 'optional';

  @IsOptional()
  @IsIn(['required', 'optional'], FACTOR)
  federatedUsers?: 'required' | 'optional';
}

export class ServiceLicenseAgreementEntry {
  @IsInt({ message: 'must be a whole number' })
  @Min(0, { message: 'must not be negative' })
  version: number;

  @IsString({ message: 'must be text' })
  text: string;
}

export class OperationsEntry {
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  docs?: boolean;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  metrics?: boolean;
}

export class LogEntry {
  @IsOptional()
  @IsIn(LOG_LEVELS, { message: `must be one of ${LOG_LEVELS.join(', ')}` })
  level?: LogLevel;
}

/** The YAML file named by AUTHLOG_CONFIG (design §7). Every key is optional; an unknown one is refused. */
export class ConfigurationFile {
  @IsOptional()
  @IsArray({ message: 'must be a list' })
  @ValidateNested({ each: true })
  @Type(() => LoginServiceEntry)
  loginServices?: LoginServiceEntry[];

  @IsOptional()
  @IsArray({ message: 'must be a list' })
  @must('isOrigin', 'origins such as https://example.org, without a path', isOrigin, true)
  trustedOrigins?: string[];

  @IsOptional()
  @IsArray({ message: 'must be a list' })
  @ValidateNested({ each: true })
  @Type(() => TokenExtensionEntry)
  tokenExtension?: TokenExtensionEntry[];

  @IsOptional()
  @ValidateNested()
  @Type(() => BreachedPasswordsEntry)
  breachedPasswords?: BreachedPasswordsEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => CallersEntry)
  passwordReset?: CallersEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => CallersEntry)
  userImport?: CallersEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => CallersEntry)
  userIterator?: CallersEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => SecondFactorEntry)
  secondFactor?: SecondFactorEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => ServiceLicenseAgreementEntry)
  serviceLicenseAgreement?: ServiceLicenseAgreementEntry;

  @IsOptional()
  @IsArray({ message: 'must be a list' })
  @IsIP(undefined, { each: true, message: 'must be a list of IP addresses' })
  trustedProxies?: string[];

  @IsOptional()
  @ValidateNested()
  @Type(() => ThrottlingEntry)
  throttling?: ThrottlingEntry;

  /** Who may see the API description and the metrics; by default only where the service listens on loopback (SEC-137). */
  @IsOptional()
  @ValidateNested()
  @Type(() => OperationsEntry)
  operations?: OperationsEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => MailEntry)
  mail?: MailEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => AuditEntry)
  audit?: AuditEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => LogEntry)
  log?: LogEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => TracingEntry)
  tracing?: TracingEntry;

  @IsOptional()
  @IsObject({ message: 'must be a mapping' })
  @ValidateNested()
  @Type(() => SamlEntry)
  saml?: SamlEntry;
}

/** Reads and checks the file; every fault with its path. */
export function readConfigurationFile(path: string): { configuration: ConfigurationFile; faults: readonly string[] } {
  const nothing = new ConfigurationFile();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { configuration: nothing, faults: [`AUTHLOG_CONFIG names ${path}, which cannot be read`] };
  }
  const document = parseDocument(text);
  const [syntaxError] = document.errors;
  if (syntaxError !== undefined)
    return { configuration: nothing, faults: [`${path} is no valid YAML: ${syntaxError.message.split('\n')[0]}`] };
  let content: unknown;
  try {
    content = document.toJS() ?? {};
  } catch (error) {
    return { configuration: nothing, faults: [`${path} is no valid YAML: ${String(error).split('\n')[0]}`] };
  }
  if (typeof content !== 'object' || Array.isArray(content))
    return { configuration: nothing, faults: [`${path} must be a mapping of settings`] };
  const configuration = plainToInstance(ConfigurationFile, withoutEmptySaml(content));
  const errors = validateSync(configuration, { whitelist: true, forbidNonWhitelisted: true });
  const faults = [...errors.flatMap((error) => describe(error)), ...contradictions(configuration)];
  return { configuration, faults: faults.map((fault) => `${path}: ${fault}`) };
}

function describe({ property, constraints, children }: ValidationError, above = ''): string[] {
  const path = /^[0-9]+$/.test(property) ? `${above}[${property}]` : above === '' ? property : `${above}.${property}`;
  const own = Object.entries(constraints ?? {}).map(([rule, message]) =>
    rule === 'whitelistValidation' ? `${path} is not a known setting` : `${path} ${message}`,
  );
  return [...own.slice(0, 1), ...(children ?? []).flatMap((child) => describe(child, path))];
}

function contradictions({ loginServices = [] }: ConfigurationFile): string[] {
  const names = Array.isArray(loginServices) ? loginServices.map((entry) => entry?.name) : [];
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  return repeated === undefined ? [] : [`loginServices names ${repeated} twice`];
}

/** `saml: {}` is as good as none. */
function withoutEmptySaml(content: object | null): object {
  const { saml, ...others } = { saml: undefined, ...content };
  return typeof saml === 'object' && Object.keys(saml ?? {}).length === 0 ? others : { saml, ...others };
}
