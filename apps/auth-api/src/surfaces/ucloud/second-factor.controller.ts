import { Body, Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiProperty,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toDataURL } from 'qrcode';
import { demandOwnToken } from '#domain/access/access.js';
import { Refused } from '#domain/refused.js';
import { ADMINISTRATORS, END_USER, PUBLIC } from '#domain/role.js';
import { recoveryCodesLeft } from '#domain/second-factor/second-factor.js';
import { demandOtherAccount } from '#domain/user/user-administration.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Settings } from '#host/settings.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { StepUp } from '../../access/step-up.js';
import { RequestContexts } from '../../request-context.js';
import { AnswerChallenge } from '../../second-factor/answer-challenge.js';
import {
  OfferSecondFactor,
  RemoveSecondFactor,
  ReplaceRecoveryCodes,
  ResetSecondFactor,
} from '../../second-factor/manage-second-factor.js';
import { SecondFactors } from '../../second-factor/second-factors.js';
import { Accounts } from '../../user/accounts.js';
import { ApiLoginAnswers } from './api-login-answers.js';
import { AnswerChallengeBody, SecondFactorCodeBody } from './bodies.js';
import { clientTraceOf } from './client-trace.js';
import { LoginAnswers } from './login-answers.js';
import { demandNoForeignOrigin } from './origin.js';
import { codeOf } from './second-factor-code.js';
import { EmptyAnswer, OptionalAuthenticationTokens } from './token-answers.js';
import { ReasonedUserBody } from './user-administration-bodies.js';

const QR_PIXELS = 200;

class OfferedCredentials {
  @ApiProperty({ description: 'For an authenticator app.' })
  otpAuthUri: string;

  @ApiProperty({ description: 'The same as a picture: a PNG as data URI.' })
  qrCodeB64Data: string;

  @ApiProperty({ description: 'Base32, to be typed.' })
  secret: string;

  @ApiProperty({ format: 'uuid', description: 'Answer it with a code, within 10 minutes.' })
  challengeId: string;

  @ApiProperty({ type: [String], description: 'Each is good once instead of a code. Shown only now.' })
  recoveryCodes: string[];
}

class SecondFactorStatus {
  @ApiProperty({ description: 'Whether a code is asked for at each login.' })
  connected: boolean;

  @ApiProperty({ description: 'How many recovery codes are left.' })
  recoveryCodes: number;
}

class RecoveryCodes {
  @ApiProperty({ type: [String], description: 'Shown only now; the earlier ones are void.' })
  recoveryCodes: string[];
}

/** ucloud-users-api §8, and what it lacks: recovery codes, removal, and a reset by administrators. */
@ApiTags('Second factor')
@ApiBearerAuth('access-token')
@Controller('auth/2fa')
export class SecondFactorController {
  constructor(
    private readonly commands: CommandBus,
    private readonly secondFactors: SecondFactors,
    private readonly accounts: Accounts,
    private readonly stepUp: StepUp,
    private readonly answers: LoginAnswers,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
  ) {}

  @Post()
  @HttpCode(200)
  @Access('auth.twofactor.createCredentials:write', END_USER)
  @ApiOperation({
    operationId: 'createCredentials',
    summary: 'Begin to enrol a second factor, or to replace the one you have; needs a fresh login',
  })
  @ApiOkResponse({ type: OfferedCredentials })
  async createCredentials(
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<OfferedCredentials> {
    const context = this.contextOf(request, caller);
    await this.stepUp.demand(caller);
    const { uri, secret, challengeId, recoveryCodes } = await this.commands.execute(
      new OfferSecondFactor(caller.account, context),
    );
    const qrCodeB64Data = await toDataURL(uri, { width: QR_PIXELS, margin: 1 });
    return { otpAuthUri: uri, qrCodeB64Data, secret, challengeId, recoveryCodes: [...recoveryCodes] };
  }

  @Post('challenge')
  @HttpCode(200)
  @Access('auth.twofactor.answerChallenge:write', PUBLIC, 'or-anonymous')
  @ApiOperation({
    operationId: 'answerChallenge',
    summary: 'Show a code: finishes a login, or with an access token the enrolment',
  })
  @ApiSecurity({})
  @ApiLoginAnswers(OptionalAuthenticationTokens)
  @ApiNoContentResponse({ description: 'The second factor counts from now on.' })
  async answerChallenge(
    @Body() body: AnswerChallengeBody,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    demandNoForeignOrigin(request, this.settings);
    const caller = request.caller?.userId ?? null;
    const context = this.contexts.of(request);
    const answered = await this.commands.execute(
      new AnswerChallenge(body.challengeId, codeOf(body), caller, clientTraceOf(request), context),
    );
    if (answered.kind === 'enrolled') await reply.status(204).send();
    else await this.answers.tokens(answered.tokens, answered.service, request, reply);
  }

  @Get('status')
  @Access('auth.twofactor.twoFactorStatus:write', END_USER)
  @ApiOperation({ operationId: 'twoFactorStatus', summary: 'Whether you have a second factor' })
  @ApiOkResponse({ type: SecondFactorStatus })
  async twoFactorStatus(@CurrentCaller() { userId }: AuthenticatedCaller): Promise<SecondFactorStatus> {
    const factor = await this.secondFactors.of(userId);
    return { connected: factor.enrolled !== null, recoveryCodes: recoveryCodesLeft(factor) };
  }

  @Post('recovery')
  @HttpCode(200)
  @Access('auth.twofactor.replaceRecoveryCodes:write', END_USER)
  @ApiOperation({ operationId: 'replaceRecoveryCodes', summary: 'Get new recovery codes; needs a code' })
  @ApiOkResponse({ type: RecoveryCodes })
  async replaceRecoveryCodes(
    @Body() body: SecondFactorCodeBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<RecoveryCodes> {
    const command = new ReplaceRecoveryCodes(caller.userId, codeOf(body), this.contextOf(request, caller));
    return { recoveryCodes: [...(await this.commands.execute(command))] };
  }

  @Delete()
  @Access('auth.twofactor.removeCredentials:write', END_USER)
  @ApiOperation({ operationId: 'removeCredentials', summary: 'Remove your second factor; needs a code' })
  @ApiOkResponse({ type: EmptyAnswer })
  async removeCredentials(
    @Body() body: SecondFactorCodeBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    await this.commands.execute(new RemoveSecondFactor(caller.account, codeOf(body), this.contextOf(request, caller)));
    return {};
  }

  @Post('reset')
  @HttpCode(200)
  @Access('auth.twofactor.resetCredentials:write', ADMINISTRATORS)
  @ApiOperation({ operationId: 'resetCredentials', summary: 'Remove the second factor of somebody who has lost it' })
  @ApiOkResponse({ type: EmptyAnswer })
  async resetCredentials(
    @Body() { userId, reason }: ReasonedUserBody,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
  ): Promise<EmptyAnswer> {
    const context = this.contextOf(request, caller);
    await this.stepUp.demand(caller);
    const account = await this.accounts.byUsername(userId);
    if (account === null) throw new Refused('user-unknown');
    demandOtherAccount(account.id, caller.userId);
    await this.commands.execute(new ResetSecondFactor(account.id, reason, context));
    return {};
  }

  private contextOf(request: FastifyRequest, caller: AuthenticatedCaller): CommandContext {
    demandOwnToken(caller);
    return this.contexts.by(request, caller);
  }
}
