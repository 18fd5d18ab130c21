import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '#domain/access/access.js';
import { sessionStream, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import { newestCredential } from '#domain/user/credentials.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { Credentials, type HandedOutCredential, credentialIdOf } from '../credential/credentials.js';
import { chosenId } from '../request-context.js';
import { Services } from './services.js';

/** Gives a service a new credential and ends those it has after an overlap; asked for by an administrator or the service. */
export class RotateCredential extends Command<HandedOutCredential> {
  constructor(
    readonly service: string,
    readonly lifetimeMs: number,
    readonly overlapMs: number,
    readonly caller: Caller,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(RotateCredential)
export class RotateCredentialHandler implements ICommandHandler<RotateCredential> {
  constructor(
    private readonly repository: Repository,
    private readonly services: Services,
    private readonly credentials: Credentials,
  ) {}

  async execute({ service, lifetimeMs, overlapMs, caller, context }: RotateCredential): Promise<HandedOutCredential> {
    const sessionId = credentialIdOf(context);
    await this.repository.demandSameCommand(session, sessionStream(sessionId), context);
    const { id, credentials } = await this.services.find(service);
    const { state } = await this.repository.execute(
      user,
      userStream(id),
      {
        type: 'RotateCredential',
        credential: { sessionId, lifetimeMs },
        overlapMs,
        replaces: newestCredential(credentials),
        by: caller.role === 'SERVICE' ? caller : null,
        now: context.now,
      },
      context,
    );
    if (state.status !== 'active') throw new Refused('user-unknown');
    return this.credentials.open(state, sessionId, chosenId(context), caller.userId, context);
  }
}
