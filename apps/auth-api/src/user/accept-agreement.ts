import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type UserId, userStream } from '#domain/ids.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { Settings } from '#host/settings.js';

/** Somebody accepts the service licence agreement; when and which version stays in the log. */
export class AcceptAgreement extends Command<Position | undefined> {
  constructor(
    readonly userId: UserId,
    readonly version: number,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(AcceptAgreement)
export class AcceptAgreementHandler implements ICommandHandler<AcceptAgreement> {
  constructor(
    private readonly repository: Repository,
    private readonly settings: Settings,
  ) {}

  /** @throws Refused `agreement-not-current` */
  async execute({ userId, version, context }: AcceptAgreement) {
    const { version: current } = this.settings.serviceLicenseAgreement;
    const command = { type: 'AcceptAgreement', version, current } as const;
    const { position } = await this.repository.execute(user, userStream(userId), command, context);
    return position;
  }
}
