import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { IsUUID, ValidateIf } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import { asSessionId, asUserId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { ADMINISTRATORS } from '#domain/role.js';
import { Clock } from '#host/clock.js';
import { SessionQueries } from '#read-models/sessions/sessions.queries.js';
import { sessions } from '#read-models/sessions/sessions.projection.js';
import { users } from '#read-models/users/users.projection.js';
import { UserQueries } from '#read-models/users/users.queries.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { StepUp } from '../../access/step-up.js';
import { RequestContexts } from '../../request-context.js';
import { EndUserSessions } from '../../session/end-user-sessions.js';
import { Accounts } from '../../user/accounts.js';
import { ApiConsistencyToken, ApiIdempotencyKey } from './api-headers.js';
import { UserNameBody } from './bodies.js';
import { Consistency, tellPosition } from './consistency.js';
import { ApiPageRequest, pageRequestOf } from './page-request.js';
import { type QueryParameters, givenText } from './query-parameters.js';
import { SessionPage, sessionPageOf } from './session-views.js';
import { EmptyAnswer } from './token-answers.js';

class EndUserSessionsBody extends UserNameBody {
  @ApiProperty({ required: false, format: 'uuid', description: 'Of one session; left out, all of them end.' })
  // Null is no id: what was to be one session must not become all.
  @ValidateIf((_, id) => id !== undefined)
  @IsUUID(undefined, { message: '$property must be the id of a session, or be left out' })
  id?: string;
}

/** The sessions of a user for administrators: to see, and to end (SEC-71). */
@ApiTags('Administration')
@ApiBearerAuth('access-token')
@Controller('auth/users/sessions')
export class UserSessionsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: SessionQueries,
    private readonly users: UserQueries,
    private readonly accounts: Accounts,
    private readonly consistency: Consistency,
    private readonly contexts: RequestContexts,
    private readonly stepUp: StepUp,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Access('auth.users.listSessionsOfUser:read', ADMINISTRATORS)
  @ApiOperation({ operationId: 'listSessionsOfUser', summary: 'List the sessions of a user, the newest first' })
  @ApiQuery({ name: 'username', type: String })
  @ApiPageRequest()
  @ApiConsistencyToken()
  @ApiOkResponse({ type: SessionPage })
  async listSessionsOfUser(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionPage> {
    demandUnrestrictedToken(caller);
    const username = givenText(query, 'username');
    const page = pageRequestOf(query);
    await this.consistency.await(users, caller.position, request, reply);
    await this.consistency.await(sessions, caller.position, request, reply);
    const account = await this.users.byUsername(username);
    if (account === null) throw new Refused('user-unknown');
    const found = await this.queries.ofUser(asUserId(account.id), this.clock.now(), page);
    return sessionPageOf(page, found, caller.sessionId);
  }

  @Post('end')
  @HttpCode(200)
  @Access('auth.users.endSessionsOfUser:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'endSessionsOfUser', summary: 'End one session of a user, or all' })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: EmptyAnswer })
  async endSessionsOfUser(
    @Body() { userId, id }: EndUserSessionsBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandUnrestrictedToken(caller);
    await this.stepUp.demand(caller);
    const owner = await this.accounts.idOf(userId);
    if (owner === null) throw new Refused('user-unknown');
    const session = id === undefined ? null : asSessionId(id.toLowerCase());
    const context = this.contexts.repeatableBy(request, caller, { owner, session });
    tellPosition(reply, await this.commands.execute(new EndUserSessions(owner, session, context)));
    return {};
  }
}
