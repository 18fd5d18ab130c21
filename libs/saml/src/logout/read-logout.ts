import { SamlRefused } from '#domain/saml/saml-refused.js';
import { acceptableUntil, CLOCK_SKEW_MS } from '../message-time.js';
import type { IdentityProvider, ServiceProvider } from '../parties.js';
import { readRedirect } from '../redirect/read-redirect.js';
import type { NameId } from '../verified-assertion.js';
import { attributeOf, childElements, childNamed, childrenNamed, isNamed, textOf } from '../xml/elements.js';
import { instantOf } from '../xml/instant.js';
import { ASSERTION, PROTOCOL, XML_SIGNATURE } from '../xml/namespaces.js';
import { MESSAGE_LIMITS, parseXml } from '../xml/parse-xml.js';
import { PARTIAL_LOGOUT, SUCCESS } from './logout-status.js';

/** The identity provider asks us to end sessions. Whether they are there is for who keeps them to say. */
export interface LogoutRequest {
  readonly kind: 'request';
  readonly id: string;
  /** Its entity id. */
  readonly issuer: string;
  readonly nameId: NameId;
  /** Those that end; none: all of the person. */
  readonly sessionIndexes: readonly string[];
  /** After this, skew included, the same request is not taken any more. */
  readonly acceptableUntil: Date;
  readonly relayState: string | null;
}

/** The identity provider answers a request of ours. */
export interface LogoutResponse {
  readonly kind: 'response';
  readonly issuer: string;
  /** The id of our request. */
  readonly requestId: string;
  /** Every session there, and with others, has ended. */
  readonly success: boolean;
  readonly relayState: string | null;
}

export interface LogoutContext {
  readonly serviceProvider: ServiceProvider;
  /** Who has this entity id; null for nobody we trust. */
  readonly identityProvider: (entityId: string) => IdentityProvider | null;
  readonly now: Date;
}

/**
 * Reads a logout message that came by redirect. It must be signed by whom it says it is from: else anybody could end sessions of
 * others by a link (wayf-saml §3). Whether it came before is not looked at.
 *
 * @param rawQuery what stands behind the `?`, as it came
 * @throws SamlRefused and nothing else, whatever comes in
 */
export function readLogoutMessage(rawQuery: string, context: LogoutContext): LogoutRequest | LogoutResponse {
  const received = readRedirect(rawQuery);
  const name = received.parameter === 'SAMLRequest' ? 'LogoutRequest' : 'LogoutResponse';
  const root = parseXml(received.xml, MESSAGE_LIMITS);
  if (!isNamed(root, PROTOCOL, name)) throw new SamlRefused('root-unexpected');
  if (attributeOf(root, 'Version') !== '2.0') throw new SamlRefused('version-unsupported');
  // By redirect the query is signed; a signature within means a message that was made for another way (SAML bindings §3.4.4.1).
  if (childNamed(root, XML_SIGNATURE, 'Signature') !== null) throw new SamlRefused('signature-misplaced');

  const issuer = childNamed(root, ASSERTION, 'Issuer');
  const identityProvider = issuer === null ? null : context.identityProvider(textOf(issuer));
  if (identityProvider === null) throw new SamlRefused('issuer-unknown');
  if (!received.isSignedBy(identityProvider.signingCertificates)) throw new SamlRefused('signature-wrong');

  if (attributeOf(root, 'Destination') !== context.serviceProvider.singleLogoutUrl)
    throw new SamlRefused('destination-wrong');
  const issuedAt = instantOf(attributeOf(root, 'IssueInstant'));
  const until = issuedAt === null ? null : acceptableUntil(issuedAt, context.now);
  if (until === null) throw new SamlRefused('issue-instant-wrong');
  const known = { issuer: identityProvider.entityId, relayState: received.relayState };
  return name === 'LogoutRequest'
    ? { kind: 'request', ...known, ...readRequest(root, until, context.now) }
    : { kind: 'response', ...known, ...readResponse(root) };
}

/** What a request has in it, each where the schema has it; what is encrypted was made for a key that logout has not. */
const REQUEST_PARTS = [
  [ASSERTION, 'Issuer'],
  [PROTOCOL, 'Extensions'],
  [ASSERTION, 'NameID'],
  [PROTOCOL, 'SessionIndex'],
] as const;

function readRequest(root: Element, until: Date, now: Date) {
  const id = attributeOf(root, 'ID');
  const foreign = childElements(root).find(
    (child) => !REQUEST_PARTS.some(([namespace, name]) => isNamed(child, namespace, name)),
  );
  if (id === null || foreign !== undefined) throw new SamlRefused('xml-invalid');
  const written = attributeOf(root, 'NotOnOrAfter');
  const notOnOrAfter = instantOf(written);
  if (written !== null && notOnOrAfter === null) throw new SamlRefused('xml-invalid');
  const ends = notOnOrAfter === null ? until : new Date(notOnOrAfter.getTime() + CLOCK_SKEW_MS);
  if (ends <= now) throw new SamlRefused('expired');
  const nameId = childNamed(root, ASSERTION, 'NameID');
  const value = nameId === null ? '' : textOf(nameId);
  if (nameId === null || value === '') throw new SamlRefused('subject-missing');
  return {
    id,
    nameId: {
      value,
      format: attributeOf(nameId, 'Format'),
      nameQualifier: attributeOf(nameId, 'NameQualifier'),
      spNameQualifier: attributeOf(nameId, 'SPNameQualifier'),
    },
    sessionIndexes: sessionIndexesOf(root),
    acceptableUntil: ends < until ? ends : until,
  };
}

/** A blank one would be read as none, which ends all. */
function sessionIndexesOf(root: Element): string[] {
  const indexes = childrenNamed(root, PROTOCOL, 'SessionIndex').map(textOf);
  if (indexes.includes('')) throw new SamlRefused('xml-invalid');
  return indexes;
}

function readResponse(root: Element) {
  const requestId = attributeOf(root, 'InResponseTo');
  if (requestId === null) throw new SamlRefused('request-unknown');
  const status = childNamed(root, PROTOCOL, 'Status');
  const code = status === null ? null : childNamed(status, PROTOCOL, 'StatusCode');
  if (code === null) throw new SamlRefused('status-not-success');
  const detail = childNamed(code, PROTOCOL, 'StatusCode');
  const isPartial = detail !== null && attributeOf(detail, 'Value') === PARTIAL_LOGOUT;
  return { requestId, success: attributeOf(code, 'Value') === SUCCESS && !isPartial };
}
