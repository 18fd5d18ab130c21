import { Controller, Cookies, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiCookieAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refused } from '#domain/refused.js';
import { PUBLIC } from '#domain/role.js';
import { Settings } from '#host/settings.js';
import { CsrfTokens } from '#tokens/csrf-token.js';
import { splitRefreshToken } from '#tokens/refresh-token.js';
import { Access } from '../../access/access.decorator.js';
import { BadRequest } from '../../bad-request.js';
import { RequestContexts } from '../../request-context.js';
import { LogOut } from '../../session/log-out.js';
import { RefreshSession } from '../../session/refresh-session.js';
import { tellPosition } from './consistency.js';
import { LoginCookies, REFRESH_TOKEN_COOKIE } from './cookies.js';
import { demandTrustedOrigin } from './origin.js';
import { AccessTokenAndCsrf, EmptyAnswer } from './token-answers.js';

const CSRF_HEADER = 'x-csrftoken';

/** ucloud-users-api §4.10 and §4.11: for browsers, which keep the refresh token in a cookie out of reach of scripts. */
@ApiTags('Tokens')
@ApiCookieAuth('refresh-token-cookie')
@ApiHeader({ name: 'X-CSRFToken', required: true, description: 'What the login answered beside the cookie.' })
@Controller('auth')
export class WebTokensController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly cookies: LoginCookies,
    private readonly csrfTokens: CsrfTokens,
    private readonly settings: Settings,
  ) {}

  @Post('refresh/web')
  @HttpCode(200)
  @Access('auth.webRefresh:write', PUBLIC, 'or-anonymous')
  @ApiOperation({ operationId: 'webRefresh', summary: 'Get an access token for the refresh token in the cookie' })
  @ApiOkResponse({ type: AccessTokenAndCsrf })
  async webRefresh(
    @Cookies(REFRESH_TOKEN_COOKIE) cookie: string | undefined,
    @Headers(CSRF_HEADER) csrfToken: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessTokenAndCsrf> {
    const presented = this.demandBrowser(request, cookie, csrfToken);
    const tokens = await this.commands.execute(new RefreshSession(presented, this.contexts.of(request)));
    if (tokens.rotated) this.cookies.setRefreshToken(reply, tokens.refreshToken, tokens.expiresAt);
    tellPosition(reply, tokens.position);
    return { accessToken: tokens.accessToken, csrfToken: tokens.csrfToken };
  }

  @Post('logout/web')
  @HttpCode(200)
  @Access('auth.webLogout:write', PUBLIC, 'or-anonymous')
  @ApiOperation({ operationId: 'webLogout', summary: 'End the session of the refresh token in the cookie' })
  @ApiOkResponse({ type: EmptyAnswer })
  async webLogout(
    @Cookies(REFRESH_TOKEN_COOKIE) cookie: string | undefined,
    @Headers(CSRF_HEADER) csrfToken: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    const presented = this.demandBrowser(request, cookie, csrfToken);
    tellPosition(reply, await this.commands.execute(new LogOut(presented, this.contexts.of(request))));
    this.cookies.clearRefreshToken(reply);
    return {};
  }

  /** The refresh token, if a page of ours and no other sent it (SEC-119). */
  private demandBrowser(request: FastifyRequest, cookie: string | undefined, csrfToken: string | undefined): string {
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
