import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { userStream } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import { Refused } from '#domain/refused.js';
import { user } from '#domain/user/user.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { MailTokens } from '#tokens/mail-token.js';
import type { RequestContext } from '../request-context.js';
import { IdentifierReservations } from '#accounts/identifier-reservations.js';
import { EmailChanges } from './email-changes.js';

/** Somebody who got the mail at the new address confirms that it is the account's (SEC-63). */
export class ConfirmEmailChange extends Command<Position | undefined> {
  constructor(
    readonly token: string,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(ConfirmEmailChange)
export class ConfirmEmailChangeHandler implements ICommandHandler<ConfirmEmailChange> {
  constructor(
    private readonly repository: Repository,
    private readonly changes: EmailChanges,
    private readonly reservations: IdentifierReservations,
    private readonly tokens: MailTokens,
  ) {}

  /** @throws Refused `email-token-unknown`, `email-token-expired`, or `email-taken` if somebody else was quicker */
  async execute({ token, request }: ConfirmEmailChange): Promise<Position | undefined> {
    const { account, presentedHash, context } = await this.changes.shown(token, request);
    const { id, requestedEmail } = account;
    if (requestedEmail === null) throw new Refused('email-token-unknown');
    const undoTokenHash = this.tokens.hashOf('email-undo', id, requestedEmail.changeId);
    const command = { type: 'ConfirmEmailChange', presentedHash, undoTokenHash, now: request.now } as const;
    // What could not be confirmed even if the address were free is refused before anything is reserved.
    user.decide(account, command);
    const value = readable(requestedEmail.email);
    if (value === null) throw new Refused('email-token-unknown');
    // If the next step fails it counts as left behind, and whoever wants it is given it.
    const reserved = await this.reservations.reserve({ kind: 'email', value }, id, context);
    const { position } = await this.repository.execute(user, userStream(id), command, context);
    await this.reservations.confirm(reserved, context);
    return position;
  }
}
