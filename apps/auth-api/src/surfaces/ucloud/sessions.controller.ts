import { Controller, Delete, Get, Param, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import { asSessionId, isUuid } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { END_USER, PUBLIC } from '#domain/role.js';
import { Clock } from '#host/clock.js';
import { SessionQueries } from '#read-models/sessions/sessions.queries.js';
import { sessions } from '#read-models/sessions/sessions.projection.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { BadRequest } from '../../bad-request.js';
import { RequestContexts } from '../../request-context.js';
import { EndSession } from '../../session/end-session.js';
import { InvalidateSessions } from '../../session/invalidate-sessions.js';
import { ApiConsistencyToken, ApiIdempotencyKey } from './api-headers.js';
import { Consistency, tellPosition } from './consistency.js';
import { LoginCookies } from './cookies.js';
import { ApiPageRequest, pageRequestOf } from './page-request.js';
import type { QueryParameters } from './query-parameters.js';
import { CurrentSessionView, SessionPage, currentViewOf, sessionPageOf } from './session-views.js';
import { EmptyAnswer } from './token-answers.js';

/** ucloud-users-api §4.1 and §4.5, and what it lacks: single sessions. */
@ApiTags('Sessions')
@ApiBearerAuth('access-token')
@Controller('auth/sessions')
export class SessionsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: SessionQueries,
    private readonly consistency: Consistency,
    private readonly contexts: RequestContexts,
    private readonly cookies: LoginCookies,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Access('auth.listUserSessions:read', END_USER)
  @ApiOperation({ operationId: 'listUserSessions', summary: 'List your sessions, the newest first' })
  @ApiPageRequest()
  @ApiConsistencyToken()
  @ApiOkResponse({ type: SessionPage })
  async list(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionPage> {
    demandUnrestrictedToken(caller);
    const page = pageRequestOf(query);
    await this.consistency.await(sessions, caller.position, request, reply);
    const found = await this.queries.ofUser(caller.userId, this.clock.now(), page);
    return sessionPageOf(page, found, caller.sessionId);
  }

  @Get('current')
  @Access('auth.currentSession:read', PUBLIC)
  @ApiOperation({ operationId: 'currentSession', summary: 'Check your session: who you are here, and until when' })
  @ApiOkResponse({ type: CurrentSessionView })
  current(@CurrentCaller() caller: AuthenticatedCaller): CurrentSessionView {
    return currentViewOf(caller);
  }

  @Delete()
  @Access('auth.invalidateSessions:write', END_USER)
  @ApiOperation({ operationId: 'invalidateSessions', summary: 'End all your sessions' })
  @ApiQuery({ name: 'keepCurrent', required: false, schema: { type: 'boolean', default: false } })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: EmptyAnswer })
  async invalidate(
    @Query('keepCurrent') keepCurrent: unknown,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandUnrestrictedToken(caller);
    const keep = flagOf('keepCurrent', keepCurrent);
    const context = this.contexts.repeatable(request, caller.userId, { keep });
    tellPosition(reply, await this.commands.execute(new InvalidateSessions(keep, caller, context)));
    if (!keep) this.cookies.clearRefreshToken(reply);
    return {};
  }

  @Delete(':id')
  @Access('auth.endSession:write', END_USER)
  @ApiOperation({ operationId: 'endSession', summary: 'End one of your sessions' })
  @ApiOkResponse({ type: EmptyAnswer })
  async end(
    @Param('id') id: string,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandUnrestrictedToken(caller);
    if (!isUuid(id)) throw new Refused('session-unknown');
    const command = new EndSession(asSessionId(id), caller, this.contexts.of(request));
    tellPosition(reply, await this.commands.execute(command));
    if (id === caller.sessionId) this.cookies.clearRefreshToken(reply);
    return {};
  }
}

function flagOf(name: string, value: unknown): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new BadRequest('parameter-invalid', `${name} must be true or false.`);
}
