import { Body, Controller, Cookies, Get, HttpCode, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiConsumes,
  ApiFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import { PUBLIC } from '#domain/role.js';
import { Settings } from '#host/settings.js';
import { Access } from '../../access/access.decorator.js';
import { runStrategy } from '../../access/run-strategy.js';
import { BadRequest } from '../../bad-request.js';
import { RequestContexts } from '../../request-context.js';
import type { SamlAuthentication } from '../../saml/authenticate-assertion.js';
import { BeginSamlLogin } from '../../saml/begin-saml-login.js';
import { SamlParties } from '../../saml/saml-parties.js';
import { SamlStrategy } from '../../saml/saml.strategy.js';
import { LogIn } from '../../session/log-in.js';
import { LoginStarts } from '../../throttling/login-starts.js';
import { addressOf, clientTraceOf } from '../ucloud/client-trace.js';
import { LoginAnswers } from '../ucloud/login-answers.js';
import { type QueryParameters, oneOf } from '../ucloud/query-parameters.js';
import { BrowserBinding, type SentCookies } from './browser-binding.js';
import { samlResponseIn } from './saml-form.js';
import { SamlErrorFilter } from './saml-error.filter.js';

/** SEC-128; the form writes some signs of base64 as three. */
const MAX_FORM_BYTES = 262_144;

/** Logins through an identity provider (ucloud-users-api §9, wayf-saml §3). */
@ApiTags('SAML')
@Controller('auth/saml')
@UseFilters(SamlErrorFilter)
export class SamlLoginController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly parties: SamlParties,
    private readonly binding: BrowserBinding,
    private readonly starts: LoginStarts,
    private readonly answers: LoginAnswers,
    private readonly settings: Settings,
  ) {}

  @Get('login')
  @Access('auth.samlLogin:read', PUBLIC, 'or-anonymous')
  @ApiOperation({
    operationId: 'samlLogin',
    summary: 'Send the browser to an identity provider to log in',
    description:
      'The login is bound to this browser by a cookie and has to be finished within ten minutes. With `forceAuthn=true` people prove anew who they are, which a step-up needs.',
  })
  @ApiQuery({ name: 'service', description: 'The login service that the login leads to.' })
  @ApiQuery({
    name: 'idp',
    required: false,
    description: 'The name of an identity provider; the first one if left out.',
  })
  @ApiQuery({ name: 'forceAuthn', required: false, enum: ['true', 'false'] })
  @ApiFoundResponse({ description: 'To the identity provider.' })
  async login(
    @Query() query: QueryParameters,
    @Cookies() cookies: SentCookies,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { service: serviceName } = query;
    const service = typeof serviceName === 'string' ? this.settings.loginServices.get(serviceName) : undefined;
    if (service === undefined)
      throw new BadRequest('login-service-unknown', 'service must be the name of a configured login service.');
    const provider = this.parties.named(query['idp']);
    const forceAuthn = oneOf(query, 'forceAuthn', ['true', 'false']) === 'true';
    // Who only looks where it leads begins nothing (SEC-120).
    if (request.method === 'HEAD') {
      await reply.redirect(provider.metadata.singleSignOnUrl, 302);
      return;
    }
    await this.starts.spend(addressOf(request));
    const secret = this.binding.newSecret();
    const begin = new BeginSamlLogin(provider, service, forceAuthn, secret.hash, this.contexts.of(request));
    const { requestId, location } = await this.commands.execute(begin);
    this.binding.bind(reply, requestId, secret, cookies);
    await reply.redirect(location, 302);
  }

  @Post('acs')
  @HttpCode(200)
  @RouteConfig({ form: 'urlencoded', maxBodyBytes: MAX_FORM_BYTES })
  @Access('auth.samlLogin:write', PUBLIC, 'or-anonymous')
  @ApiOperation({
    operationId: 'samlAssertionConsumer',
    summary: 'Take the response of an identity provider, by a form that the browser posts',
    description: 'Answers as a login with a password does.',
  })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['SAMLResponse'],
      properties: { SAMLResponse: { type: 'string' }, RelayState: { type: 'string', maxLength: 80 } },
    },
  })
  @ApiOkResponse({ description: 'A page that goes on to the login service, with the cookies of a login.' })
  async assertionConsumer(
    @Body() _form: unknown,
    @Cookies() cookies: SentCookies,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const samlResponse = samlResponseIn(request);
    const browserHashOf = (requestId: string) => this.binding.hashFor(requestId, cookies);
    const context = this.contexts.of(request);
    const strategy = new SamlStrategy(this.commands, { samlResponse, browserHashOf }, context);
    const authenticated = await runStrategy<SamlAuthentication>(strategy, request, reply);
    if (authenticated === null) throw new SamlRefused('assertion-malformed');
    const { authentication, service, requestId } = authenticated;
    const outcome = await this.commands.execute(new LogIn(authentication, service, clientTraceOf(request), context));
    this.binding.release(reply, requestId);
    if ('challengeId' in outcome) await this.answers.challenge(outcome, service, request, reply);
    else await this.answers.tokens(outcome, service, request, reply);
  }
}
