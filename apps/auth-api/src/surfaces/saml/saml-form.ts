import type { FastifyRequest } from 'fastify';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { MAX_RELAY_STATE_BYTES } from '#saml/redirect/read-redirect.js';

/**
 * The response of a form: one, in the body and nowhere else. What else comes with it is not used: where somebody goes on to is kept with
 * the request that is answered (SEC-113).
 * @throws SamlRefused `form-malformed`
 */
export function samlResponseIn({ body, url }: FastifyRequest): string {
  const { SAMLResponse, RelayState = '' } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const isForm = typeof SAMLResponse === 'string' && typeof RelayState === 'string' && !url.includes('?');
  if (!isForm || Buffer.byteLength(RelayState) > MAX_RELAY_STATE_BYTES) throw new SamlRefused('form-malformed');
  return SAMLResponse;
}
