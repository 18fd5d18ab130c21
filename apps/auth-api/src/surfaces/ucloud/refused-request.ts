import type { FastifyRequest } from 'fastify';
import type { RecordedCode } from '#domain/refusal/recorded-refusals.js';
import type { RefusedSamlMessage } from '#domain/refusal/refusal.js';
import { Refused } from '#domain/refused.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { isSamlRequestId } from '#domain/saml/saml-request.js';
import type { IdentifierDigest } from '#vault/identifier-digest.js';
import { whereaboutsOf } from '../../refusal/whereabouts.js';
import type { RefusedRequest } from '../../refusal/refusal-windows.js';
import { ANONYMOUS, actorOf, correlationIdOf } from '../../request-context.js';
import { addressOf } from './client-trace.js';

/** What the log is to know of a request of this surface that was refused: no part of it is what was sent. */
export function refusedRequest(
  request: FastifyRequest,
  code: RecordedCode,
  error: unknown,
  digest: IdentifierDigest,
): RefusedRequest {
  const caller = request.caller ?? null;
  const owner = error instanceof Refused ? error.owner : undefined;
  const typed = caller === null ? typedIdentifier(request.body) : null;
  return {
    code,
    call: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
    actor: caller === null ? ANONYMOUS : actorOf(caller),
    userId: caller?.userId ?? owner ?? null,
    // As attempts are counted by it: both can be found together.
    identifierDigest: typed === null ? null : digest.of('login', typed),
    saml: error instanceof SamlRefused ? refusedMessage(error) : null,
    correlationId: correlationIdOf(request),
    ...whereaboutsOf(addressOf(request)),
  };
}

/** Whoever forges a message can have it name anything as a request; only what can be the id of one is kept. */
const refusedMessage = ({ fault, identityProvider, requestId }: SamlRefused): RefusedSamlMessage => ({
  fault,
  identityProvider: identityProvider ?? null,
  requestId: requestId !== undefined && isSamlRequestId(requestId) ? requestId : null,
});

/** Who somebody says they are in a form that asks for it: a login's name, the address that a link is to be sent to. */
function typedIdentifier(body: unknown): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const { username, email } = body as Readonly<Record<string, unknown>>;
  return [username, email].find((text) => typeof text === 'string') ?? null;
}
