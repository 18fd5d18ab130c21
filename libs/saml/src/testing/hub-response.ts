import type { ServiceProvider, ServiceProviderKey } from '../parties.js';
import { type EncryptionOptions, encryptedAssertion } from './encrypted-xml.js';
import { HUB_OLD_KEY } from './keys.js';
import { TEST_HUB, TEST_SERVICE_PROVIDER } from './parties.js';
import { type SignatureOptions, signatureOver } from './signed-xml.js';

type Time = Date | string;
type Attributes = readonly (readonly [name: string, values: readonly string[]])[];

/** A response as the hub makes it, unless something else is said; null leaves a thing out, `…Xml` puts markup in its place. */
export interface HubResponse {
  /** The request that it answers. */
  readonly requestId: string;
  readonly now: Date;
  /** Who it is from, and who it is for; the hub and authlog of the tests by default. */
  readonly hubEntityId?: string;
  readonly serviceProvider?: Pick<ServiceProvider, 'entityId' | 'assertionConsumerUrl'>;

  // The response.
  readonly responseId?: string;
  readonly responseVersion?: string | null;
  readonly responseIssueInstant?: Time | null;
  readonly destination?: string | null;
  readonly responseInResponseTo?: string | null;
  readonly responseIssuer?: string | null;
  readonly statusCode?: string;
  readonly statusXml?: string;
  readonly extensionsXml?: string;

  // The assertion; an empty one for a response that has none.
  readonly assertionXml?: string;
  readonly assertionId?: string | null;
  readonly assertionVersion?: string | null;
  readonly assertionIssueInstant?: Time | null;
  readonly assertionIssuer?: string | null;
  readonly nameId?: string;
  readonly nameIdFormat?: string | null;
  readonly nameIdXml?: string;
  readonly subjectXml?: string;
  readonly confirmationXml?: string;
  readonly confirmationMethod?: string;
  readonly recipient?: string | null;
  readonly confirmationInResponseTo?: string | null;
  readonly confirmationNotBefore?: Time | null;
  readonly confirmationNotOnOrAfter?: Time | null;
  readonly notBefore?: Time | null;
  readonly notOnOrAfter?: Time | null;
  /** One list for each AudienceRestriction. */
  readonly audiences?: readonly (readonly string[])[];
  /** Further conditions. */
  readonly conditionXml?: string;
  readonly conditionsXml?: string;
  readonly adviceXml?: string;
  readonly authnInstant?: Time | null;
  readonly sessionIndex?: string | null;
  readonly sessionNotOnOrAfter?: Time | null;
  readonly authnContext?: string;
  readonly authenticatingAuthorities?: readonly string[];
  readonly authnStatementXml?: string;
  /** By name; those of `attributes` come in place of ADA's. */
  readonly attributes?: Readonly<Record<string, readonly string[]>> | Attributes;
  readonly attributeStatementXml?: string;

  // Who vouches for it, and how.
  readonly sign?: 'assertion' | 'response' | 'both' | 'nothing';
  readonly key?: ServiceProviderKey;
  readonly signature?: Partial<SignatureOptions>;
  /** Of what is signed, but before the response is. */
  readonly mutateAssertion?: (assertion: string) => string;
  readonly encrypt?: EncryptionOptions;
}

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
const URI_NAME = 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri';

/** Whom the hub speaks of by default, in the words of WAYF; all that a service may be given. */
export const ADA: Readonly<Record<string, readonly string[]>> = {
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.10': ['WAYF-DK-0123456789abcdef0123456789abcdef01234567'],
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.6': ['ada@sdu.dk'],
  'urn:oid:1.3.6.1.4.1.25178.1.2.9': ['sdu.dk'],
  'urn:oid:2.5.4.10': ['Syddansk Universitet'],
  'urn:oid:2.5.4.42': ['Ada'],
  'urn:oid:2.5.4.4': ['Lovelace'],
  'urn:oid:0.9.2342.19200300.100.1.3': ['ada@example.org'],
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.5': ['staff'],
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.9': ['staff@sdu.dk', 'member@sdu.dk'],
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.11': ['2'],
};
export const ADA_ID = 'WAYF-DK-0123456789abcdef0123456789abcdef01234567';

/** The value of the form field `SAMLResponse`. */
export const hubResponse = (parts: HubResponse): string => toField(hubResponseXml(parts));

export const toField = (xml: string): string => Buffer.from(xml).toString('base64');

/** The same as XML, to be changed and then put `toField`. */
export function hubResponseXml(parts: HubResponse): string {
  const { now, requestId, sign = 'assertion', extensionsXml = '', encrypt } = parts;
  const { serviceProvider = TEST_SERVICE_PROVIDER } = parts;
  const id = parts.responseId ?? `_response-${requestId.slice(1)}`;
  const signs = (what: 'assertion' | 'response') => sign === what || sign === 'both';
  const [assertionHead, assertionBody, assertionId] = assertion(parts);
  const change = parts.mutateAssertion ?? ((same: string) => same);
  const signed = change(
    signs('assertion')
      ? withSignature(assertionHead, assertionBody, assertionId, parts)
      : assertionHead + assertionBody,
  );
  // What it is signed by stands after the issuer, so the response is in two parts, too.
  const attributes = [
    attribute('Destination', parts.destination, serviceProvider.assertionConsumerUrl),
    attribute('ID', id, ''),
    attribute('InResponseTo', parts.responseInResponseTo, requestId),
    attribute('IssueInstant', parts.responseIssueInstant, now),
    attribute('Version', parts.responseVersion, '2.0'),
  ].join('');
  const status = parts.statusXml ?? `<samlp:StatusCode Value="${parts.statusCode ?? SUCCESS}"></samlp:StatusCode>`;
  const head = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"${attributes}>${issuer(parts.responseIssuer, parts, SAML_NAMESPACE)}`;
  const body = [
    extensionsXml,
    parts.statusXml === '' ? '' : `<samlp:Status>${status}</samlp:Status>`,
    parts.assertionXml ?? (encrypt === undefined ? signed : encryptedAssertion(signed, encrypt)),
    '</samlp:Response>',
  ].join('');
  return signs('response') ? withSignature(head, body, id, parts) : head + body;
}

const SAML_NAMESPACE = ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';

function withSignature(head: string, body: string, id: string, { key = HUB_OLD_KEY, signature = {} }: HubResponse) {
  return `${head}${signatureOver(head + body, id, { key, ...signature })}${body}`;
}

/** Canonical, as all of this: attributes by name, empty elements as two tags. */
function assertion(parts: HubResponse): [head: string, body: string, id: string] {
  const id = parts.assertionId === undefined ? `_assertion-${parts.requestId.slice(1)}` : parts.assertionId;
  const head = [
    `<saml:Assertion${SAML_NAMESPACE}`,
    attribute('ID', id, ''),
    attribute('IssueInstant', parts.assertionIssueInstant, parts.now),
    attribute('Version', parts.assertionVersion, '2.0'),
    `>${issuer(parts.assertionIssuer, parts)}`,
  ].join('');
  const body = [
    parts.subjectXml ?? subject(parts),
    parts.conditionsXml ?? conditions(parts),
    parts.adviceXml ?? '',
    parts.authnStatementXml ?? authnStatement(parts),
    parts.attributeStatementXml ?? attributeStatement(parts.attributes ?? ADA),
    '</saml:Assertion>',
  ].join('');
  return [head, body, id ?? ''];
}

export const FOUR_MINUTES_MS = 4 * 60_000;
const TEN_SECONDS_MS = 10_000;
const FOUR_HOURS_MS = 4 * 60 * 60_000;
export const later = (time: Date, ms: number): Date => new Date(time.getTime() + ms);

function subject(parts: HubResponse): string {
  const { now, nameId = ADA_ID, confirmationMethod = BEARER, serviceProvider = TEST_SERVICE_PROVIDER } = parts;
  const data = [
    attribute('InResponseTo', parts.confirmationInResponseTo, parts.requestId),
    attribute('NotBefore', parts.confirmationNotBefore, null),
    attribute('NotOnOrAfter', parts.confirmationNotOnOrAfter, later(now, FOUR_MINUTES_MS)),
    attribute('Recipient', parts.recipient, serviceProvider.assertionConsumerUrl),
  ].join('');
  const named = `<saml:NameID${attribute('Format', parts.nameIdFormat, PERSISTENT)}${attribute('SPNameQualifier', serviceProvider.entityId, '')}>${escaped(nameId)}</saml:NameID>`;
  const confirmed = `<saml:SubjectConfirmation Method="${confirmationMethod}"><saml:SubjectConfirmationData${data}></saml:SubjectConfirmationData></saml:SubjectConfirmation>`;
  return `<saml:Subject>${parts.nameIdXml ?? named}${parts.confirmationXml ?? confirmed}</saml:Subject>`;
}

function conditions(parts: HubResponse): string {
  const { now, serviceProvider = TEST_SERVICE_PROVIDER, conditionXml = '' } = parts;
  const { audiences = [[serviceProvider.entityId]] } = parts;
  const times = [
    attribute('NotBefore', parts.notBefore, later(now, -TEN_SECONDS_MS)),
    attribute('NotOnOrAfter', parts.notOnOrAfter, later(now, FOUR_MINUTES_MS)),
  ].join('');
  const restrictions = audiences.map((names) => {
    const audience = names.map((name) => `<saml:Audience>${escaped(name)}</saml:Audience>`).join('');
    return `<saml:AudienceRestriction>${audience}</saml:AudienceRestriction>`;
  });
  return `<saml:Conditions${times}>${restrictions.join('')}${conditionXml}</saml:Conditions>`;
}

function authnStatement(parts: HubResponse): string {
  const { now, authnContext = PASSWORD, authenticatingAuthorities = ['https://idp.sdu.dk'] } = parts;
  const attributes = [
    attribute('AuthnInstant', parts.authnInstant, now),
    attribute('SessionIndex', parts.sessionIndex, `_session-${parts.requestId.slice(1)}`),
    attribute('SessionNotOnOrAfter', parts.sessionNotOnOrAfter, later(now, FOUR_HOURS_MS)),
  ].join('');
  const authorities = authenticatingAuthorities.map(
    (authority) => `<saml:AuthenticatingAuthority>${escaped(authority)}</saml:AuthenticatingAuthority>`,
  );
  const context = `<saml:AuthnContextClassRef>${escaped(authnContext)}</saml:AuthnContextClassRef>${authorities.join('')}`;
  return `<saml:AuthnStatement${attributes}><saml:AuthnContext>${context}</saml:AuthnContext></saml:AuthnStatement>`;
}

function attributeStatement(attributes: Readonly<Record<string, readonly string[]>> | Attributes): string {
  const list: Attributes = isList(attributes) ? attributes : Object.entries(attributes);
  const written = list.map(([name, values]) => {
    const valuesXml = values.map((value) => `<saml:AttributeValue>${escaped(value)}</saml:AttributeValue>`).join('');
    return `<saml:Attribute Name="${escapedInAttribute(name)}" NameFormat="${URI_NAME}">${valuesXml}</saml:Attribute>`;
  });
  return `<saml:AttributeStatement>${written.join('')}</saml:AttributeStatement>`;
}

const isList = (attributes: Readonly<Record<string, readonly string[]>> | Attributes): attributes is Attributes =>
  Array.isArray(attributes);

function issuer(given: string | null | undefined, { hubEntityId }: HubResponse, namespace = ''): string {
  const name = given === undefined ? (hubEntityId ?? TEST_HUB.entityId) : given;
  return name === null ? '' : `<saml:Issuer${namespace}>${escaped(name)}</saml:Issuer>`;
}

function attribute(name: string, given: Time | null | undefined, usual: Time | null): string {
  const value = given === undefined ? usual : given;
  if (value === null) return '';
  return ` ${name}="${escapedInAttribute(value instanceof Date ? value.toISOString() : value)}"`;
}

// As Canonical XML writes them (§2.3).
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const escapedInAttribute = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll('\n', '&#xA;');
