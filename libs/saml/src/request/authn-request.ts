import type { IdentityProvider, ServiceProvider } from '../parties.js';
import { PERSISTENT } from '../verified-assertion.js';
import { redirectAddress } from '../redirect/write-redirect.js';
import { SAML, SAMLP } from '../xml/elements.js';
import { element } from '../xml/write-xml.js';

/** What one login asks for. */
export interface AuthnRequest {
  /** See `messageId`; the answer names it. */
  readonly id: string;
  readonly now: Date;
  /** Have people prove anew who they are, also if the identity provider knows them (SEC-116). */
  readonly forceAuthn: boolean;
}

const POST_BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';

/**
 * Where a browser is sent to log in (SAML core §3.4.1), signed where we have keys. It asks for no class of authentication, since one
 * that is asked for exactly shuts out whoever logs in with more (wayf-saml §1.3), and it carries no RelayState: what belongs to the
 * login is found by its id (SEC-113).
 */
export async function authnRequestAddress(
  { id, now, forceAuthn }: AuthnRequest,
  { entityId, assertionConsumerUrl, keys }: ServiceProvider,
  { singleSignOnUrl }: IdentityProvider,
): Promise<string> {
  const xml = element(
    'samlp:AuthnRequest',
    {
      'xmlns:samlp': SAMLP,
      'xmlns:saml': SAML,
      ID: id,
      Version: '2.0',
      IssueInstant: now.toISOString(),
      Destination: singleSignOnUrl,
      ForceAuthn: forceAuthn ? 'true' : null,
      ProtocolBinding: POST_BINDING,
      AssertionConsumerServiceURL: assertionConsumerUrl,
    },
    element('saml:Issuer', {}, entityId),
    element('samlp:NameIDPolicy', { Format: PERSISTENT, AllowCreate: 'true' }),
  );
  const message = { parameter: 'SAMLRequest', xml, relayState: null } as const;
  return redirectAddress(singleSignOnUrl, message, keys[0]?.privateKey ?? null);
}
