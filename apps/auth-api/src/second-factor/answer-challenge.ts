import { Command, CommandHandler, CommandBus, type ICommandHandler } from '@nestjs/cqrs';
import { type ChallengePurpose, challenge, challengeStream, federatedLogin } from '#domain/challenge/challenge.js';
import { type UserId, isUuid } from '#domain/ids.js';
import { type Personal, erased, readable } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import { withSecondFactor } from '#domain/session/authentication-methods.js';
import type { ProviderNameId } from '#domain/session/federation.js';
import type { ClientTrace } from '#domain/session/session-events.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { type ConfiguredLoginService, Settings } from '#host/settings.js';
import { LiveSessions } from '../access/live-sessions.js';
import { ANONYMOUS, type RequestContext } from '../request-context.js';
import { LogIn } from '../session/log-in.js';
import type { SessionTokens } from '../session/session-tokens.js';
import { AddressBudgets } from '../throttling/address-budgets.js';
import { type SecondFactorCode, SecondFactors } from './second-factors.js';

/** What an answer led to. */
export type AnsweredChallenge =
  | { readonly kind: 'logged-in'; readonly tokens: SessionTokens; readonly service: ConfiguredLoginService }
  | { readonly kind: 'enrolled' };

/** Shows a code for a challenge: finishes a login, or the enrolment of a second factor (ucloud-users-api §8). */
export class AnswerChallenge extends Command<AnsweredChallenge> {
  constructor(
    readonly challengeId: string,
    readonly code: SecondFactorCode,
    /** Who asks, if they said; enrolling is for the owner alone. */
    readonly caller: UserId | null,
    readonly client: ClientTrace,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(AnswerChallenge)
export class AnswerChallengeHandler implements ICommandHandler<AnswerChallenge> {
  constructor(
    private readonly repository: Repository,
    private readonly secondFactors: SecondFactors,
    private readonly sessions: LiveSessions,
    private readonly addresses: AddressBudgets,
    private readonly commands: CommandBus,
    private readonly settings: Settings,
  ) {}

  /** @throws Refused `second-factor-wrong` or `login-throttled`; SamlRefused if what an identity provider said holds no more */
  async execute(command: AnswerChallenge): Promise<AnsweredChallenge> {
    const { challengeId, code, client, request } = command;
    const { now } = request;
    if (!isUuid(challengeId)) throw new Refused('second-factor-wrong');
    const stream = challengeStream(challengeId);
    const admit = { type: 'AdmitAnswer', now } as const;
    const { state } = await this.repository.execute(challenge, stream, admit, { ...request, ...ANONYMOUS });
    if (state.status !== 'open') throw new Refused('second-factor-wrong');
    const { purpose, nameId } = state;
    const context: CommandContext = { ...request, actor: state.userId, actorKind: 'user' };
    try {
      if (purpose.kind === 'login') await this.secondFactors.show(state.userId, code, context);
      else await this.enrol(state.userId, purpose, command, context);
    } catch (error) {
      if (error instanceof Refused && error.code === 'second-factor-wrong') {
        if (purpose.kind === 'login') await this.addresses.count(readable(client.ipAddress));
        await this.repository.execute(challenge, stream, { type: 'RecordWrongAnswer', now }, context);
      }
      throw error instanceof Refused ? error.of(state.userId) : error;
    }
    await this.repository.execute(challenge, stream, { type: 'RecordRightAnswer', now }, context);
    return purpose.kind === 'login' ? this.logIn(state.userId, purpose, nameId, command) : { kind: 'enrolled' };
  }

  private async enrol(
    owner: UserId,
    { credentialId }: Extract<ChallengePurpose, { kind: 'enrolment' }>,
    { code, caller }: AnswerChallenge,
    context: CommandContext,
  ): Promise<void> {
    if (caller !== owner || code.kind !== 'totp') throw new Refused('second-factor-wrong');
    await this.secondFactors.enrol(owner, credentialId, code.text, context);
  }

  private async logIn(
    userId: UserId,
    { service: name, epoch, passwordTooShort, federated }: Extract<ChallengePurpose, { kind: 'login' }>,
    nameId: Personal<ProviderNameId> | null,
    { code, client, request }: AnswerChallenge,
  ): Promise<AnsweredChallenge> {
    const { owner } = await this.sessions.ownerOf(userId);
    const service = this.settings.loginServices.get(name);
    // All sessions were ended, or the password changed, between the password and the code.
    if (owner === null || owner.sessionEpoch !== epoch || service === undefined)
      throw new Refused('second-factor-wrong').of(userId);
    const authentication = {
      account: owner,
      amr: withSecondFactor(federated?.amr ?? ['pwd'], code.kind),
      passwordTooShort: passwordTooShort === true,
      secondFactorShown: true,
      ...(federated === undefined ? {} : { federated: federatedLogin(federated, nameId ?? erased) }),
    };
    const outcome = await this.commands.execute(new LogIn(authentication, service, client, request));
    if ('challengeId' in outcome) throw new Error('a login with two factors was asked for another one');
    return { kind: 'logged-in', tokens: outcome, service };
  }
}
