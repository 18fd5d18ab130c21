import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { ClientTrace } from '#domain/session/session-events.js';

const MAX_USER_AGENT = 512;

/** Where a request comes from; the address is the socket's, or what a trusted proxy says (SEC-141, SEC-142). */
export function clientTraceOf({ ip, headers }: FastifyRequest): ClientTrace {
  const address = ip
    .replace(/^::ffff:/i, '')
    .replace(/%.*$/, '')
    .toLowerCase();
  return {
    ipAddress: isIP(address) === 0 ? null : address,
    userAgent: headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
  };
}
