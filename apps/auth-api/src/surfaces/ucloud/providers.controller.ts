import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandMayCreate, demandOwnToken } from '#domain/access/access.js';
import { Refused } from '#domain/refused.js';
import { PRIVILEGED, PUBLIC } from '#domain/role.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { StepUp } from '../../access/step-up.js';
import { BadRequest } from '../../bad-request.js';
import { ClaimProviders } from '../../provider/claim-providers.js';
import { Providers } from '../../provider/providers.js';
import { RefreshProviders } from '../../provider/refresh-providers.js';
import { RegisterProviders } from '../../provider/register-providers.js';
import { RenewProviders } from '../../provider/renew-providers.js';
import { RequestContexts } from '../../request-context.js';
import { ApiIdempotencyKey } from './api-headers.js';
import { ItemsCheck } from './body-checks.js';
import { tellPosition } from './consistency.js';
import {
  ClaimTokenBody,
  ClaimTokensBody,
  MAX_PROVIDERS,
  ProviderIdBody,
  ProviderIdsBody,
  ProviderRefreshBody,
  ProviderRefreshesBody,
} from './provider-bodies.js';
import {
  ProviderAccessTokens,
  ProviderCredentials,
  ProviderPublicKey,
  RegisteredProviders,
  credentialsViewOf,
} from './provider-views.js';
import { type QueryParameters, givenText } from './query-parameters.js';

/**
 * Resource providers (ucloud-users-api §17). Two of UCloud's calls are left out: a private key is made for nobody else to
 * hold, and nobody signs as another principal.
 */
@ApiTags('Providers')
@Controller('auth/providers')
export class ProvidersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly providers: Providers,
    private readonly contexts: RequestContexts,
    private readonly stepUp: StepUp,
  ) {}

  @Post()
  @HttpCode(200)
  @Access('auth.providers.register:write', PRIVILEGED)
  @ApiBearerAuth('access-token')
  @ApiOperation({
    operationId: 'registerProviders',
    summary: 'Make providers, all or none, to be claimed within a day',
  })
  @ApiBody({ type: ProviderIdsBody })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: RegisteredProviders })
  async register(
    @Body(new ItemsCheck(ProviderIdBody, MAX_PROVIDERS)) items: ProviderIdBody[],
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RegisteredProviders> {
    await this.demandMayEquip(caller);
    const registeredBy = caller.role === 'ADMIN' ? 'administrator' : 'service';
    const context = this.contexts.repeatableBy(request, caller, items);
    const command = new RegisterProviders(idsOf(items), registeredBy, caller.userId, context);
    const registered = await this.commands.execute(command);
    tellPosition(reply, registered.at(-1)?.position);
    return { responses: registered.map(({ claimToken }) => ({ claimToken })) };
  }

  @Post('claim')
  @HttpCode(200)
  @Access('auth.providers.claim:write', PRIVILEGED)
  @ApiBearerAuth('access-token')
  @ApiOperation({
    operationId: 'claimProviders',
    summary: 'Get the credentials of providers for their claim tokens; within a day the same again',
  })
  @ApiBody({ type: ClaimTokensBody })
  @ApiOkResponse({ type: ProviderCredentials })
  async claim(
    @Body(new ItemsCheck(ClaimTokenBody, MAX_PROVIDERS)) items: ClaimTokenBody[],
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProviderCredentials> {
    demandOwnToken(caller);
    const claimTokens = items.map(({ claimToken }) => claimToken);
    const context = this.contexts.by(request, caller);
    const claimed = await this.commands.execute(new ClaimProviders(claimTokens, caller.userId, context));
    tellPosition(reply, claimed.at(-1)?.credential.position);
    return credentialsViewOf(claimed);
  }

  @Post('renew')
  @HttpCode(200)
  @Access('auth.providers.renew:write', PRIVILEGED)
  @ApiBearerAuth('access-token')
  @ApiOperation({
    operationId: 'renewProviders',
    summary: 'Give providers other keys and refresh tokens; those they had are void at once',
  })
  @ApiBody({ type: ProviderIdsBody })
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: ProviderCredentials })
  async renew(
    @Body(new ItemsCheck(ProviderIdBody, MAX_PROVIDERS)) items: ProviderIdBody[],
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProviderCredentials> {
    await this.demandMayEquip(caller);
    const ids = idsOf(items);
    const twice = ids.findIndex((id, index) => ids.indexOf(id) < index);
    if (twice >= 0) throw new BadRequest('body-invalid', `items[${twice}].id is the id of an earlier item.`);
    const context = this.contexts.repeatableBy(request, caller, items);
    const renewed = await this.commands.execute(new RenewProviders(ids, caller.userId, context));
    tellPosition(reply, renewed.at(-1)?.credential.position);
    return credentialsViewOf(renewed);
  }

  @Post('refresh')
  @HttpCode(200)
  @Access('auth.providers.refresh:write', PUBLIC, 'or-anonymous')
  @ApiOperation({ operationId: 'refreshProviders', summary: 'Get access tokens for refresh tokens of providers' })
  @ApiBody({ type: ProviderRefreshesBody })
  @ApiOkResponse({ type: ProviderAccessTokens })
  async refresh(
    @Body(new ItemsCheck(ProviderRefreshBody, MAX_PROVIDERS)) items: ProviderRefreshBody[],
    @Req() request: FastifyRequest,
  ): Promise<ProviderAccessTokens> {
    const refreshTokens = items.map(({ refreshToken }) => refreshToken);
    const command = new RefreshProviders(refreshTokens, this.contexts.of(request));
    const accessTokens = await this.commands.execute(command);
    return { responses: accessTokens.map((accessToken) => ({ accessToken })) };
  }

  @Get('retrieveKey')
  @Access('auth.providers.retrievePublicKey:read', PRIVILEGED)
  @ApiBearerAuth('access-token')
  @ApiOperation({ operationId: 'retrieveProviderKey', summary: 'The key that verifies the tokens of a provider' })
  @ApiQuery({ name: 'id', type: String, description: 'Of the provider, exactly as it was registered.' })
  @ApiOkResponse({ type: ProviderPublicKey })
  async retrievePublicKey(@Query() query: QueryParameters): Promise<ProviderPublicKey> {
    const { provider, suspended } = await this.providers.find(givenText(query, 'id'));
    // What it signed is void while it is suspended.
    if (suspended) throw new Refused('provider-unknown');
    return { publicKey: provider.key.publicKey };
  }

  /** What a provider gets may do everything, and outlives the session of who hands it out. */
  private async demandMayEquip(caller: AuthenticatedCaller): Promise<void> {
    demandOwnToken(caller);
    demandMayCreate('PROVIDER', caller);
    await this.stepUp.demandOfAdministrators(caller);
  }
}

const idsOf = (items: readonly ProviderIdBody[]) => items.map(({ id }) => id);
