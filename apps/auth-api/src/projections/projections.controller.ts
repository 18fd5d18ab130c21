import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import type { ProjectionControlCommand } from '#domain/projection/projection-control.js';
import { Refused } from '#domain/refused.js';
import { ADMINISTRATORS } from '#domain/role.js';
import { projectionStatuses } from '#host/projection-status.js';
import { Stores } from '#host/stores.js';
import { type ParkedEventRow, parkedEvents } from '#read-models/parked-event.js';
import type { Projection } from '#read-models/projection.js';
import { PROJECTIONS } from '#read-models/read-model-database.js';
import { Access, CurrentCaller } from '../access/access.decorator.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { StepUp } from '../access/step-up.js';
import { RequestContexts } from '../request-context.js';
import { EmptyAnswer } from '../surfaces/ucloud/token-answers.js';
import { ControlProjection, demandProjection } from './control-projection.js';
import { ProjectionBody, RebuildBody, RetryParkedBody, SkipParkedBody } from './projection-bodies.js';
import { ParkedEventList, ProjectionList, asParkedEventView, asProjectionView } from './projection-views.js';

/** What `authlog projections` does on the command line, for administrators who have just logged in. */
@ApiTags('Operations')
@ApiBearerAuth('access-token')
@Controller('ops/projections')
export class ProjectionsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly stores: Stores,
    private readonly stepUp: StepUp,
    private readonly contexts: RequestContexts,
  ) {}

  @Get()
  @Access('ops.projections.browse:read', ADMINISTRATORS)
  @ApiOperation({ operationId: 'browseProjections', summary: 'See how the read models get on' })
  @ApiOkResponse({ type: ProjectionList })
  async browse(@CurrentCaller() caller: AuthenticatedCaller): Promise<ProjectionList> {
    await this.demandOperator(caller);
    return { items: (await projectionStatuses(this.stores)).map(asProjectionView) };
  }

  @Post('pause')
  @HttpCode(200)
  @Access('ops.projections.pause:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'pauseProjection', summary: 'Let a projection stand still until it is resumed' })
  @ApiOkResponse({ type: EmptyAnswer })
  async pause(
    @Body() { projection }: ProjectionBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.demandOperator(caller);
    return this.control(projection, { type: 'PauseProjection' }, caller, request);
  }

  @Post('resume')
  @HttpCode(200)
  @Access('ops.projections.resume:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'resumeProjection', summary: 'Let a projection go on from where it stands' })
  @ApiOkResponse({ type: EmptyAnswer })
  async resume(
    @Body() { projection }: ProjectionBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.demandOperator(caller);
    return this.control(projection, { type: 'ResumeProjection' }, caller, request);
  }

  @Post('rebuild')
  @HttpCode(200)
  @Access('ops.projections.rebuild:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'rebuildProjection',
    summary: 'Fill the tables of a projection anew beside those that are read, compare, and put them in their place',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async rebuild(
    @Body() { projection, to = null, force }: RebuildBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.demandOperator(caller);
    const { version } = demandProjection(projection);
    const head = await this.stores.eventStore.head();
    const order = { runId: randomUUID(), version, to, isForced: force === true, head };
    return this.control(projection, { type: 'RebuildProjection', ...order }, caller, request);
  }

  @Post('rebuild/cancel')
  @HttpCode(200)
  @Access('ops.projections.rebuild.cancel:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'cancelRebuild', summary: 'End a rebuild, and remove what it has filled' })
  @ApiOkResponse({ type: EmptyAnswer })
  async cancelRebuild(
    @Body() { projection }: ProjectionBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.demandOperator(caller);
    return this.control(projection, { type: 'CancelRebuild' }, caller, request);
  }

  @Post('rebuild/undo')
  @HttpCode(200)
  @Access('ops.projections.rebuild.undo:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'undoRebuild', summary: 'Read the tables again that the last rebuild has replaced' })
  @ApiOkResponse({ type: EmptyAnswer })
  async undoRebuild(
    @Body() { projection }: ProjectionBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.demandOperator(caller);
    const { version } = demandProjection(projection);
    return this.control(projection, { type: 'UndoRebuild', runId: randomUUID(), version }, caller, request);
  }

  @Get('parked')
  @Access('ops.projections.parked.browse:read', ADMINISTRATORS)
  @ApiOperation({ operationId: 'browseParkedEvents', summary: 'See which events could not be applied, and what waits' })
  @ApiOkResponse({ type: ParkedEventList })
  async browseParked(@CurrentCaller() caller: AuthenticatedCaller): Promise<ParkedEventList> {
    await this.demandOperator(caller);
    const rows = await Promise.all(PROJECTIONS.map((projection) => this.parkedOf(projection)));
    return { items: rows.flat().map(asParkedEventView) };
  }

  @Post('parked/retry')
  @HttpCode(200)
  @Access('ops.projections.parked.retry:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'retryParkedEvents',
    summary: 'Have parked events tried again, in order, up to the first of each line that fails again',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async retryParked(
    @Body() { projection, eventId = null }: RetryParkedBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.demandOperator(caller);
    const sequence = eventId === null ? null : (await this.demandParked(projection, eventId)).sequence;
    return this.control(projection, { type: 'RetryParkedEvents', sequence }, caller, request);
  }

  @Post('parked/skip')
  @HttpCode(200)
  @Access('ops.projections.parked.skip:write', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'skipParkedEvent',
    summary: 'Leave a parked event out for good, and apply what waited for it',
  })
  @ApiOkResponse({ type: EmptyAnswer })
  async skipParked(
    @Body() { projection, eventId, reason }: SkipParkedBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.demandOperator(caller);
    const { error } = await this.demandParked(projection, eventId);
    if (error === null) throw new Refused('parked-event-waits');
    return this.control(projection, { type: 'SkipParkedEvent', eventId, reason }, caller, request);
  }

  private async control(
    projection: string,
    control: ProjectionControlCommand,
    caller: AuthenticatedCaller,
    request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.commands.execute(new ControlProjection(projection, control, this.contexts.by(request, caller)));
    return {};
  }

  /** @throws Refused `step-up-required` unless the administrator has just logged in (SEC-174) */
  private async demandOperator(caller: AuthenticatedCaller): Promise<void> {
    demandUnrestrictedToken(caller);
    await this.stepUp.demand(caller);
  }

  private parkedOf = (projection: Projection): Promise<ParkedEventRow[]> =>
    parkedEvents(this.stores.readModels.reader.manager, projection);

  /** @throws Refused `projection-unknown`, `parked-event-unknown` */
  private async demandParked(name: string, eventId: string): Promise<ParkedEventRow> {
    const row = (await this.parkedOf(demandProjection(name))).find((parked) => parked.eventId === eventId);
    if (row === undefined) throw new Refused('parked-event-unknown');
    return row;
  }
}
