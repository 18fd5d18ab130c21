import { Body, Controller, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { asOneTimeTokenId, isUuid } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { PRIVILEGED, PUBLIC, type Role } from '#domain/role.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import { bearerOf } from '../../access/bearer.strategy.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { BadRequest } from '../../bad-request.js';
import { ClaimOneTimeToken } from '../../one-time-token/claim-one-time-token.js';
import { RequestOneTimeToken } from '../../one-time-token/request-one-time-token.js';
import { RequestContexts } from '../../request-context.js';
import { ExtendSession } from '../../session/extend-session.js';
import { InvalidateRefreshTokens } from '../../session/invalidate-refresh-tokens.js';
import { LogOut } from '../../session/log-out.js';
import { RefreshSession } from '../../session/refresh-session.js';
import { ApiIdempotencyKey } from './api-headers.js';
import { BulkInvalidateBody, TokenExtensionBody } from './bodies.js';
import { tellPosition } from './consistency.js';
import { type QueryParameters, givenText } from './query-parameters.js';
import { AccessTokenAnswer, EmptyAnswer, OneTimeAccessToken, OptionalAuthenticationTokens } from './token-answers.js';

/** Who may try to extend a token; users are refused by the rules (ucloud-users-api §4.9). */
const EXTENDERS: readonly Role[] = ['SERVICE', 'ADMIN'];

/** ucloud-users-api §4, the calls that take and give tokens. */
@ApiTags('Tokens')
@Controller('auth')
export class TokensController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
  ) {}

  @Post('refresh')
  @HttpCode(200)
  @Access('auth.refresh:write', PUBLIC, 'or-anonymous')
  @ApiBearerAuth('refresh-token')
  @ApiOperation({ operationId: 'refresh', summary: 'Get an access token for a refresh token' })
  @ApiOkResponse({ type: AccessTokenAnswer })
  async refresh(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessTokenAnswer> {
    const command = new RefreshSession(refreshTokenOf(request), this.contexts.of(request));
    const { accessToken, refreshToken, rotated, position } = await this.commands.execute(command);
    tellPosition(reply, position);
    return rotated ? { accessToken, refreshToken } : { accessToken };
  }

  @Post('logout')
  @HttpCode(200)
  @Access('auth.logout:write', PUBLIC, 'or-anonymous')
  @ApiBearerAuth('refresh-token')
  @ApiOperation({ operationId: 'logout', summary: 'End the session of a refresh token' })
  @ApiOkResponse({ type: EmptyAnswer })
  async logout(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<EmptyAnswer> {
    tellPosition(reply, await this.commands.execute(new LogOut(refreshTokenOf(request), this.contexts.of(request))));
    return {};
  }

  @Post('logout/bulk')
  @HttpCode(200)
  @Access('auth.bulkInvalidate:write', PRIVILEGED)
  @ApiBearerAuth('access-token')
  @ApiOperation({ operationId: 'bulkInvalidate', summary: 'End the sessions of many refresh tokens' })
  @ApiOkResponse({ type: EmptyAnswer })
  async bulkInvalidate(
    @Body() { tokens }: BulkInvalidateBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.commands.execute(new InvalidateRefreshTokens(tokens, caller, this.contexts.of(request)));
    return {};
  }

  @Post('extend')
  @HttpCode(200)
  @Access('auth.tokenExtension:write', EXTENDERS)
  @ApiBearerAuth('access-token')
  @ApiOperation({ operationId: 'tokenExtension', summary: 'Derive a narrower token from an access token' })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: OptionalAuthenticationTokens })
  async tokenExtension(
    @Body() body: TokenExtensionBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OptionalAuthenticationTokens> {
    const { validJWT, requestedScopes, expiresIn, allowRefreshes = false } = body;
    const requested = {
      accessToken: validJWT,
      scopes: requestedScopes,
      lifetimeMs: expiresIn,
      refreshable: allowRefreshes,
    };
    const context = this.contexts.repeatable(request, caller.userId, body);
    const tokens = await this.commands.execute(new ExtendSession(requested, caller, context));
    tellPosition(reply, tokens.position);
    const { accessToken, csrfToken, refreshToken } = tokens;
    return { accessToken, csrfToken: allowRefreshes ? csrfToken : null, refreshToken };
  }

  @Post('request')
  @HttpCode(200)
  @Access('auth.requestOneTimeTokenWithAudience:write', PUBLIC)
  @ApiBearerAuth('access-token')
  @ApiOperation({ operationId: 'requestOneTimeTokenWithAudience', summary: 'Get a token that is good once' })
  @ApiQuery({ name: 'audience', type: String, description: 'Scopes, separated by commas.' })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: OneTimeAccessToken })
  async requestOneTimeToken(
    @Query('audience') audience: unknown,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<OneTimeAccessToken> {
    const scopes = scopesOf('audience', audience);
    if (scopes.length === 0) throw new BadRequest('parameter-invalid', 'audience must name at least one scope.');
    const context = this.contexts.repeatable(request, caller.userId, scopes);
    return this.commands.execute(new RequestOneTimeToken(scopes, caller, context));
  }

  @Post('claim')
  @HttpCode(200)
  @Access('auth.claim:write', PRIVILEGED)
  @ApiBearerAuth('access-token')
  @ApiOperation({ operationId: 'claim', summary: 'Claim a one-time token; only the first claim succeeds' })
  @ApiQuery({ name: 'jti', type: String })
  @ApiQuery({
    name: 'audience',
    type: String,
    required: false,
    description: 'The scopes that the claimer is about to accept it for; refused with 403 if it is not for them.',
  })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: EmptyAnswer })
  async claim(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    const jti = givenText(query, 'jti');
    // Only UUIDs are ever issued; nothing else may become the name of a stream.
    if (!isUuid(jti)) throw new Refused('one-time-token-unknown');
    const intendedUse = scopesOf('audience', query['audience']);
    const context = this.contexts.repeatable(request, caller.userId, { jti, intendedUse });
    await this.commands.execute(new ClaimOneTimeToken(asOneTimeTokenId(jti), intendedUse, caller, context));
    return {};
  }
}

function refreshTokenOf(request: FastifyRequest): string {
  const token = bearerOf(request);
  if (token === null)
    throw new Refused('refresh-token-unknown', 'Send a refresh token as Authorization: Bearer <token>.');
  return token;
}

function scopesOf(name: string, value: unknown): readonly string[] {
  if (value === undefined || value === '') return [];
  if (typeof value !== 'string') throw new BadRequest('parameter-invalid', `${name} must be given once.`);
  return value.split(',');
}
