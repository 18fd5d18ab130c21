import { sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

/** How a logout message comes from an identity provider, and how it must not. */
export interface LogoutQuery {
  readonly parameter: 'SAMLRequest' | 'SAMLResponse';
  readonly xml: string | Buffer;
  readonly relayState?: string;
  readonly privateKey: string;
  /** The name of the algorithm, and how Node calls its hash. */
  readonly algorithm?: readonly [uri: string, hash: string];
}

const RSA_SHA256 = ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'sha256'] as const;

/** The query of a signed logout message, as redirects carry it (SAML bindings §3.4.4.1). */
export function logoutQuery({ parameter, xml, relayState, privateKey, algorithm = RSA_SHA256 }: LogoutQuery): string {
  const [uri, hash] = algorithm;
  const query = [
    `${parameter}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`,
    ...(relayState === undefined ? [] : [`RelayState=${encodeURIComponent(relayState)}`]),
    `SigAlg=${encodeURIComponent(uri)}`,
  ].join('&');
  const signature = sign(hash, Buffer.from(query), privateKey).toString('base64');
  return `${query}&Signature=${encodeURIComponent(signature)}`;
}

/** What stands in a LogoutRequest; each part can be another, or left out by being empty. */
export const logoutRequestXml = (parts: Partial<typeof LOGOUT_REQUEST> = {}): string => {
  const { attributes, issuer, subject, indexes } = { ...LOGOUT_REQUEST, ...parts };
  return `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ${attributes}>${issuer}${subject}${indexes}</samlp:LogoutRequest>`;
};

export const LOGOUT_REQUEST = {
  attributes:
    'ID="_logout-1" Version="2.0" IssueInstant="2029-12-31T23:59:50Z" Destination="https://login.authlog.test/auth/saml/sls"',
  issuer: '<saml:Issuer>https://hub.test</saml:Issuer>',
  subject:
    '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" SPNameQualifier="https://authlog.test/saml">WAYF-DK-0a1b</saml:NameID>',
  indexes: '<samlp:SessionIndex>_session-1</samlp:SessionIndex>',
};
