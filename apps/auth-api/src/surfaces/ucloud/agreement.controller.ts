import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { END_USER } from '#domain/role.js';
import { Settings } from '#host/settings.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { RequestContexts } from '../../request-context.js';
import { ChangeUser } from '../../user/change-user.js';
import { AcceptAgreementBody } from './bodies.js';
import { tellPosition } from './consistency.js';
import { EmptyAnswer } from './token-answers.js';

class Agreement {
  @ApiProperty({ description: '0: there is nothing to accept.' })
  version: number;

  @ApiProperty()
  text: string;
}

/** The service licence agreement (ucloud-users-api §16.1). */
@ApiTags('Service licence agreement')
@ApiBearerAuth('access-token')
@Controller('api/sla')
export class AgreementController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
  ) {}

  @Get()
  @Access('sla.find:read', END_USER)
  @ApiOperation({ operationId: 'find', summary: 'The current agreement' })
  @ApiOkResponse({ type: Agreement })
  find(): Agreement {
    const { version, text } = this.settings.serviceLicenseAgreement;
    return { version, text };
  }

  @Post('accept')
  @HttpCode(200)
  @Access('sla.accept:write', END_USER)
  @ApiOperation({ operationId: 'accept', summary: 'Accept the current agreement' })
  @ApiOkResponse({ type: EmptyAnswer })
  async accept(
    @Body() { version }: AcceptAgreementBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    const { version: current } = this.settings.serviceLicenseAgreement;
    const change = { type: 'AcceptAgreement', version, current } as const;
    const context = this.contexts.by(request, caller);
    tellPosition(reply, await this.commands.execute(new ChangeUser(caller.userId, change, context)));
    return {};
  }
}
