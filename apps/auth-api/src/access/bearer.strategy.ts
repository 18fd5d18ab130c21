import { Strategy } from '@fastify/passport';
import type { FastifyRequest } from 'fastify';
import type { CallerAuthentication } from './caller-authentication.js';

const SCHEME = 'Bearer ';

/** The token after `Authorization: Bearer ` (RFC 6750 §2.1, exactly so: ucloud-users-api §2.3); null without it. */
export function bearerOf({ headers }: FastifyRequest): string | null {
  const { authorization } = headers;
  return authorization?.startsWith(SCHEME) ? authorization.slice(SCHEME.length) : null;
}

/** Finds the caller by the access token in the Authorization header. */
export class BearerStrategy extends Strategy {
  constructor(private readonly callers: CallerAuthentication) {
    super('bearer');
  }

  override async authenticate(request: FastifyRequest): Promise<void> {
    const token = bearerOf(request);
    if (token === null) return this.fail();
    this.success(await this.callers.authenticate(token));
  }
}
