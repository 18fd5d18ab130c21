import { Controller, Cookies, Headers, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiCookieAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PUBLIC } from '#domain/role.js';
import { Access } from '../../access/access.decorator.js';
import { RequestContexts } from '../../request-context.js';
import { LogOut } from '../../session/log-out.js';
import { RefreshSession } from '../../session/refresh-session.js';
import { BrowserSession, CSRF_HEADER } from './browser-session.js';
import { tellPosition } from './consistency.js';
import { LoginCookies, REFRESH_TOKEN_COOKIE } from './cookies.js';
import { AccessTokenAndCsrf, EmptyAnswer } from './token-answers.js';

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
    private readonly browser: BrowserSession,
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
    const presented = this.browser.demand(request, cookie, csrfToken);
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
    const presented = this.browser.demand(request, cookie, csrfToken);
    tellPosition(reply, await this.commands.execute(new LogOut(presented, this.contexts.of(request))));
    this.cookies.clearRefreshToken(reply);
    return {};
  }
}
