import type { FastifyRequest } from 'fastify';
import type { Settings } from '#host/settings.js';
import { BadRequest } from '../../bad-request.js';

const originOf = (text: string) => (URL.canParse(text) ? new URL(text).origin : null);

/** Where a browser says that a request comes from: Origin, else Referer (ucloud-users-api §10.5); null if it says nothing. */
function claimedOrigin({ headers }: FastifyRequest): string | null {
  return [headers.origin, headers.referer].find((text) => text !== undefined && text.trim() !== '') ?? null;
}

const refusal = () =>
  new BadRequest('origin-not-trusted', 'Origin or Referer must be one of the trusted origins of this installation.');

/** For calls that carry a cookie: they must say where they come from. @throws BadRequest */
export function demandTrustedOrigin(request: FastifyRequest, { trustedOrigins }: Settings): void {
  const origin = originOf(claimedOrigin(request) ?? '');
  if (origin === null || !trustedOrigins.has(origin)) throw refusal();
}

/** For logins: programs say nothing, browsers must not come from a foreign page (SEC-80). @throws BadRequest */
export function demandNoForeignOrigin(request: FastifyRequest, settings: Settings): void {
  if (claimedOrigin(request) !== null) demandTrustedOrigin(request, settings);
  else if (request.headers['sec-fetch-site'] === 'cross-site') throw refusal();
}
