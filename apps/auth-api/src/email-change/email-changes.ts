import { Injectable } from '@nestjs/common';
import { type UserId, asUserId, isUuid } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import type { ClientTrace } from '#domain/session/session-events.js';
import type { RequestEmailChange } from '#domain/user/email-change.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import { MailTokens, splitMailToken } from '#tokens/mail-token.js';
import { LiveSessions } from '../access/live-sessions.js';
import { type RequestContext, derivedId } from '../request-context.js';
import { OutwardBudgets } from '../throttling/outward-budgets.js';
import { Accounts } from '../user/accounts.js';

/** A token that was mailed, and the account it is about. */
export interface ShownEmailToken {
  readonly account: ActiveUser;
  readonly presentedHash: string;
  /** Whoever reads its mail acts for the account. */
  readonly context: CommandContext;
}

/** What changes of e-mail addresses have in common: the tokens, and whose they are. */
@Injectable()
export class EmailChanges {
  constructor(
    private readonly accounts: Accounts,
    private readonly sessions: LiveSessions,
    private readonly tokens: MailTokens,
    private readonly budgets: OutwardBudgets,
  ) {}

  /**
   * What the account needs to know of the address that it asks for.
   * @throws Refused `requests-throttled`
   */
  async request(
    userId: UserId,
    email: string,
    { ipAddress }: ClientTrace,
    { commandId, now }: RequestContext,
  ): Promise<RequestEmailChange> {
    await this.budgets.spend('email-change', { source: readable(ipAddress), destination: email });
    const changeId = derivedId(commandId, 'e-mail change');
    const holder = await this.accounts.byEmail(email);
    const tokenHash = this.tokens.hashOf('email-confirmation', userId, changeId);
    return { type: 'RequestEmailChange', email, heldBy: holder?.id ?? null, changeId, tokenHash, now };
  }

  /** @throws Refused `email-token-unknown`, also for an account that may not be used */
  async shown(token: string, request: RequestContext): Promise<ShownEmailToken> {
    const parts = splitMailToken(token);
    const id = parts !== null && isUuid(parts.subject) ? asUserId(parts.subject) : null;
    const account = id === null ? null : (await this.sessions.ownerOf(id)).owner;
    if (parts === null || account === null) throw new Refused('email-token-unknown');
    return { account, presentedHash: parts.hash, context: { ...request, actor: account.id, actorKind: 'user' } };
  }
}
