import { Body, Controller, Cookies, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBody, ApiConsumes, ApiFoundResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refused } from '#domain/refused.js';
import { PUBLIC } from '#domain/role.js';
import { Settings } from '#host/settings.js';
import { Access } from '../../access/access.decorator.js';
import { runStrategy } from '../../access/run-strategy.js';
import { BadRequest } from '../../bad-request.js';
import { RequestContexts } from '../../request-context.js';
import { type Authentication, LogIn } from '../../session/log-in.js';
import { PasswordStrategy } from '../../user/password.strategy.js';
import { ApiIdempotencyKey } from './api-headers.js';
import { ApiLoginAnswers } from './api-login-answers.js';
import { PasswordLoginForm } from './bodies.js';
import { addressOf, clientTraceOf } from './client-trace.js';
import { DEVICE_COOKIE } from './cookies.js';
import { LoginAnswers } from './login-answers.js';
import { demandNoForeignOrigin } from './origin.js';
import { OptionalAuthenticationTokens, PendingSecondFactor } from './token-answers.js';

/** ucloud-users-api §7. */
@ApiTags('Login')
@Controller('auth')
export class LoginController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly answers: LoginAnswers,
    private readonly settings: Settings,
  ) {}

  @Post('login')
  @HttpCode(200)
  @RouteConfig({ form: true })
  @Access('auth.passwordLogin:read', PUBLIC, 'or-anonymous')
  @ApiOperation({
    operationId: 'passwordLogin',
    summary: 'Log in with user name and password',
    description:
      'With `Accept: application/json` the tokens are the answer, or `{ "2fa": challengeId }` where a code of the second factor is still to be shown; otherwise a page that goes on to the login service. The cookie `device` that comes with the tokens, sent with the next login, keeps failures of others from making it wait.',
  })
  @ApiConsumes('application/x-www-form-urlencoded', 'multipart/form-data')
  @ApiBody({ type: PasswordLoginForm })
  @ApiIdempotencyKey()
  @ApiLoginAnswers(OptionalAuthenticationTokens, PendingSecondFactor)
  @ApiFoundResponse({
    description:
      'A browser where a code is still to be shown: to the login service, the challenge in the cookie `authState`.',
  })
  async passwordLogin(
    @Body() form: PasswordLoginForm,
    @Cookies(DEVICE_COOKIE) deviceToken: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const service = this.settings.loginServices.get(form.service);
    if (service === undefined)
      throw new BadRequest('login-service-unknown', 'service must be the name of a configured login service.');
    demandNoForeignOrigin(request, this.settings);
    const source = { ipAddress: addressOf(request), deviceToken: deviceToken ?? null };
    const strategy = new PasswordStrategy(this.commands, source, this.contexts.of(request));
    const authentication = await runStrategy<Authentication>(strategy, request, reply);
    if (authentication === null) throw new Refused('credentials-invalid');

    const repeatable = { service: form.service, username: form.username };
    const context = this.contexts.repeatable(request, `login ${authentication.account.id}`, repeatable);
    const outcome = await this.commands.execute(new LogIn(authentication, service, clientTraceOf(request), context));
    if ('challengeId' in outcome) await this.answers.challenge(outcome, service, request, reply);
    else await this.answers.tokens(outcome, service, request, reply);
  }
}
