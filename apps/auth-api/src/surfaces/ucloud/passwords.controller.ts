import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandOwnToken } from '#domain/access/access.js';
import { Refused } from '#domain/refused.js';
import { END_USER, SERVICES } from '#domain/role.js';
import { Settings } from '#host/settings.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { RequestContexts } from '../../request-context.js';
import { Accounts } from '../../user/accounts.js';
import { ChangePassword, ResetPassword } from '../../user/change-password.js';
import { ChangePasswordBody, ResetPasswordBody } from './bodies.js';
import { addressOf } from './client-trace.js';
import { tellPosition } from './consistency.js';
import { demandListed } from './listed-callers.js';
import { optionalCodeOf } from './second-factor-code.js';
import { EmptyAnswer } from './token-answers.js';

/** ucloud-users-api §5.6 and §5.7; both end sessions, which UCloud leaves alive (SEC-09). */
@ApiTags('Users')
@ApiBearerAuth('access-token')
@Controller('auth/users/password')
export class PasswordsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly accounts: Accounts,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
  ) {}

  @Post()
  @HttpCode(200)
  @Access('auth.users.changePassword:write', END_USER)
  @ApiOperation({ operationId: 'changePassword', summary: 'Change your password; your other sessions end' })
  @ApiOkResponse({ type: EmptyAnswer })
  async changePassword(
    @Body() body: ChangePasswordBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandOwnToken(caller);
    const context = this.contexts.by(request, caller);
    const command = new ChangePassword(caller, body, optionalCodeOf(body), addressOf(request), context);
    tellPosition(reply, await this.commands.execute(command));
    return {};
  }

  @Post('reset')
  @HttpCode(200)
  @Access('auth.users.changePasswordWithReset:write', SERVICES)
  @ApiOperation({
    operationId: 'changePasswordWithReset',
    summary: 'Give a user another password; all sessions of the user end',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async changePasswordWithReset(
    @Body() { userId, newPassword }: ResetPasswordBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandListed(caller, 'passwordReset', this.settings.passwordResetCallers);
    const account = await this.accounts.byUsername(userId);
    if (account === null) throw new Refused('user-unknown');
    const context = this.contexts.by(request, caller);
    tellPosition(reply, await this.commands.execute(new ResetPassword(account, newPassword, context)));
    return {};
  }
}
