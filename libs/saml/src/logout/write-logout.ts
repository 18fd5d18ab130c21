import type { IdentityProvider, ServiceProvider } from '../parties.js';
import { redirectAddress } from '../redirect/write-redirect.js';
import type { NameId } from '../verified-assertion.js';
import { SAML, SAMLP } from '../xml/elements.js';
import { type Markup, element } from '../xml/write-xml.js';
import { MAX_AGE_MS } from '../assertion/clock-skew.js';
import { SUCCESS } from '../status.js';

/** Whose session ends, in the words of the assertion that began it. */
export interface OutgoingLogoutRequest {
  /** See `messageId`. */
  readonly id: string;
  readonly now: Date;
  readonly nameId: NameId;
  /** Null: all sessions of the person there. */
  readonly sessionIndex: string | null;
}

export interface OutgoingLogoutResponse {
  readonly id: string;
  readonly now: Date;
  /** The id of the request that is answered, */
  readonly requestId: string;
  /** and what came with it. */
  readonly relayState: string | null;
}

/**
 * Where the browser is sent so that the identity provider ends its session, too (SAML core §3.7.1); null where there is no single
 * logout: we have no key to sign with, or it has no address for it.
 */
export async function logoutRequestAddress(
  { id, now, nameId, sessionIndex }: OutgoingLogoutRequest,
  serviceProvider: ServiceProvider,
  identityProvider: IdentityProvider,
): Promise<string | null> {
  const qualifiers = {
    NameQualifier: nameId.nameQualifier,
    SPNameQualifier: nameId.spNameQualifier,
    Format: nameId.format,
  };
  const content = [
    element('saml:NameID', qualifiers, nameId.value),
    ...(sessionIndex === null ? [] : [element('samlp:SessionIndex', {}, sessionIndex)]),
  ];
  const attributes = { ID: id, NotOnOrAfter: new Date(now.getTime() + MAX_AGE_MS).toISOString() };
  return address('LogoutRequest', attributes, content, { now, relayState: null, serviceProvider, identityProvider });
}

/** Where the browser is sent with our answer to a request of the identity provider, which was carried out; null where there is no single logout. */
export async function logoutResponseAddress(
  { id, now, requestId, relayState }: OutgoingLogoutResponse,
  serviceProvider: ServiceProvider,
  identityProvider: IdentityProvider,
): Promise<string | null> {
  const content = [element('samlp:Status', {}, element('samlp:StatusCode', { Value: SUCCESS }))];
  const attributes = { ID: id, InResponseTo: requestId };
  return address('LogoutResponse', attributes, content, { now, relayState, serviceProvider, identityProvider });
}

interface Addressed {
  readonly now: Date;
  readonly relayState: string | null;
  readonly serviceProvider: ServiceProvider;
  readonly identityProvider: IdentityProvider;
}

async function address(
  name: 'LogoutRequest' | 'LogoutResponse',
  attributes: Readonly<Record<string, string>>,
  content: readonly Markup[],
  { now, relayState, serviceProvider, identityProvider }: Addressed,
): Promise<string | null> {
  const { singleLogoutUrl } = identityProvider;
  const [key] = serviceProvider.keys;
  if (singleLogoutUrl === null || key === undefined) return null;
  const xml = element(
    `samlp:${name}`,
    {
      'xmlns:samlp': SAMLP,
      'xmlns:saml': SAML,
      Version: '2.0',
      IssueInstant: now.toISOString(),
      Destination: singleLogoutUrl,
      ...attributes,
    },
    element('saml:Issuer', {}, serviceProvider.entityId),
    ...content,
  );
  const parameter = name === 'LogoutRequest' ? 'SAMLRequest' : 'SAMLResponse';
  return redirectAddress(singleLogoutUrl, { parameter, xml, relayState }, key.privateKey);
}
