import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SubjectErasure } from '#accounts/erasure/subject-erasure.js';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import { type UserId, asUserId, isUuid } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { ADMINISTRATORS, END_USER } from '#domain/role.js';
import { ERASURE_GROUNDS } from '#domain/user/erasure-report.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { StepUp } from '../../access/step-up.js';
import { EraseUser } from '../../erasure/erase-user.js';
import { HoldUser } from '../../erasure/hold-user.js';
import { BadRequest } from '../../bad-request.js';
import { RequestContexts } from '../../request-context.js';
import { tellPosition } from './consistency.js';
import { LoginCookies } from './cookies.js';
import { LegalHoldBody } from './erasure-bodies.js';
import { ErasureView, erasureViewOf } from './erasure-views.js';
import { type QueryParameters, oneOf } from './query-parameters.js';
import { EmptyAnswer } from './token-answers.js';

/** Said by who wants to be forgotten: nobody does that by mistake, or because a link was followed. */
const CONFIRMATION = 'forget-me-for-good';

/** Forgetting somebody (GDPR Art. 17), which UCloud lacks. */
@ApiTags('Privacy')
@ApiBearerAuth('access-token')
@Controller('auth/users')
export class ErasureController {
  constructor(
    private readonly commands: CommandBus,
    private readonly erasure: SubjectErasure,
    private readonly stepUp: StepUp,
    private readonly contexts: RequestContexts,
    private readonly cookies: LoginCookies,
  ) {}

  @Delete('self')
  @Access('auth.users.eraseSelf:write', END_USER)
  @ApiOperation({
    operationId: 'eraseSelf',
    summary: 'Be forgotten: your account ends, and everything personal in it is destroyed for good',
    description: 'Administrators ask another administrator.',
  })
  @ApiQuery({ name: 'confirm', schema: { type: 'string', enum: [CONFIRMATION] } })
  @ApiOkResponse({ type: ErasureView })
  async eraseSelf(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ErasureView> {
    demandUnrestrictedToken(caller);
    demandGiven('confirm', oneOf(query, 'confirm', [CONFIRMATION]));
    await this.stepUp.demand(caller);
    const erasure = { type: 'EraseUser', by: caller.userId, ground: 'own-request', ticket: null } as const;
    const context = this.contexts.by(request, caller);
    const erased = await this.commands.execute(new EraseUser(caller.userId, erasure, context));
    this.cookies.clearRefreshToken(reply);
    return erasureViewOf(erased);
  }

  @Delete(':id')
  @Access('auth.users.eraseUser:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'eraseUser',
    summary: 'Forget a user: their account ends, and everything personal in it is destroyed for good',
    description:
      'Asked again, it answers the same and does nothing. Name and address can be taken by others afterwards.',
  })
  @ApiParam({ name: 'id', description: 'The `userId`, also of a user that was deleted.' })
  @ApiQuery({ name: 'ground', enum: ERASURE_GROUNDS, description: 'GDPR Art. 17(1): why it has to be done.' })
  @ApiQuery({ name: 'ticket', required: false, description: 'Where the request is on file; no name of a person.' })
  @ApiOkResponse({ type: ErasureView })
  async eraseUser(
    @Param('id') id: string,
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<ErasureView> {
    demandUnrestrictedToken(caller);
    const ground = demandGiven('ground', oneOf(query, 'ground', ERASURE_GROUNDS));
    const ticket = ticketIn(query);
    await this.stepUp.demand(caller);
    const erasure = { type: 'EraseUser', by: caller.userId, ground, ticket } as const;
    const context = this.contexts.by(request, caller);
    return erasureViewOf(await this.commands.execute(new EraseUser(idOf(id), erasure, context)));
  }

  @Get(':id/erasure')
  @Access('auth.users.retrieveErasure:read', ADMINISTRATORS)
  @ApiOperation({ operationId: 'retrieveErasure', summary: 'See how a user was forgotten, and what was destroyed' })
  @ApiOkResponse({ type: ErasureView })
  async retrieveErasure(@Param('id') id: string, @CurrentCaller() caller: AuthenticatedCaller): Promise<ErasureView> {
    demandUnrestrictedToken(caller);
    return erasureViewOf(await this.erasure.report(idOf(id)));
  }

  @Post(':id/hold')
  @HttpCode(200)
  @Access('auth.users.placeLegalHold:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'placeLegalHold', summary: 'Keep a user from being erased' })
  @ApiOkResponse({ type: EmptyAnswer })
  async placeLegalHold(
    @Param('id') id: string,
    @Body() { reason }: LegalHoldBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    return this.hold(id, { what: 'PlaceLegalHold', reason }, caller, request, reply);
  }

  @Post(':id/hold/lift')
  @HttpCode(200)
  @Access('auth.users.liftLegalHold:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'liftLegalHold', summary: 'Let a user be erased again' })
  @ApiOkResponse({ type: EmptyAnswer })
  async liftLegalHold(
    @Param('id') id: string,
    @Body() { reason }: LegalHoldBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    return this.hold(id, { what: 'LiftLegalHold', reason }, caller, request, reply);
  }

  private async hold(
    id: string,
    { what, reason }: Pick<HoldUser, 'what' | 'reason'>,
    caller: AuthenticatedCaller,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandUnrestrictedToken(caller);
    await this.stepUp.demand(caller);
    const command = new HoldUser(idOf(id), what, reason, this.contexts.by(request, caller));
    tellPosition(reply, await this.commands.execute(command));
    return {};
  }
}

/** @throws Refused `user-unknown` */
function idOf(id: string): UserId {
  if (!isUuid(id)) throw new Refused('user-unknown');
  return asUserId(id);
}

function demandGiven<Value>(name: string, value: Value | null): Value {
  if (value === null) throw new BadRequest('parameter-invalid', `${name} is missing.`);
  return value;
}

function ticketIn({ ticket }: QueryParameters): string | null {
  if (ticket === undefined) return null;
  if (typeof ticket !== 'string') throw new BadRequest('parameter-invalid', 'ticket must be given once.');
  return ticket;
}
