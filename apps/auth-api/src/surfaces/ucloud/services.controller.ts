import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandOwnToken, demandUnrestrictedToken } from '#domain/access/access.js';
import { asSessionId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { ADMINISTRATORS, PRIVILEGED } from '#domain/role.js';
import { DEFAULT_CREDENTIAL_MS, DEFAULT_OVERLAP_MS } from '#domain/user/credentials.js';
import { Clock } from '#host/clock.js';
import { sessions } from '#read-models/sessions/sessions.projection.js';
import { SessionQueries } from '#read-models/sessions/sessions.queries.js';
import { hashOf, splitRefreshToken } from '#tokens/refresh-token.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { StepUp } from '../../access/step-up.js';
import { BadRequest } from '../../bad-request.js';
import { RequestContexts } from '../../request-context.js';
import { CreateService } from '../../service/create-service.js';
import { RevokeCredentials } from '../../service/revoke-credentials.js';
import { RotateCredential } from '../../service/rotate-credential.js';
import { Services } from '../../service/services.js';
import { ApiConsistencyToken, ApiIdempotencyKey } from './api-headers.js';
import { Consistency, tellPosition } from './consistency.js';
import { type QueryParameters, givenText } from './query-parameters.js';
import { CreateServiceBody, RevokeCredentialBody, RotateCredentialBody, ServiceBody } from './service-bodies.js';
import { ServiceCredential, ServiceCredentials, credentialViewOf, serviceCredentialOf } from './service-views.js';
import { EmptyAnswer } from './token-answers.js';

/** What UCloud lacks: services that may do some things only, and credentials that expire and can be replaced (design §4). */
@ApiTags('Services')
@ApiBearerAuth('access-token')
@Controller('auth/services')
export class ServicesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly services: Services,
    private readonly queries: SessionQueries,
    private readonly consistency: Consistency,
    private readonly contexts: RequestContexts,
    private readonly stepUp: StepUp,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @Access('auth.services.create:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'createService', summary: 'Make a service that may do some things only' })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: ServiceCredential })
  async create(
    @Body() body: CreateServiceBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServiceCredential> {
    await this.demandAdministrator(caller);
    const { username, scopes, expiresAfter } = body;
    const wanted = { username, scopes, lifetimeMs: expiresAfter ?? DEFAULT_CREDENTIAL_MS };
    const context = this.contexts.repeatableBy(request, caller, wanted);
    const credential = await this.commands.execute(new CreateService(wanted, caller, context));
    tellPosition(reply, credential.position);
    return serviceCredentialOf(credential);
  }

  @Get('credentials')
  @Access('auth.services.listCredentials:read', ADMINISTRATORS)
  @ApiOperation({ operationId: 'listServiceCredentials', summary: 'The living credentials of a service' })
  @ApiQuery({ name: 'service', type: String, description: 'The user name of the service.' })
  @ApiConsistencyToken()
  @ApiOkResponse({ type: ServiceCredentials })
  async listCredentials(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServiceCredentials> {
    demandUnrestrictedToken(caller);
    const { id } = await this.services.find(givenText(query, 'service'));
    await this.consistency.await(sessions, caller.position, request, reply);
    const rows = await this.queries.credentialsOf(id, this.clock.now());
    return { items: rows.map(credentialViewOf) };
  }

  @Post('rotate')
  @HttpCode(200)
  @Access('auth.services.rotate:write', PRIVILEGED)
  @ApiOperation({
    operationId: 'rotateServiceCredential',
    summary: 'Give a service a new credential; those before it end after an overlap',
    description:
      'By an administrator, or by the service for itself with its newest credential, whose refreshToken it shows, if auth.services.rotate:write is among its scopes. Send an Idempotency-Key: an answer that was lost can then be asked for again, while the credential that asks still lives.',
  })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: ServiceCredential })
  async rotate(
    @Body() body: RotateCredentialBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServiceCredential> {
    if (caller.role === 'SERVICE') demandCredential(caller, body.refreshToken ?? null);
    else await this.demandAdministrator(caller);
    const { service } = body;
    const lifetimeMs = body.expiresAfter ?? DEFAULT_CREDENTIAL_MS;
    const overlapMs = body.overlap ?? DEFAULT_OVERLAP_MS;
    const input = { service, lifetimeMs, overlapMs };
    const context = this.contexts.repeatableBy(request, caller, input);
    const command = new RotateCredential(service, lifetimeMs, overlapMs, caller, context);
    const credential = await this.commands.execute(command);
    tellPosition(reply, credential.position);
    return serviceCredentialOf(credential);
  }

  @Post('revoke')
  @HttpCode(200)
  @Access('auth.services.revoke:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'revokeServiceCredential', summary: 'End one credential of a service at once' })
  @ApiOkResponse({ type: EmptyAnswer })
  async revoke(
    @Body() { service, credentialId }: RevokeCredentialBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    await this.demandAdministrator(caller);
    const which = asSessionId(credentialId.toLowerCase());
    const command = new RevokeCredentials(service, which, this.contexts.by(request, caller));
    tellPosition(reply, await this.commands.execute(command));
    return {};
  }

  @Post('revokeAll')
  @HttpCode(200)
  @Access('auth.services.revokeAll:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'revokeServiceCredentials', summary: 'End all credentials of a service at once' })
  @ApiOkResponse({ type: EmptyAnswer })
  async revokeAll(
    @Body() { service }: ServiceBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmptyAnswer> {
    await this.demandAdministrator(caller);
    const command = new RevokeCredentials(service, 'all', this.contexts.by(request, caller));
    tellPosition(reply, await this.commands.execute(command));
    return {};
  }

  /** A credential lasts longer than the session of whoever makes it (SEC-76). */
  private async demandAdministrator(caller: AuthenticatedCaller): Promise<void> {
    demandUnrestrictedToken(caller);
    await this.stepUp.demand(caller);
  }
}

/** A service cannot log in again, but it can show what outlasts its access token: that alone must not make a credential. */
function demandCredential(caller: AuthenticatedCaller, refreshToken: string | null): void {
  demandOwnToken(caller);
  if (refreshToken === null)
    throw new BadRequest('body-invalid', 'Send the refresh token of the service as refreshToken.');
  const shown = splitRefreshToken(refreshToken);
  if (shown?.sessionId !== caller.sessionId || hashOf(shown.secret) !== caller.session.secretHash)
    throw new Refused('refresh-token-unknown');
}
