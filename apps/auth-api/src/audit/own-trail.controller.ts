import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audit } from '#audit/audit.js';
import { asAuditEntry, eventsOf } from '#audit/entries.js';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import { END_USER } from '#domain/role.js';
import { Clock } from '#host/clock.js';
import { auditTrail } from '#read-models/audit-trail/audit-trail.projection.js';
import { NO_FILTER } from '#read-models/audit-trail/audit-trail.queries.js';
import { Vault } from '#vault/vault.js';
import { Access, CurrentCaller } from '../access/access.decorator.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { ApiConsistencyToken } from '../surfaces/ucloud/api-headers.js';
import { Consistency } from '../surfaces/ucloud/consistency.js';
import { ApiPageSize, pageSizeOf } from '../surfaces/ucloud/page-request.js';
import type { QueryParameters } from '../surfaces/ucloud/query-parameters.js';
import { AuditCursors } from './audit-cursors.js';
import { ApiPoint, eventTypeIn, pointIn } from './audit-parameters.js';
import { AuditPage } from './audit-views.js';

/** What happened to the caller: people may know who did what with their account (SEC-164). */
@ApiTags('Audit')
@ApiBearerAuth('access-token')
@Controller('audit/own/events')
export class OwnTrailController {
  constructor(
    private readonly audit: Audit,
    private readonly vault: Vault,
    private readonly consistency: Consistency,
    private readonly cursors: AuditCursors,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Access('audit.own:read', END_USER)
  @ApiOperation({
    operationId: 'browseOwnTrail',
    summary: 'See what happened to your account, the newest first',
    description: 'With what is personal of you in it, and of nobody else.',
  })
  @ApiQuery({ name: 'type', required: false, type: String, description: 'Of event, such as SessionOpened.' })
  @ApiPoint('from', 'The first that is wanted.')
  @ApiPoint('to', 'The last that is wanted.')
  @ApiPageSize()
  @ApiQuery({
    name: 'next',
    required: false,
    type: String,
    description: 'Of the page before; with the same parameters.',
  })
  @ApiConsistencyToken()
  @ApiOkResponse({ type: AuditPage })
  async browse(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuditPage> {
    demandUnrestrictedToken(caller);
    const itemsPerPage = pageSizeOf(query);
    const [from, to] = [pointIn(query, 'from'), pointIn(query, 'to')];
    const filter = { ...NO_FILTER, userId: caller.userId, type: eventTypeIn(query) };
    const after = this.cursors.placeIn(query, caller);
    const through = await this.consistency.await(auditTrail, caller.position, request, reply);
    const range = await this.audit.range(from, to, this.clock.now());
    const rows = await this.audit.trail.page(filter, range, { order: 'newest', after, size: itemsPerPage + 1 });
    const { shown, next } = this.cursors.page(rows, { size: itemsPerPage, placeOf: ({ id }) => id }, query, caller);
    const source = this.audit.sourceOf((await this.vault.keyOf(caller.userId)).id);
    const events = await eventsOf(source, shown);
    const items = shown.map((row, index) => asAuditEntry(row, events[index]));
    return { itemsPerPage, items, next, through };
  }
}
