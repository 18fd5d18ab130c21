import type { FastifyRequest } from 'fastify';
import type { ClientTrace } from '#domain/session/session-events.js';
import { canonicalAddress } from '#throttling/client-address.js';

const MAX_USER_AGENT = 512;

/** In its canonical spelling; the socket's, or what a trusted proxy says (SEC-141, SEC-142). Null if that is no address. */
export const addressOf = ({ ip }: FastifyRequest): string | null => canonicalAddress(ip);

/** Where a request comes from. */
export function clientTraceOf(request: FastifyRequest): ClientTrace {
  return {
    ipAddress: addressOf(request),
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
  };
}
