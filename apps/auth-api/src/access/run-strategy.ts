import { Authenticator, Strategy } from '@fastify/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Sessions are kept in the log, so passport is asked who somebody is and nothing else. */
export const passport = new Authenticator();

/**
 * Runs a passport strategy on a request.
 * @returns who the strategy found; null if it found nobody
 * @throws what the strategy fails with
 */
export async function runStrategy<Found>(
  strategy: InstanceType<typeof Strategy>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Found | null> {
  let result: Found | null = null;
  const run = passport.authenticate(strategy, { session: false }, async (_request, _reply, error, found?: unknown) => {
    if (error) throw error;
    if (found) result = found as Found;
  });
  await run.call(request.server, request, reply);
  return result;
}
