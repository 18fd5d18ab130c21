import 'reflect-metadata';
import { isAbsolute } from 'node:path';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { type AttributeMap, PLAIN_NAMES } from '#saml/person/attribute-map.js';
import { IDENTIFIER_SOURCES, type IdentifierSource } from '#saml/person/subject-identifier.js';
import { isSecureUrl } from '#saml/secure-url.js';
import { parseDurationMs } from '../duration.js';
import { must } from '../setting-rules.js';

/** The key `saml` of the configuration file, as it is written; what follows from it is in saml-settings.ts. */

const MAX_URI_CHARACTERS = 1_024;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const isFile = (text: unknown) => typeof text === 'string' && isAbsolute(text) && !text.endsWith('/');
/** SAML core §8.3.6. */
const isEntityId = (text: unknown) =>
  typeof text === 'string' && text.length <= MAX_URI_CHARACTERS && /^\S+$/.test(text) && URL.canParse(text);
const isText = (text: unknown) => typeof text === 'string' && /^[^\p{C}\p{Zl}\p{Zp}]{1,500}$/u.test(text);
const isEmail = (text: unknown) => typeof text === 'string' && /^[^\s@<>]{1,64}@[^\s@<>]{1,255}$/.test(text);
const isDomain = (text: unknown) => typeof text === 'string' && /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}$/i.test(text);
const isRefreshTime = (text: unknown) => {
  const ms = typeof text === 'string' ? parseDurationMs(text) : null;
  return ms !== null && ms >= MINUTE_MS && ms <= DAY_MS;
};
/** By the plain name of each that is known. */
const isAttributeMap = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).every(
    ([plainName, names]) =>
      PLAIN_NAMES.some((known) => known === plainName) &&
      Array.isArray(names) &&
      names.length > 0 &&
      names.every((name) => typeof name === 'string' && /^\S{1,256}$/.test(name)),
  );

const FILE = 'the whole path of a file, such as /etc/authlog/saml.crt';
const HTTPS = 'an https address, or an http one on this machine';
const LINE = 'text of one line';
const LIST = { message: 'must be a list' };
const MAPPING = { message: 'must be a mapping' };
const POLICY = { message: 'must be refuse or admit' };

export class SamlKeyEntry {
  @must('isFile', 'the whole path of a file, such as /etc/authlog/saml.key', isFile)
  privateKey: string;

  @must('isFile', FILE, isFile)
  certificate: string;
}

export class LocalisedEntry {
  @must('isText', LINE, isText)
  da: string;

  @must('isText', LINE, isText)
  en: string;
}

export class LocalisedAddressEntry {
  @must('isSecureUrl', HTTPS, isSecureUrl)
  da: string;

  @must('isSecureUrl', HTTPS, isSecureUrl)
  en: string;
}

export class LogoEntry {
  @must('isSecureUrl', HTTPS, isSecureUrl)
  url: string;

  @IsInt({ message: 'must be a number of pixels' })
  @Min(1, { message: 'must be a number of pixels' })
  @Max(4_096, { message: 'must be a number of pixels up to 4096' })
  width: number;

  @IsInt({ message: 'must be a number of pixels' })
  @Min(1, { message: 'must be a number of pixels' })
  @Max(4_096, { message: 'must be a number of pixels up to 4096' })
  height: number;
}

export class SamlServiceEntry {
  @IsObject({ message: 'must have da and en: what people are asked to release their data to' })
  @ValidateNested()
  @Type(() => LocalisedEntry)
  name: LocalisedEntry;

  @IsObject({ message: 'must have da and en: what the data is for' })
  @ValidateNested()
  @Type(() => LocalisedEntry)
  description: LocalisedEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => LocalisedAddressEntry)
  privacyStatement?: LocalisedAddressEntry;

  @IsOptional()
  @ValidateNested()
  @Type(() => LogoEntry)
  logo?: LogoEntry;
}

export class SamlOrganizationEntry {
  @IsObject({ message: 'must have da and en' })
  @ValidateNested()
  @Type(() => LocalisedEntry)
  name: LocalisedEntry;

  @must('isSecureUrl', HTTPS, isSecureUrl)
  url: string;
}

export class SamlContactEntry {
  @IsIn(['technical', 'support'], { message: 'must be technical or support' })
  type: 'technical' | 'support';

  @must('isText', LINE, isText)
  name: string;

  @must('isEmail', 'an e-mail address', isEmail)
  email: string;
}

export class SamlMetadataEntry {
  @IsOptional()
  @must('isSecureUrl', HTTPS, isSecureUrl)
  url?: string;

  @IsOptional()
  @must('isFile', 'the whole path of a file, such as /etc/authlog/idp-metadata.xml', isFile)
  file?: string;

  @IsOptional()
  @must('isFile', FILE, isFile)
  certificate?: string;

  @IsOptional()
  @must('isRefreshTime', 'a duration from 1m to 1d', isRefreshTime)
  refreshEvery?: string;
}

export class InstitutionsEntry {
  @IsOptional()
  @IsArray(LIST)
  @must('isDomain', 'a list of domains such as sdu.dk', isDomain, true)
  allowed?: string[];

  @IsOptional()
  @IsArray(LIST)
  @must('isDomain', 'a list of domains such as sdu.dk', isDomain, true)
  refused?: string[];
}

export class IdentityProviderEntry {
  @Matches(/^[a-z0-9-]{1,32}$/, { message: 'must be 1 to 32 small letters, digits or -' })
  name: string;

  @IsOptional()
  @IsIn(['wayf'], { message: 'must be wayf' })
  preset?: 'wayf';

  @IsOptional()
  @IsObject(MAPPING)
  @ValidateNested()
  @Type(() => SamlMetadataEntry)
  metadata?: SamlMetadataEntry;

  @IsOptional()
  @must('isEntityId', 'a URI such as https://idp.example.org', isEntityId)
  entityId?: string;

  @IsOptional()
  @must('isSecureUrl', HTTPS, isSecureUrl)
  singleSignOnUrl?: string;

  @IsOptional()
  @must('isSecureUrl', HTTPS, isSecureUrl)
  singleLogoutUrl?: string;

  @IsOptional()
  @IsArray(LIST)
  @ArrayNotEmpty({ message: 'must not be empty' })
  @must('isFile', `a list of ${FILE}`, isFile, true)
  certificates?: string[];

  @IsOptional()
  @IsObject(MAPPING)
  @ValidateNested()
  @Type(() => InstitutionsEntry)
  institutions?: InstitutionsEntry;

  @IsOptional()
  @IsIn(['refuse', 'admit'], POLICY)
  selfRegistered?: 'refuse' | 'admit';

  @IsOptional()
  @IsIn(['refuse', 'admit'], POLICY)
  nemLogIn?: 'refuse' | 'admit';

  @IsOptional()
  @IsArray(LIST)
  @must('isEntityId', 'a list of URIs such as https://refeds.org/profile/mfa', isEntityId, true)
  secondFactorContexts?: string[];

  @IsOptional()
  @IsArray(LIST)
  @ArrayNotEmpty({ message: 'must not be empty' })
  @IsIn(IDENTIFIER_SOURCES, { each: true, message: `must be a list of ${IDENTIFIER_SOURCES.join(', ')}` })
  identifiedBy?: IdentifierSource[];

  @IsOptional()
  @must('isAttributeMap', `a mapping of ${PLAIN_NAMES.join(', ')} to lists of attribute names`, isAttributeMap)
  attributes?: Partial<AttributeMap>;
}

export class SamlEntry {
  @must('isEntityId', 'a URI that stays for good, such as https://auth.example.org/saml', isEntityId)
  entityId: string;

  @IsOptional()
  @IsArray(LIST)
  @ValidateNested({ each: true })
  @Type(() => SamlKeyEntry)
  keys?: SamlKeyEntry[];

  @IsObject({ message: 'must have a name and a description' })
  @ValidateNested()
  @Type(() => SamlServiceEntry)
  service: SamlServiceEntry;

  @IsOptional()
  @IsObject(MAPPING)
  @ValidateNested()
  @Type(() => SamlOrganizationEntry)
  organization?: SamlOrganizationEntry;

  @IsOptional()
  @IsArray(LIST)
  @ValidateNested({ each: true })
  @Type(() => SamlContactEntry)
  contacts?: SamlContactEntry[];

  @IsArray(LIST)
  @ArrayNotEmpty({ message: 'must name at least one' })
  @ValidateNested({ each: true })
  @Type(() => IdentityProviderEntry)
  identityProviders: IdentityProviderEntry[];
}
