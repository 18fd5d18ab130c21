import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import { Refused } from '#domain/refused.js';
import { ADMINISTRATORS } from '#domain/role.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { StepUp } from '../../access/step-up.js';
import { RequestContexts } from '../../request-context.js';
import { Accounts } from '../../user/accounts.js';
import { AdministerUser } from '../../user/administer-user.js';
import { tellPosition } from './consistency.js';
import { EmptyAnswer } from './token-answers.js';
import {
  AdministerUserBody,
  AppointAuditorBody,
  ChangeRoleBody,
  ReasonedUserBody,
} from './user-administration-bodies.js';

/** What UCloud lacks: accounts that can be suspended and deleted, and roles that can change (design §4). */
@ApiTags('Administration')
@ApiBearerAuth('access-token')
@Controller('auth/users')
export class UserAdministrationController {
  constructor(
    private readonly commands: CommandBus,
    private readonly accounts: Accounts,
    private readonly stepUp: StepUp,
    private readonly contexts: RequestContexts,
  ) {}

  @Post('suspend')
  @HttpCode(200)
  @Access('auth.users.suspendUser:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'suspendUser', summary: 'Keep a user out; all their sessions end' })
  @ApiOkResponse({ type: EmptyAnswer })
  async suspendUser(
    @Body() { userId, reason = null }: AdministerUserBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    return this.administer(userId, { type: 'SuspendUser', by: caller.userId, reason }, caller, request, reply);
  }

  @Post('reinstate')
  @HttpCode(200)
  @Access('auth.users.reinstateUser:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'reinstateUser', summary: 'Let a suspended user in again' })
  @ApiOkResponse({ type: EmptyAnswer })
  async reinstateUser(
    @Body() { userId, reason = null }: AdministerUserBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    return this.administer(userId, { type: 'ReinstateUser', by: caller.userId, reason }, caller, request, reply);
  }

  @Post('role')
  @HttpCode(200)
  @Access('auth.users.changeRole:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'changeRole', summary: 'Give a user another role; all their sessions end' })
  @ApiOkResponse({ type: EmptyAnswer })
  async changeRole(
    @Body() { userId, role, reason = null }: ChangeRoleBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    return this.administer(userId, { type: 'ChangeRole', role, by: caller.userId, reason }, caller, request, reply);
  }

  @Post('requirePasswordChange')
  @HttpCode(200)
  @Access('auth.users.requirePasswordChange:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'requirePasswordChange',
    summary: 'Let a user do nothing before they have chosen another password; all their sessions end',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async requirePasswordChange(
    @Body() { userId, reason = null }: AdministerUserBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    const change = { type: 'RequirePasswordChange', by: caller.userId, reason } as const;
    return this.administer(userId, change, caller, request, reply);
  }

  @Post('auditor')
  @HttpCode(200)
  @Access('auth.users.appointAuditor:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'appointAuditor',
    summary: 'Let a user read the audit',
    description: 'From their next request on. They change nothing by it, and read nothing else than before.',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async appointAuditor(
    @Body() { userId, seesPersonalData, reason = null }: AppointAuditorBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    const change = { type: 'AppointAuditor', seesPersonalData, by: caller.userId, reason } as const;
    return this.administer(userId, change, caller, request, reply);
  }

  @Post('auditor/dismiss')
  @HttpCode(200)
  @Access('auth.users.dismissAuditor:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'dismissAuditor',
    summary: 'Let a user read the audit no more, from their next request on',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async dismissAuditor(
    @Body() { userId, reason = null }: AdministerUserBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    return this.administer(userId, { type: 'DismissAuditor', by: caller.userId, reason }, caller, request, reply);
  }

  @Post('delete')
  @HttpCode(200)
  @Access('auth.users.deleteUser:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'deleteUser',
    summary: 'Keep a user out for good; all their sessions end',
    description: 'The user name and the e-mail address stay taken.',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async deleteUser(
    @Body() { userId, reason }: ReasonedUserBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    return this.administer(userId, { type: 'DeleteUser', by: caller.userId, reason }, caller, request, reply);
  }

  /** @throws Refused `step-up-required` unless the administrator has just logged in (SEC-174) */
  private async administer(
    username: string,
    change: AdministerUser['change'],
    caller: AuthenticatedCaller,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandUnrestrictedToken(caller);
    await this.stepUp.demand(caller);
    const id = await this.accounts.idOf(username);
    if (id === null) throw new Refused('user-unknown');
    const context = this.contexts.by(request, caller);
    tellPosition(reply, await this.commands.execute(new AdministerUser(id, change, context)));
    return {};
  }
}
