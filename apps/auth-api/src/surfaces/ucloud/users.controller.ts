import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandMayCreate, demandOwnToken, demandUnrestrictedToken } from '#domain/access/access.js';
import { readable } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import { END_USER, PRIVILEGED } from '#domain/role.js';
import { ownEmail } from '#domain/user/federation.js';
import type { Registrar } from '#domain/user/user-events.js';
import { UserQueries, shownEmail } from '#read-models/users/users.queries.js';
import { users } from '#read-models/users/users.projection.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { StepUp } from '../../access/step-up.js';
import { EmailChanges } from '../../email-change/email-changes.js';
import { RequestContexts } from '../../request-context.js';
import { ChangeUser } from '../../user/change-user.js';
import { CreateUsers } from '../../user/create-users.js';
import type { NewUser } from '#accounts/user-registration.js';
import { ApiConsistencyToken, ApiIdempotencyKey } from './api-headers.js';
import { ApiListBody } from './api-list-body.js';
import { CreateUserBody, UpdateUserInfoBody } from './bodies.js';
import { ListCheck } from './body-checks.js';
import { clientTraceOf } from './client-trace.js';
import { Consistency, tellPosition } from './consistency.js';
import { AuthenticationTokens, EmptyAnswer } from './token-answers.js';
import { UserInfo } from './user-info.js';

const MAX_USERS = 100;

/** ucloud-users-api §5. */
@ApiTags('Users')
@ApiBearerAuth('access-token')
@Controller('auth/users')
export class UsersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: UserQueries,
    private readonly consistency: Consistency,
    private readonly contexts: RequestContexts,
    private readonly emailChanges: EmailChanges,
    private readonly stepUp: StepUp,
  ) {}

  @Post('register')
  @HttpCode(200)
  @Access('auth.users.createNewUser:write', PRIVILEGED)
  @ApiOperation({
    operationId: 'createNewUser',
    summary: 'Create users, all or none',
    description:
      'The answer has, in the same order, the tokens of a session opened for each; services keep theirs as their credential.',
  })
  @ApiListBody(CreateUserBody, MAX_USERS)
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: [AuthenticationTokens] })
  async createNewUser(
    @Body(new ListCheck(CreateUserBody, MAX_USERS)) bodies: CreateUserBody[],
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthenticationTokens[]> {
    demandOwnToken(caller);
    const withoutPasswords = bodies.map(({ password: _, ...body }) => body);
    const context = this.contexts.repeatableBy(request, caller, withoutPasswords);
    const registeredBy = caller.role === 'ADMIN' ? 'administrator' : 'service';
    const wanted = bodies.map((body) => asNewUser(body, registeredBy));
    for (const { role } of wanted) demandMayCreate(role, caller);
    if (wanted.some(({ role }) => role !== 'USER')) await this.stepUp.demandOfAdministrators(caller);
    const created = await this.commands.execute(new CreateUsers(wanted, caller.userId, context));
    tellPosition(reply, created.at(-1)?.position);
    return created.map(({ accessToken, refreshToken, csrfToken }) => ({ accessToken, refreshToken, csrfToken }));
  }

  @Get('userInfo')
  @Access('auth.users.getUserInfo:read', END_USER)
  @ApiOperation({ operationId: 'getUserInfo', summary: 'Your name and e-mail address' })
  @ApiConsistencyToken()
  @ApiOkResponse({ type: UserInfo })
  async getUserInfo(
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserInfo> {
    await this.consistency.await(users, caller.position, request, reply);
    const row = await this.queries.byId(caller.userId);
    if (row === null) throw new Refused('user-unknown');
    const { firstNames, lastName } = row;
    return { email: shownEmail(row), firstNames, lastName };
  }

  @Post('updateUserInfo')
  @HttpCode(200)
  @Access('auth.users.updateUserInfo:write', END_USER)
  @ApiOperation({ operationId: 'updateUserInfo', summary: 'Correct your name, or ask for another e-mail address' })
  @ApiOkResponse({ type: EmptyAnswer })
  async updateUserInfo(
    @Body() { email = null, firstNames = null, lastName = null }: UpdateUserInfoBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandUnrestrictedToken(caller);
    const context = this.contexts.by(request, caller);
    const isNew = email !== null && email.trim() !== '' && email !== readable(ownEmail(caller.account));
    // Whoever has the address can reset the password (SEC-63).
    if (isNew) await this.stepUp.demand(caller);
    const client = clientTraceOf(request);
    const requested = isNew ? await this.emailChanges.request(caller.userId, email, client, context) : null;
    const change = { type: 'ChangeProfile', firstNames, lastName, email: requested } as const;
    tellPosition(reply, await this.commands.execute(new ChangeUser(caller.userId, change, context)));
    return {};
  }
}

const asNewUser = (body: CreateUserBody, registeredBy: Registrar): NewUser => ({
  username: body.username,
  role: body.role ?? 'USER',
  password: body.password ?? null,
  email: body.email ?? null,
  firstNames: body.firstnames ?? null,
  lastName: body.lastname ?? null,
  organizationId: body.orgId ?? null,
  registeredBy,
});
