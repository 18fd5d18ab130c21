import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConfiguredLoginService } from '#host/settings.js';
import type { PendingChallenge } from '../../session/log-in.js';
import type { SessionTokens } from '../../session/session-tokens.js';
import { tellPosition } from './consistency.js';
import { LoginCookies } from './cookies.js';
import { redirectPage } from './redirect-page.js';
import type { OptionalAuthenticationTokens } from './token-answers.js';

const wantsJson = ({ headers }: FastifyRequest) => headers.accept?.includes('application/json') ?? false;

/** How a login is answered, to programs and to browsers (ucloud-users-api §7.3). */
@Injectable()
export class LoginAnswers {
  constructor(private readonly cookies: LoginCookies) {}

  /** A code of the second factor is asked for. */
  async challenge(
    { challengeId }: PendingChallenge,
    service: ConfiguredLoginService,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const answer = { '2fa': challengeId };
    if (wantsJson(request)) {
      await reply.header('Access-Control-Allow-Credentials', 'true').send(answer);
      return;
    }
    this.cookies.setAuthState(reply, answer);
    await reply.redirect(service.endpoint, 302);
  }

  async tokens(
    { userId, accessToken, csrfToken, refreshToken, expiresAt, position }: SessionTokens,
    service: ConfiguredLoginService,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const answer: OptionalAuthenticationTokens = {
      accessToken,
      csrfToken,
      refreshToken: service.mode === 'APPLICATION' ? refreshToken : null,
    };
    this.cookies.setRefreshToken(reply, refreshToken, expiresAt);
    this.cookies.setDevice(reply, userId);
    tellPosition(reply, position);
    if (wantsJson(request)) {
      await reply.header('Access-Control-Allow-Credentials', 'true').send(answer);
      return;
    }
    this.cookies.setAuthState(reply, answer);
    await reply.type('text/html; charset=utf-8').send(redirectPage(service.endpoint));
  }
}
