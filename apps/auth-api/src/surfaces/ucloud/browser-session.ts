import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Refused } from '#domain/refused.js';
import { Settings } from '#host/settings.js';
import { CsrfTokens } from '#tokens/csrf-token.js';
import { splitRefreshToken } from '#tokens/refresh-token.js';
import { BadRequest } from '../../bad-request.js';
import { REFRESH_TOKEN_COOKIE } from './cookies.js';
import { demandTrustedOrigin } from './origin.js';

export const CSRF_HEADER = 'x-csrftoken';

/** The session of a browser, which shows it by a cookie. */
@Injectable()
export class BrowserSession {
  constructor(
    private readonly csrfTokens: CsrfTokens,
    private readonly settings: Settings,
  ) {}

  /**
   * The refresh token, if a page of ours and no other sent it (SEC-119).
   * @throws BadRequest, Refused `refresh-token-unknown`
   */
  demand(request: FastifyRequest, cookie: string | undefined, csrfToken: string | undefined): string {
    demandTrustedOrigin(request, this.settings);
    if (csrfToken === undefined) throw new BadRequest('csrf-token-missing', 'The header X-CSRFToken is missing.');
    if (cookie === undefined) throw new BadRequest('cookie-missing', `The cookie ${REFRESH_TOKEN_COOKIE} is missing.`);
    const parts = splitRefreshToken(cookie);
    if (parts === null) throw new Refused('refresh-token-unknown');
    if (!this.csrfTokens.matches(parts.sessionId, csrfToken))
      throw new BadRequest('csrf-token-wrong', 'The header X-CSRFToken does not belong to the cookie.');
    return cookie;
  }
}
