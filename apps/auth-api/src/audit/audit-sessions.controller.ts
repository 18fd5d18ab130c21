import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audit } from '#audit/audit.js';
import { Subjects } from '#audit/subjects.js';
import { type FoundSession, asAuditedSession, foundSessions } from '#audit/session-search.js';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import { type UserId } from '#domain/ids.js';
import { ADMINISTRATORS } from '#domain/role.js';
import { Clock } from '#host/clock.js';
import { afterPosition } from '#read-models/audit-trail/audit-rows.entity.js';
import { Access, CurrentCaller } from '../access/access.decorator.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { StepUp } from '../access/step-up.js';
import { RequestContexts } from '../request-context.js';
import { ApiPageSize, pageSizeOf } from '../surfaces/ucloud/page-request.js';
import { type QueryParameters } from '../surfaces/ucloud/query-parameters.js';
import { Reason, WHY } from '../surfaces/ucloud/user-administration-bodies.js';
import { AUDIT_READERS, AuditAccess } from './audit-access.js';
import { AuditCursors } from './audit-cursors.js';
import { ApiReading, inquiryIn, sessionFilterIn, textIn } from './audit-parameters.js';
import { AuditedSessionPage } from './audit-session-views.js';
import { EndSelectedSessions } from './end-selected-sessions.js';
import { SessionSelections } from './session-selections.js';

class EndSelectedSessionsBody {
  @ApiProperty({ description: 'Of the list of the sessions that are to end.' })
  @IsString({ message: '$property must be what the list of sessions answered' })
  selection: string;

  @ApiProperty({ description: WHY })
  @Reason()
  reason: string;
}

class EndedSessions {
  @ApiProperty({ description: 'How many were alive, and are not any more.' })
  ended: number;
}

/** Sessions whatever became of them: who was in when, from where, and who is to be out (design §6). */
@ApiTags('Audit')
@ApiBearerAuth('access-token')
@Controller('audit/sessions')
export class AuditSessionsController {
  constructor(
    private readonly audit: Audit,
    private readonly commands: CommandBus,
    private readonly access: AuditAccess,
    private readonly subjects: Subjects,
    private readonly cursors: AuditCursors,
    private readonly selections: SessionSelections,
    private readonly contexts: RequestContexts,
    private readonly stepUp: StepUp,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Access('audit.sessions:read', AUDIT_READERS)
  @ApiOperation({
    operationId: 'findSessions',
    summary: 'Find sessions by who opened them, when, from where and with what, or that were alive at a time',
  })
  @ApiQuery({ name: 'user', required: false, type: String, description: 'The id of an account, or its user name.' })
  @ApiQuery({
    name: 'address',
    required: false,
    type: String,
    description: 'An address, or a network such as 192.0.2.0/24.',
  })
  @ApiQuery({
    name: 'provider',
    required: false,
    type: String,
    description: 'What let them in: the entity id of an identity provider, or a login service.',
  })
  @ApiQuery({
    name: 'service',
    required: false,
    type: String,
    description: 'The login service, whoever vouched for them.',
  })
  @ApiQuery({ name: 'openedFrom', required: false, type: String, format: 'date-time' })
  @ApiQuery({ name: 'openedTo', required: false, type: String, format: 'date-time' })
  @ApiQuery({
    name: 'aliveAt',
    required: false,
    type: String,
    format: 'date-time',
    description: 'Only those alive then.',
  })
  @ApiPageSize()
  @ApiQuery({
    name: 'next',
    required: false,
    type: String,
    description: 'Of the page before; with the same parameters.',
  })
  @ApiReading()
  @ApiOkResponse({ type: AuditedSessionPage })
  async find(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuditedSessionPage> {
    const itemsPerPage = pageSizeOf(query);
    const inquiry = inquiryIn('sessions', query);
    const user = textIn(query, 'user');
    const unowned = sessionFilterIn(query, null);
    const before = this.cursors.placeIn(query, caller);
    return this.access.answer({ caller, request, reply, inquiry }, async (through) => {
      const userId: UserId | null = user === null ? null : await this.subjects.userId(user);
      const filter = { ...unowned, userId };
      const moment = await this.audit.moments.of(filter.aliveAt, this.clock.now());
      const source = this.audit.source(inquiry.isPersonal);
      const found: FoundSession[] = [];
      for await (const each of foundSessions(source, this.audit.sessions, filter, { moment, before })) {
        found.push(each);
        if (found.length > itemsPerPage) break;
      }
      const placeOf = ({ row }: FoundSession) => row.opened;
      const { shown, next } = this.cursors.page(found, { size: itemsPerPage, placeOf }, query, caller);
      const items = await Promise.all(shown.map((each) => asAuditedSession(source, each)));
      const mostInTotal = await this.audit.sessions.count(filter);
      const selected = { criteria: inquiry.criteria, userId, before: afterPosition(through) };
      const selection = this.selections.seal(selected, caller);
      const answer = { itemsPerPage, items, next, through, mostInTotal, selection };
      return { answer, userId, events: items.length };
    });
  }

  @Post('end')
  @HttpCode(200)
  @Access('audit.sessions.end:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'endSelectedSessions',
    summary: 'End all sessions that a list found, also those on its other pages',
    description:
      'The list is the preview: its `selection` stands for what it found, for an hour. Sessions that were opened later are not in it, and neither is the one in which they are ended. Doing it again ends what is left.',
  })
  @ApiOkResponse({ type: EndedSessions })
  async end(
    @Body() { selection, reason }: EndSelectedSessionsBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EndedSessions> {
    demandUnrestrictedToken(caller);
    await this.stepUp.demand(caller);
    const selected = this.selections.open(selection, caller);
    const now = await this.audit.moments.of(null, this.clock.now());
    return this.commands.execute(new EndSelectedSessions(selected, reason, now, this.contexts.by(request, caller)));
  }
}
