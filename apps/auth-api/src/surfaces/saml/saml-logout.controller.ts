import { Controller, Cookies, Get, Headers, HttpCode, Post, Req, Res, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiCookieAuth,
  ApiFoundResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SamlRequests } from '#accounts/saml/saml-requests.js';
import { Refused } from '#domain/refused.js';
import { PUBLIC } from '#domain/role.js';
import { type LogoutMessage, readLogoutMessage } from '#saml/logout/read-logout.js';
import { splitRefreshToken } from '#tokens/refresh-token.js';
import { Access } from '../../access/access.decorator.js';
import { ANONYMOUS, RequestContexts } from '../../request-context.js';
import { BeginSamlLogout } from '../../saml/begin-saml-logout.js';
import { EndProviderSessions } from '../../saml/end-provider-sessions.js';
import { SamlParties, type TrustedProvider, ofProvider } from '../../saml/saml-parties.js';
import { LogOut } from '../../session/log-out.js';
import { BrowserSession, CSRF_HEADER } from '../ucloud/browser-session.js';
import { tellPosition } from '../ucloud/consistency.js';
import { LoginCookies, REFRESH_TOKEN_COOKIE } from '../ucloud/cookies.js';
import { BrowserBinding, type SentCookies } from './browser-binding.js';
import { SamlErrorFilter } from './saml-error.filter.js';
import { SamlPages } from './saml-pages.js';

/** Where a logout goes on. */
export class SamlLogoutAnswer {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Where to send the browser so that the identity provider ends its session, too; null for nowhere.',
  })
  redirectTo: string | null;
}

/** Single logout, begun here and there (SAML profiles §4.4). */
@ApiTags('SAML')
@Controller('auth/saml')
@UseFilters(SamlErrorFilter)
export class SamlLogoutController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly parties: SamlParties,
    private readonly requests: SamlRequests,
    private readonly binding: BrowserBinding,
    private readonly browser: BrowserSession,
    private readonly cookies: LoginCookies,
    private readonly pages: SamlPages,
  ) {}

  /** The session ends here whatever becomes of the other one (SEC-117). */
  @Post('logout')
  @HttpCode(200)
  @Access('auth.samlLogout:write', PUBLIC, 'or-anonymous')
  @ApiCookieAuth('refresh-token-cookie')
  @ApiHeader({ name: 'X-CSRFToken', required: true, description: 'What the login answered beside the cookie.' })
  @ApiOperation({
    operationId: 'samlLogout',
    summary: 'End the session of the refresh token in the cookie, and go on to its identity provider',
  })
  @ApiOkResponse({ type: SamlLogoutAnswer })
  async logout(
    @Cookies() cookies: SentCookies,
    @Headers(CSRF_HEADER) csrfToken: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SamlLogoutAnswer> {
    const presented = this.browser.demand(request, cookies[REFRESH_TOKEN_COOKIE], csrfToken);
    const sessionId = splitRefreshToken(presented)?.sessionId;
    if (sessionId === undefined) throw new Refused('refresh-token-unknown');
    const context = this.contexts.of(request);
    tellPosition(reply, await this.commands.execute(new LogOut(presented, context)));
    this.cookies.clearRefreshToken(reply);
    const secret = this.binding.newSecret();
    const sent = await this.commands.execute(new BeginSamlLogout(sessionId, secret.hash, this.contexts.of(request)));
    if (sent === null) return { redirectTo: null };
    this.binding.bind(reply, sent.requestId, secret, cookies);
    return { redirectTo: sent.location };
  }

  @Get('sls')
  @Access('auth.samlLogout:read', PUBLIC, 'or-anonymous')
  @ApiOperation({
    operationId: 'samlSingleLogout',
    summary: 'Take a signed logout message of an identity provider, by HTTP-Redirect',
    description: 'A request ends the sessions that it names; a response ends a logout that was begun here.',
  })
  @ApiFoundResponse({ description: 'After a request: back to the identity provider with our answer.' })
  async singleLogout(
    @Cookies() cookies: SentCookies,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { message, provider } = this.read(request);
    try {
      if (message.kind === 'request') await this.ended(message, provider, request, reply);
      else await this.answered(message, provider, cookies, request, reply);
    } catch (error) {
      throw ofProvider(error, provider);
    }
  }

  private read(request: FastifyRequest): { message: LogoutMessage; provider: TrustedProvider } {
    const { serviceProvider } = this.parties;
    const { now } = this.contexts.of(request);
    const [, query = ''] = /\?(.*)$/s.exec(request.url) ?? [];
    return this.parties.reading((identityProvider) =>
      readLogoutMessage(query, { serviceProvider, identityProvider, now }),
    );
  }

  private async ended(
    message: Extract<LogoutMessage, { kind: 'request' }>,
    provider: TrustedProvider,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const end = new EndProviderSessions(message, provider, this.contexts.of(request));
    const location = await this.commands.execute(end);
    if (location === null) await this.pages.loggedOut(true, request, reply);
    else await reply.redirect(location, 302);
  }

  private async answered(
    { requestId, success }: Extract<LogoutMessage, { kind: 'response' }>,
    { metadata: { name: identityProvider } }: TrustedProvider,
    cookies: SentCookies,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const context = { ...this.contexts.of(request), ...ANONYMOUS };
    const browserHash = this.binding.hashFor(requestId, cookies);
    const answer = { requestId, kind: 'logout', identityProvider, browserHash, now: context.now } as const;
    await this.requests.answer(answer, context);
    this.binding.release(reply, requestId);
    await this.pages.loggedOut(success, request, reply);
  }
}
