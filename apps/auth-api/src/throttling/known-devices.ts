import { Injectable } from '@nestjs/common';
import { attemptsStream } from '#domain/attempts/attempts.js';
import type { StreamName } from '#domain/ids.js';
import { type Budget, Budgets } from '#throttling/budgets.js';
import { DeviceTokens } from '#tokens/device-token.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { LiveSessions } from '../access/live-sessions.js';
import { Accounts } from '../user/accounts.js';
import { budgetCounter } from './budget-counter.js';
import type { GuessCounter } from './guess-counter.js';

/** What guesses from a known device are counted by. */
export interface KnownDevice {
  /** Of its own failures, at this password: another one is guessed anew. */
  readonly stream: StreamName;
  /** Of those of all the account's devices. */
  readonly together: GuessCounter;
}

/** Whoever knew the password once may have become any number of devices: together they fail no more often than this. */
const TOGETHER: Budget = { name: 'failures-of-devices', limit: 100, windowMs: 86_400_000 };

/** Tells the browsers that have logged in to an account before from strangers (SEC-21). */
@Injectable()
export class KnownDevices {
  constructor(
    private readonly accounts: Accounts,
    private readonly sessions: LiveSessions,
    private readonly devices: DeviceTokens,
    private readonly budgets: Budgets,
    private readonly digest: IdentifierDigest,
  ) {}

  /**
   * @param username of the account that is guessed at
   * @param token what the browser showed
   * @returns null for a stranger, and for a device once those of the account have failed too often
   */
  async find(username: string, token: string | null, now: Date): Promise<KnownDevice | null> {
    if (token === null) return null;
    // Until the token is known to be the account's, known and unknown names take the same way (SEC-32).
    const userId = await this.accounts.idOf(username);
    const device = userId === null ? null : this.devices.deviceOf(token, userId, now);
    const owner = device === null || userId === null ? null : (await this.sessions.ownerOf(userId)).owner;
    if (owner === null) return null;
    const share = { budget: TOGETHER, key: this.digest.of('device', owner.id) };
    if ((await this.budgets.look(share.budget, share.key)).left <= 0) return null;
    const stream = attemptsStream(this.digest.of('device', `${owner.credentialId} ${device}`));
    return { stream, together: budgetCounter(this.budgets, [share]) };
  }
}
