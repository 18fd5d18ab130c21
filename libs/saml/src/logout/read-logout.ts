import { SamlRefused } from '#domain/saml/saml-refused.js';
import { CLOCK_SKEW_MS, demandBefore, demandFresh, MAX_AGE_MS } from '../assertion/clock-skew.js';
import type { IdentityProvider, ServiceProvider } from '../parties.js';
import { readRedirect } from '../redirect/read-redirect.js';
import type { NameId } from '../verified-assertion.js';
import {
  attributeOf,
  childElements,
  childrenNamed,
  isNamed,
  onlyChild,
  SAML,
  SAMLP,
  textOf,
  XMLDSIG,
} from '../xml/elements.js';
import { MESSAGE_LIMITS, type MarkupLimits } from '../xml/markup.js';
import { parseXml } from '../xml/parse-xml.js';
import { utcTime } from '../xml/utc-time.js';
import { PARTIAL_LOGOUT, SUCCESS } from '../status.js';

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

export type LogoutMessage = LogoutRequest | LogoutResponse;

export interface LogoutContext {
  readonly serviceProvider: ServiceProvider;
  /** Who has this entity id; null for nobody we trust. */
  readonly identityProvider: (entityId: string) => IdentityProvider | null;
  readonly now: Date;
}

/** It names a person and some sessions. */
const LOGOUT_LIMITS: MarkupLimits = { ...MESSAGE_LIMITS, elements: 200, attributes: 400, depth: 12 };

/**
 * Reads a logout message that came by redirect. It must be signed by whom it says it is from: else anybody could end sessions of
 * others by a link (wayf-saml §3). Whether it came before is not looked at.
 *
 * @param rawQuery what stands behind the `?`, as it came
 * @throws SamlRefused and nothing else, whatever comes in
 */
export function readLogoutMessage(rawQuery: string, context: LogoutContext): LogoutMessage {
  const received = readRedirect(rawQuery);
  const name = received.parameter === 'SAMLRequest' ? 'LogoutRequest' : 'LogoutResponse';
  const root = parseXml(received.xml, LOGOUT_LIMITS);
  if (!isNamed(root, SAMLP, name)) throw new SamlRefused('root-unexpected');
  if (attributeOf(root, 'Version') !== '2.0') throw new SamlRefused('version-unsupported');
  // By redirect the query is signed; a signature within means a message that was made for another way (SAML bindings §3.4.4.1).
  if (childrenNamed(root, XMLDSIG, 'Signature').length > 0) throw new SamlRefused('signature-misplaced');

  const issuer = textOf(onlyChild(root, SAML, 'Issuer'));
  const identityProvider = issuer === null ? null : context.identityProvider(issuer);
  if (identityProvider === null) throw new SamlRefused('issuer-unknown');
  if (!received.isSignedBy(identityProvider.signingCertificates)) throw new SamlRefused('signature-wrong');

  if (attributeOf(root, 'Destination') !== context.serviceProvider.singleLogoutUrl)
    throw new SamlRefused('destination-wrong');
  const issuedAt = demandFresh(context.now, utcTime(attributeOf(root, 'IssueInstant')));
  const known = { issuer: identityProvider.entityId, relayState: received.relayState };
  return name === 'LogoutRequest'
    ? { kind: 'request', ...known, ...readRequest(root, issuedAt, context.now) }
    : { kind: 'response', ...known, ...readResponse(root) };
}

/** What a request has in it, each where the schema has it; what is encrypted was made for a key that logout has not. */
const REQUEST_PARTS = [
  [SAML, 'Issuer'],
  [SAMLP, 'Extensions'],
  [SAML, 'NameID'],
  [SAMLP, 'SessionIndex'],
] as const;

function readRequest(root: Element, issuedAt: Date, now: Date) {
  const id = attributeOf(root, 'ID') ?? '';
  const isKnown = childElements(root).every((child) =>
    REQUEST_PARTS.some(([namespace, name]) => isNamed(child, namespace, name)),
  );
  if (id === '' || !isKnown) throw new SamlRefused('xml-invalid');
  const subject = onlyChild(root, SAML, 'NameID');
  const value = textOf(subject) ?? '';
  if (subject === null || value === '') throw new SamlRefused('subject-missing');
  return {
    id,
    nameId: {
      value,
      format: attributeOf(subject, 'Format'),
      nameQualifier: attributeOf(subject, 'NameQualifier'),
      spNameQualifier: attributeOf(subject, 'SPNameQualifier'),
    },
    sessionIndexes: sessionIndexesOf(root),
    acceptableUntil: new Date(endOf(root, issuedAt, now).getTime() + CLOCK_SKEW_MS),
  };
}

/** As it says, but no later than any message of its age. */
function endOf(root: Element, issuedAt: Date, now: Date): Date {
  const latest = new Date(issuedAt.getTime() + MAX_AGE_MS);
  const written = attributeOf(root, 'NotOnOrAfter');
  if (written === null) return latest;
  const notOnOrAfter = utcTime(written);
  if (notOnOrAfter === null) throw new SamlRefused('xml-invalid');
  demandBefore(now, notOnOrAfter);
  return notOnOrAfter < latest ? notOnOrAfter : latest;
}

/** A blank one would be read as none, which ends all. */
function sessionIndexesOf(root: Element): string[] {
  return childrenNamed(root, SAMLP, 'SessionIndex').map((element) => {
    const index = textOf(element) ?? '';
    if (index === '') throw new SamlRefused('xml-invalid');
    return index;
  });
}

function readResponse(root: Element) {
  const requestId = attributeOf(root, 'InResponseTo') ?? '';
  if (requestId === '') throw new SamlRefused('request-unknown');
  const status = onlyChild(root, SAMLP, 'Status');
  const code = status === null ? null : onlyChild(status, SAMLP, 'StatusCode');
  if (code === null) throw new SamlRefused('status-not-success');
  const isPartial = childrenNamed(code, SAMLP, 'StatusCode').some(
    (each) => attributeOf(each, 'Value') === PARTIAL_LOGOUT,
  );
  return { requestId, success: attributeOf(code, 'Value') === SUCCESS && !isPartial };
}
