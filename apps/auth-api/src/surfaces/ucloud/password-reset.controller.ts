import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PUBLIC } from '#domain/role.js';
import { demandEmail } from '#domain/user/email-address.js';
import { Settings } from '#host/settings.js';
import { Access } from '../../access/access.decorator.js';
import { RedeemPasswordReset } from '../../password-reset/redeem-password-reset.js';
import { RequestPasswordReset } from '../../password-reset/request-password-reset.js';
import { RequestContexts } from '../../request-context.js';
import { Text } from './body-rules.js';
import { clientTraceOf } from './client-trace.js';
import { tellPosition } from './consistency.js';
import { demandNoForeignOrigin } from './origin.js';
import { EmptyAnswer } from './token-answers.js';

export class RequestPasswordResetBody {
  @ApiProperty()
  @Text()
  email: string;
}

export class NewPasswordBody {
  @ApiProperty({ description: 'What stands in the mail.' })
  @Text()
  token: string;

  @ApiProperty({ format: 'password' })
  @Text()
  newPassword: string;
}

/** ucloud-users-api §15.3, without its weaknesses: it tells nobody who has an account, and a token is good once. */
@ApiTags('Password reset')
@Controller('api/password/reset')
export class PasswordResetController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
  ) {}

  @Post()
  @HttpCode(200)
  @Access('password.reset.reset:write', PUBLIC, 'or-anonymous')
  @ApiOperation({
    operationId: 'reset',
    summary: 'Ask for a new password by mail; the answer is the same for an address that nobody has',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async reset(@Body() { email }: RequestPasswordResetBody, @Req() request: FastifyRequest): Promise<EmptyAnswer> {
    demandNoForeignOrigin(request, this.settings);
    demandEmail(email);
    const client = clientTraceOf(request);
    await this.commands.execute(new RequestPasswordReset(email, client, this.contexts.of(request)));
    return {};
  }

  @Post('new')
  @HttpCode(200)
  @Access('password.reset.newPassword:write', PUBLIC, 'or-anonymous')
  @ApiOperation({
    operationId: 'newPassword',
    summary: 'Choose a new password with the token of the mail, once; all your sessions end',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async newPassword(
    @Body() { token, newPassword }: NewPasswordBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandNoForeignOrigin(request, this.settings);
    const command = new RedeemPasswordReset(token, newPassword, this.contexts.of(request));
    tellPosition(reply, await this.commands.execute(command));
    return {};
  }
}
