import { Injectable } from '@nestjs/common';
import {
  type AttemptsCommand,
  type FailedLogin,
  attempts,
  attemptsStream,
  guessesLeft,
} from '#domain/attempts/attempts.js';
import type { StreamName, UserId } from '#domain/ids.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { sourceOf, whereaboutsOf } from '../refusal/whereabouts.js';
import { AddressBudgets } from './address-budgets.js';
import { AdmissionGate } from './admission-gate.js';
import type { GuessCounter } from './guess-counter.js';
import { KnownDevices } from './known-devices.js';

/** Where a guess comes from. */
export interface GuessSource {
  /** A canonical one; null for not known. */
  readonly ipAddress: string | null;
  /** What the browser kept of an earlier login; null for nothing. */
  readonly deviceToken: string | null;
}

/** What came of looking at a guess: what it opens, or why it opens nothing. */
export type Looked<Opened> = { readonly opened: Opened; readonly owner: UserId } | { readonly failure: FailedLogin };

/**
 * Lets guesses at passwords be looked at within every budget that they fall under: of strangers those of where they come
 * from (SEC-22) and that of the account (SEC-19), of a known device its own, which strangers cannot use up (SEC-21). A wrong
 * one counts once in each.
 */
@Injectable()
export class GuessBudgets {
  private readonly gate = new AdmissionGate();

  constructor(
    private readonly repository: Repository,
    private readonly digest: IdentifierDigest,
    private readonly addresses: AddressBudgets,
    private readonly devices: KnownDevices,
  ) {}

  /**
   * @param username as it was typed
   * @returns what the guess opens; null for a wrong one
   * @throws Refused `login-throttled`: it was not looked at, or others were quicker and nobody learns what it was
   */
  async within<Opened>(
    { username, source }: { readonly username: string; readonly source: GuessSource },
    look: () => Promise<Looked<Opened>>,
    context: CommandContext,
  ): Promise<Opened | null> {
    const counters = await this.countersOf(username, source, context);
    const looked = await this.inTurn(counters, async () => {
      const outcome = await look();
      for (const counter of counters)
        await ('failure' in outcome ? counter.failed(outcome.failure) : counter.succeeded(outcome.owner));
      return outcome;
    });
    return 'failure' in looked ? null : looked.opened;
  }

  /** The password was set anew through recovery: guesses at the old one are forgotten (SEC-20). */
  async forget(username: string, context: CommandContext): Promise<void> {
    await this.repository.execute(attempts, this.streamOf(username), { type: 'RecordPasswordReset' }, context);
  }

  private streamOf = (username: string) => attemptsStream(this.digest.of('login', username));

  private async countersOf(username: string, { ipAddress, deviceToken }: GuessSource, context: CommandContext) {
    const device = await this.devices.find(username, deviceToken, context.now);
    if (device !== null) return [device.together, this.counterAt(device.stream, ipAddress, context)];
    // Who waits for their turn at an account keeps others at their own address waiting, never others at the account.
    return [this.addresses.counterOf(ipAddress), this.counterAt(this.streamOf(username), ipAddress, context)];
  }

  private counterAt(stream: StreamName, ipAddress: string | null, context: CommandContext): GuessCounter {
    const { now } = context;
    const source = sourceOf(whereaboutsOf(ipAddress), this.digest);
    const execute = (command: AttemptsCommand) => this.repository.execute(attempts, stream, command, context);
    return {
      key: stream,
      admit: async () => guessesLeft((await execute({ type: 'AdmitLogin', now })).state),
      failed: async (failure) => void (await execute({ type: 'RecordFailedLogin', failure, source, now })),
      succeeded: async (userId) => void (await execute({ type: 'RecordSuccessfulLogin', userId, now })),
    };
  }

  private inTurn<Result>([counter, ...others]: readonly GuessCounter[], work: () => Promise<Result>): Promise<Result> {
    if (counter === undefined) return work();
    return this.gate.whileAdmitted(
      counter.key,
      () => counter.admit(),
      () => this.inTurn(others, work),
    );
  }
}
