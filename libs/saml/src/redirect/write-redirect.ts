import { deflateRawSync } from 'node:zlib';
import type { Markup } from '../xml/write-xml.js';
import { RSA_SHA256, signText } from '../rsa-signature.js';

/** A message that goes through the browser in an address. */
export interface RedirectMessage {
  readonly parameter: 'SAMLRequest' | 'SAMLResponse';
  readonly xml: Markup;
  /** Given back as it came; null for none. */
  readonly relayState: string | null;
}

/**
 * The address that carries a message to `location`: deflated, in the query, and with a signature over just that query where there
 * is a key (SAML bindings §3.4.4.1).
 *
 * @param privateKey PEM; null to sign nothing
 */
export async function redirectAddress(
  location: string,
  message: RedirectMessage,
  privateKey: string | null,
): Promise<string> {
  const parameters: [string, string][] = [
    [message.parameter, deflateRawSync(Buffer.from(message.xml.text)).toString('base64')],
  ];
  if (message.relayState !== null) parameters.push(['RelayState', message.relayState]);
  if (privateKey !== null) parameters.push(['SigAlg', RSA_SHA256]);
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const signature = privateKey === null ? '' : `&Signature=${encodeURIComponent(await signText(query, privateKey))}`;
  return `${location}${location.includes('?') ? '&' : '?'}${query}${signature}`;
}
