import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audit } from '#audit/audit.js';
import { Subjects } from '#audit/subjects.js';
import { differences } from '#audit/differences.js';
import { shown } from '#event-store/disclosure.js';
import { Histories, type Subject, ownerOf } from '#audit/histories.js';
import type { Cut } from '#audit/replay.js';
import { timelineOf } from '#audit/timeline.js';
import { Clock } from '#host/clock.js';
import { NO_FILTER } from '#read-models/audit-trail/audit-trail.queries.js';
import { Access, CurrentCaller } from '../access/access.decorator.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { BadRequest } from '../bad-request.js';
import { ApiPageSize, pageSizeOf } from '../surfaces/ucloud/page-request.js';
import { type QueryParameters, wholeNumber } from '../surfaces/ucloud/query-parameters.js';
import { AUDIT_READERS, AuditAccess } from './audit-access.js';
import { AuditCursors } from './audit-cursors.js';
import { ApiPoint, ApiReading, inquiryIn, pointIn, subjectIn } from './audit-parameters.js';
import { DifferenceView, StateView, Timeline, asStateView } from './audit-views.js';

const MAX_REVISION = 1_000_000_000;
const MAX_BETWEEN = 250;

const ApiCut = () => ApiPoint('at', 'When it is looked at; now when left out.');
const ApiRevision = () =>
  ApiQuery({
    name: 'revision',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    description: 'In place of `at`: after the event of its stream with this number.',
  });

/** What accounts, sessions and tokens were at any point of the log, and what made them so (design §6). */
@ApiTags('Audit')
@ApiBearerAuth('access-token')
@Controller('audit')
export class AuditHistoryController {
  constructor(
    private readonly audit: Audit,
    private readonly access: AuditAccess,
    private readonly subjects: Subjects,
    private readonly cursors: AuditCursors,
    private readonly clock: Clock,
  ) {}

  @Get('users/:id/state')
  @Access('audit.users.state:read', AUDIT_READERS)
  @ApiOperation({ operationId: 'replayUser', summary: 'See what an account was, at a time, a position or a revision' })
  @ApiCut()
  @ApiRevision()
  @ApiReading()
  @ApiOkResponse({ type: StateView })
  async userState(
    @Param('id') id: string,
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StateView> {
    return this.state('account', id, query, caller, request, reply);
  }

  @Get('sessions/:id/state')
  @Access('audit.sessions.state:read', AUDIT_READERS)
  @ApiOperation({
    operationId: 'replaySession',
    summary: 'See what a session was, and whether it was alive, at a time, a position or a revision',
  })
  @ApiCut()
  @ApiRevision()
  @ApiReading()
  @ApiOkResponse({ type: StateView })
  async sessionState(
    @Param('id') id: string,
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StateView> {
    return this.state('session', id, query, caller, request, reply);
  }

  @Get('one-time-tokens/:id/state')
  @Access('audit.oneTimeTokens.state:read', AUDIT_READERS)
  @ApiOperation({
    operationId: 'replayOneTimeToken',
    summary: 'See what a one-time token was, at a time, a position or a revision',
  })
  @ApiCut()
  @ApiRevision()
  @ApiReading()
  @ApiOkResponse({ type: StateView })
  async tokenState(
    @Param('id') id: string,
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StateView> {
    return this.state('one-time-token', id, query, caller, request, reply);
  }

  @Get('users/:id/timeline')
  @Access('audit.users.timeline:read', AUDIT_READERS)
  @ApiOperation({
    operationId: 'browseTimeline',
    summary: 'See all that happened to a user: by whom, from where, why, and what it changed',
  })
  @ApiPoint('from', 'The first that is wanted.')
  @ApiPoint('to', 'The last that is wanted.')
  @ApiPageSize()
  @ApiQuery({ name: 'next', required: false, type: String, description: 'Of the page before.' })
  @ApiReading()
  @ApiOkResponse({ type: Timeline })
  async timeline(
    @Param('id') nameOrId: string,
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Timeline> {
    const itemsPerPage = pageSizeOf(query);
    const inquiry = inquiryIn('timeline', query);
    const [from, to] = [pointIn(query, 'from'), pointIn(query, 'to')];
    const page = { ...query, user: nameOrId };
    const after = this.cursors.placeIn(page, caller);
    return this.access.answer({ caller, request, reply, inquiry }, async (through) => {
      const userId = await this.subjects.userId(nameOrId);
      const range = await this.audit.range(from, to, this.clock.now());
      const asked = { order: 'oldest', after, size: itemsPerPage + 1 } as const;
      const rows = await this.audit.trail.page({ ...NO_FILTER, userId }, range, asked);
      const { shown: rowsShown, next } = this.cursors.page(
        rows,
        { size: itemsPerPage, placeOf: (row) => row.id },
        page,
        caller,
      );
      const items = await timelineOf(this.audit.source(inquiry.isPersonal), this.audit.trail, rowsShown);
      return { answer: { itemsPerPage, items, next, through }, userId, events: items.length };
    });
  }

  @Get('diff')
  @Access('audit.diff:read', AUDIT_READERS)
  @ApiOperation({ operationId: 'compareMoments', summary: 'See what changed between two points, field by field' })
  @ApiQuery({ name: 'user', required: false, type: String, description: 'An account: its id or user name. This,' })
  @ApiQuery({ name: 'session', required: false, type: String, description: 'or the id of a session,' })
  @ApiQuery({ name: 'oneTimeToken', required: false, type: String, description: 'or the id of a one-time token.' })
  @ApiPoint('from', 'The earlier one; required.')
  @ApiPoint('to', 'The later one; now when left out.')
  @ApiReading()
  @ApiOkResponse({ type: DifferenceView })
  async diff(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DifferenceView> {
    const inquiry = inquiryIn('diff', query);
    const [from, to] = [pointIn(query, 'from'), pointIn(query, 'to')];
    if (from === null)
      throw new BadRequest('parameter-invalid', 'from must be given: a time, or a position of the log.');
    const { kind, nameOrId } = subjectIn(query);
    return this.access.answer({ caller, request, reply, inquiry }, async () => {
      const subject = await this.subjects.find(kind, nameOrId);
      const [first, second] = await this.audit.between(from, to, this.clock.now());
      const source = this.audit.source(inquiry.isPersonal);
      const histories = new Histories(source);
      const [before, then] = [await histories.at(subject, first), await histories.at(subject, second)];
      const [old, fresh] = [shown(before.state), shown(then.state)];
      const between = (await histories.between(subject, first, second)).slice(0, MAX_BETWEEN);
      const events = await timelineOf(source, this.audit.trail, between);
      const answer = {
        from: asStateView(before, old, first.through),
        to: asStateView(then, fresh, second.through),
        changes: differences(old, fresh),
        events,
      };
      return { answer, userId: ownerOf(subject, then.state), events: events.length };
    });
  }

  private async state(
    kind: Subject['kind'],
    nameOrId: string,
    query: QueryParameters,
    caller: AuthenticatedCaller,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<StateView> {
    const inquiry = inquiryIn('state', query);
    const [point, revision] = [pointIn(query, 'at'), wholeNumber(query, 'revision', 0, MAX_REVISION)];
    if (point !== null && revision !== null)
      throw new BadRequest('parameter-invalid', 'at and revision are both given: leave one of them out.');
    return this.access.answer({ caller, request, reply, inquiry }, async () => {
      const subject = await this.subjects.find(kind, nameOrId);
      const cut: Cut = revision === null ? await this.audit.moments.of(point, this.clock.now()) : { revision };
      const found = await new Histories(this.audit.source(inquiry.isPersonal)).at(subject, cut);
      const last = found.since?.revision ?? -1;
      if (revision !== null && last < revision)
        throw new BadRequest('parameter-invalid', `revision must be one of its events: the last is ${last}.`);
      const answer = asStateView(found, shown(found.state), 'through' in cut ? cut.through : null);
      return { answer, userId: ownerOf(subject, found.state), events: last + 1 };
    });
  }
}
