import { Readable } from 'node:stream';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audit } from '#audit/audit.js';
import { Subjects } from '#audit/subjects.js';
import { type AuditEntry, asAuditEntry, eventsOf } from '#audit/entries.js';
import { exported } from '#audit/export.js';
import type { UserId } from '#domain/ids.js';
import { Clock } from '#host/clock.js';
import { Log } from '#host/log.js';
import { placeOf } from '#read-models/audit-trail/audit-rows.entity.js';
import type { TrailFilter, TrailOrder } from '#read-models/audit-trail/audit-trail.queries.js';
import { Access, CurrentCaller } from '../access/access.decorator.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { ApiConsistencyToken } from '../surfaces/ucloud/api-headers.js';
import { ApiPageSize, pageSizeOf } from '../surfaces/ucloud/page-request.js';
import { type QueryParameters, oneOf } from '../surfaces/ucloud/query-parameters.js';
import { AUDIT_READERS, AuditAccess, type AuditReader } from './audit-access.js';
import { AuditCursors } from './audit-cursors.js';
import {
  ApiReading,
  ApiTrailFilter,
  addressesIn,
  eventTypeIn,
  fieldsIn,
  inquiryIn,
  pointIn,
  textIn,
} from './audit-parameters.js';
import { AuditPage } from './audit-views.js';

const ORDERS = ['newest', 'oldest'] as const satisfies readonly TrailOrder[];

/** What happened, for administrators and auditors (design §6). */
@ApiTags('Audit')
@ApiBearerAuth('access-token')
@Controller('audit/events')
export class AuditTrailController {
  constructor(
    private readonly audit: Audit,
    private readonly access: AuditAccess,
    private readonly subjects: Subjects,
    private readonly cursors: AuditCursors,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  @Get()
  @Access('audit.events:read', AUDIT_READERS)
  @ApiOperation({ operationId: 'browseAuditTrail', summary: 'See what happened: by whom, to whom, from where, when' })
  @ApiTrailFilter()
  @ApiQuery({ name: 'order', required: false, enum: ORDERS, description: 'The newest first, unless said otherwise.' })
  @ApiPageSize()
  @ApiQuery({
    name: 'next',
    required: false,
    type: String,
    description: 'Of the page before; with the same parameters.',
  })
  @ApiReading()
  @ApiConsistencyToken()
  @ApiOkResponse({ type: AuditPage })
  async browse(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuditPage> {
    const itemsPerPage = pageSizeOf(query);
    const order = oneOf(query, 'order', ORDERS) ?? 'newest';
    const [fields, points] = [fieldsIn(query), pointsIn(query)];
    const asked = askedIn(query);
    const inquiry = inquiryIn('events', query);
    const after = this.cursors.placeIn(query, caller);
    return this.access.answer({ caller, request, reply, inquiry }, async (through) => {
      const filter = await this.filterOf(asked);
      const range = await this.audit.range(points.from, points.to, this.clock.now());
      const rows = await this.audit.trail.page(filter, range, { order, after, size: itemsPerPage + 1 });
      const { shown, next } = this.cursors.page(rows, { size: itemsPerPage, placeOf: ({ id }) => id }, query, caller);
      const events = await eventsOf(this.audit.source(inquiry.isPersonal), shown);
      const items = shown.map((row, index) => selected(asAuditEntry(row, events[index]), fields));
      return { answer: { itemsPerPage, items, next, through }, userId: filter.userId, events: items.length };
    });
  }

  @Get('export')
  @Access('audit.events.export:read', AUDIT_READERS)
  @ApiOperation({
    operationId: 'exportAuditTrail',
    summary: 'Take what happened with you, the oldest first',
    description:
      'One entry in each line (NDJSON), up to the end of the log at the moment of the call, however many they are. The last line is `{"end": true, "entries": …, "through": …}`: without it something is missing.',
  })
  @ApiTrailFilter()
  @ApiReading()
  @ApiConsistencyToken()
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: { type: 'string' } } } })
  async export(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const [fields, points] = [fieldsIn(query), pointsIn(query)];
    const asked = askedIn(query);
    const inquiry = inquiryIn('export', query);
    const reader = this.access.admit(caller, request, inquiry.isPersonal);
    const through = await this.access.freshTrail(reader, request, reply);
    const filter = await this.filterOf(asked);
    const { first, last } = await this.audit.range(points.from, points.to, this.clock.now());
    const end = last ?? placeOf(through);
    const source = this.audit.source(inquiry.isPersonal);
    const batches = exported(source, this.audit.trail, filter, { first, last: end });
    await this.access.record(reader, { ...inquiry, userId: filter.userId }, null);
    const lines = this.recorded(reader, batches, (entry) => JSON.stringify(selected(entry, fields)), through);
    await reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(lines, { objectMode: false }));
  }

  /** Text of whole batches, taken as fast as the reader takes it; how much that was is recorded also if they go away. */
  private async *recorded(
    reader: AuditReader,
    batches: AsyncIterable<AuditEntry[]>,
    asLine: (entry: AuditEntry) => string,
    through: string,
  ): AsyncIterable<string> {
    let entries = 0;
    let isWhole = false;
    try {
      for await (const batch of batches) {
        yield `${batch.map(asLine).join('\n')}\n`;
        entries += batch.length;
      }
      yield `${JSON.stringify({ end: true, entries, through })}\n`;
      isWhole = true;
    } catch (error) {
      this.log.error({ error }, 'an export of the audit trail broke off');
      throw error;
    } finally {
      await this.access.recordEnd(reader, entries, isWhole).catch((error: unknown) => {
        this.log.error({ error }, 'the end of an export of the audit trail was not recorded');
      });
    }
  }

  private async filterOf({ user, actor, ...filter }: Asked): Promise<TrailFilter & { readonly userId: UserId | null }> {
    return {
      ...filter,
      userId: user === null ? null : await this.subjects.userId(user),
      actor: actor === null ? null : await this.subjects.actor(actor),
    };
  }
}

/** A filter as it was asked for. */
type Asked = Omit<TrailFilter, 'userId'> & { readonly user: string | null };

/** @throws BadRequest */
const askedIn = (query: QueryParameters): Asked => ({
  user: textIn(query, 'user'),
  actor: textIn(query, 'actor'),
  sessionId: textIn(query, 'session'),
  correlationId: textIn(query, 'correlation'),
  type: eventTypeIn(query),
  outcome: oneOf(query, 'outcome', ['done', 'refused']),
  addresses: addressesIn(query),
});

const pointsIn = (query: QueryParameters) => ({ from: pointIn(query, 'from'), to: pointIn(query, 'to') });

const selected = (entry: AuditEntry, fields: readonly (keyof AuditEntry)[]): Partial<AuditEntry> =>
  Object.fromEntries(fields.map((field) => [field, entry[field]]));
