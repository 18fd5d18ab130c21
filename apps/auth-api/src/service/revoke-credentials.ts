import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type SessionId, sessionStream, userStream } from '#domain/ids.js';
import { session } from '#domain/session/session.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { Services } from './services.js';

/** Takes credentials of a service back, at once. */
export class RevokeCredentials extends Command<Position | undefined> {
  constructor(
    readonly service: string,
    /** Which one. */
    readonly which: SessionId | 'all',
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RevokeCredentials)
export class RevokeCredentialsHandler implements ICommandHandler<RevokeCredentials> {
  constructor(
    private readonly repository: Repository,
    private readonly services: Services,
  ) {}

  /** @throws Refused `user-unknown` or `credential-unknown` */
  async execute({ service, which, context }: RevokeCredentials): Promise<Position | undefined> {
    const { id } = await this.services.find(service);
    if (which === 'all') {
      const command = { type: 'InvalidateSessions', spare: null } as const;
      return (await this.repository.execute(user, userStream(id), command, context)).position;
    }
    const command = { type: 'RevokeCredential', owner: id } as const;
    return (await this.repository.execute(session, sessionStream(which), command, context)).position;
  }
}
