import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { inMinutes } from '#domain/duration.js';
import { PRIVILEGED } from '#domain/role.js';
import { USER_ITERATOR_MS } from '#domain/user-iterator/user-iterator.js';
import { Settings } from '#host/settings.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { RequestContexts } from '../../request-context.js';
import { CloseUserIterator, FetchUsers, OpenUserIterator } from '../../user/iterate-users.js';
import { UserIteratorBody } from './bodies.js';
import { demandListed } from './listed-callers.js';
import { Principal, principalOf } from './principal.js';
import { EmptyAnswer } from './token-answers.js';

class OpenedUserIterator {
  @ApiProperty({ format: 'uuid' })
  id: string;
}

/** ucloud-users-api §14: for the few services that the settings name. */
@ApiTags('Users')
@ApiBearerAuth('access-token')
@Controller('auth/users/iterator')
export class UserIteratorController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
  ) {}

  @Post('open')
  @HttpCode(200)
  @Access('auth.users.openUserIterator:write', PRIVILEGED)
  @ApiOperation({
    operationId: 'openUserIterator',
    summary: `Begin a walk over all users; it lasts ${inMinutes(USER_ITERATOR_MS)} minutes`,
  })
  @ApiOkResponse({ type: OpenedUserIterator })
  async openUserIterator(
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<OpenedUserIterator> {
    const context = this.contextOf(request, caller);
    return { id: await this.commands.execute(new OpenUserIterator(caller.userId, context)) };
  }

  @Post('next')
  @HttpCode(200)
  @Access('auth.users.fetchNextIterator:write', PRIVILEGED)
  @ApiOperation({
    operationId: 'fetchNextIterator',
    summary: 'The next 1,000 users at most, each handed out once; an empty list at the end',
  })
  @ApiOkResponse({ type: [Principal] })
  async fetchNextIterator(
    @Body() { id }: UserIteratorBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<Principal[]> {
    const context = this.contextOf(request, caller);
    return (await this.commands.execute(new FetchUsers(id.toLowerCase(), caller.userId, context))).map(principalOf);
  }

  @Post('close')
  @HttpCode(200)
  @Access('auth.users.closeIterator:write', PRIVILEGED)
  @ApiOperation({ operationId: 'closeIterator', summary: 'End a walk over all users' })
  @ApiOkResponse({ type: EmptyAnswer })
  async closeIterator(
    @Body() { id }: UserIteratorBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    const context = this.contextOf(request, caller);
    await this.commands.execute(new CloseUserIterator(id.toLowerCase(), caller.userId, context));
    return {};
  }

  private contextOf(request: FastifyRequest, caller: AuthenticatedCaller) {
    demandListed(caller, 'userIterator', this.settings.userIteratorCallers);
    return this.contexts.by(request, caller);
  }
}
