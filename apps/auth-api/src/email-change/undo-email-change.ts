import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import type { RequestContext } from '../request-context.js';
import { EmailChanges } from './email-changes.js';

/** Somebody who got the mail at the previous address takes the account back; all sessions end (SEC-63). */
export class UndoEmailChange extends Command<Position | undefined> {
  constructor(
    readonly token: string,
    readonly request: RequestContext,
  ) {
    super();
  }
}

@CommandHandler(UndoEmailChange)
export class UndoEmailChangeHandler implements ICommandHandler<UndoEmailChange> {
  constructor(
    private readonly repository: Repository,
    private readonly changes: EmailChanges,
  ) {}

  /** @throws Refused `email-token-unknown` or `email-token-expired` */
  async execute({ token, request }: UndoEmailChange): Promise<Position | undefined> {
    const { account, presentedHash, context } = await this.changes.shown(token, request);
    const command = { type: 'UndoEmailChange', presentedHash, now: request.now } as const;
    return (await this.repository.execute(user, userStream(account.id), command, context)).position;
  }
}
