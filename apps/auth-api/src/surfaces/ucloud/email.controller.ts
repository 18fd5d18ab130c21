import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PUBLIC } from '#domain/role.js';
import { Settings } from '#host/settings.js';
import { Access } from '../../access/access.decorator.js';
import { ConfirmEmailChange } from '../../email-change/confirm-email-change.js';
import { UndoEmailChange } from '../../email-change/undo-email-change.js';
import { RequestContexts } from '../../request-context.js';
import { Text } from './body-rules.js';
import { tellPosition } from './consistency.js';
import { demandNoForeignOrigin } from './origin.js';
import { EmptyAnswer } from './token-answers.js';

export class EmailTokenBody {
  @ApiProperty({ description: 'What stands in the mail.' })
  @Text()
  token: string;
}

/** What UCloud lacks: an e-mail address is changed by who reads its mail, and can be taken back (SEC-63). */
@ApiTags('Users')
@Controller('auth/users/email')
export class EmailController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
  ) {}

  @Post('confirm')
  @HttpCode(200)
  @Access('auth.users.confirmEmail:write', PUBLIC, 'or-anonymous')
  @ApiOperation({ operationId: 'confirmEmail', summary: 'Confirm a new e-mail address with the token of its mail' })
  @ApiOkResponse({ type: EmptyAnswer })
  async confirmEmail(
    @Body() { token }: EmailTokenBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandNoForeignOrigin(request, this.settings);
    tellPosition(reply, await this.commands.execute(new ConfirmEmailChange(token, this.contexts.of(request))));
    return {};
  }

  @Post('undo')
  @HttpCode(200)
  @Access('auth.users.undoEmail:write', PUBLIC, 'or-anonymous')
  @ApiOperation({
    operationId: 'undoEmail',
    summary: 'Take the account back with the token of the mail to the previous address; all sessions end',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async undoEmail(
    @Body() { token }: EmailTokenBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    demandNoForeignOrigin(request, this.settings);
    tellPosition(reply, await this.commands.execute(new UndoEmailChange(token, this.contexts.of(request))));
    return {};
  }
}
