import { Readable } from 'node:stream';
import { Controller, Get, Param, Req, StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { SubjectExport } from '#accounts/export/subject-export.js';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import { type UserId, asUserId, isUuid } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { ADMINISTRATORS, END_USER } from '#domain/role.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { StepUp } from '../../access/step-up.js';
import { RequestContexts } from '../../request-context.js';

const ApiExport = () =>
  ApiOkResponse({ content: { 'application/json': { schema: { type: 'object' } } }, description: 'See docs/audit.md.' });

/** Handing out what is held about somebody (GDPR Art. 15 and 20), which UCloud lacks. */
@ApiTags('Privacy')
@ApiBearerAuth('access-token')
@Controller('auth/users')
export class SubjectExportController {
  constructor(
    private readonly exports: SubjectExport,
    private readonly stepUp: StepUp,
    private readonly contexts: RequestContexts,
  ) {}

  @Get('self/export')
  @Access('auth.users.exportSelf:read', END_USER)
  @ApiOperation({ operationId: 'exportSelf', summary: 'Get all that is held about you, as JSON' })
  @ApiExport()
  exportSelf(@CurrentCaller() caller: AuthenticatedCaller, @Req() request: FastifyRequest): Promise<StreamableFile> {
    return this.export(caller.userId, caller, request);
  }

  @Get(':id/export')
  @Access('auth.users.exportUser:read', ADMINISTRATORS)
  @ApiOperation({ operationId: 'exportUser', summary: 'Get all that is held about a user, as JSON' })
  @ApiExport()
  exportUser(
    @Param('id') id: string,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<StreamableFile> {
    return this.export(id, caller, request);
  }

  /** @throws Refused `step-up-required`, `user-unknown` */
  private async export(id: string, caller: AuthenticatedCaller, request: FastifyRequest): Promise<StreamableFile> {
    demandUnrestrictedToken(caller);
    await this.stepUp.demand(caller);
    if (!isUuid(id)) throw new Refused('user-unknown');
    const userId: UserId = asUserId(id);
    const pieces = await this.exports.begin(userId, this.contexts.by(request, caller));
    return new StreamableFile(Readable.from(pieces, { objectMode: false }), {
      type: 'application/json; charset=utf-8',
      disposition: `attachment; filename="${userId}.json"`,
    });
  }
}
