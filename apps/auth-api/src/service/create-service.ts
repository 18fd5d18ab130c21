import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Caller } from '#domain/access/access.js';
import { type UserId, asUserId, sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import type { CreateService as ServiceCreation } from '#domain/user/service-account.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import { Credentials, type HandedOutCredential, credentialIdOf } from '../credential/credentials.js';
import { chosenId } from '../request-context.js';
import { AccountRegistration } from '#accounts/account-registration.js';

/** A service to be made. */
export interface NewService {
  readonly username: string;
  readonly scopes: readonly string[];
  /** Of its first credential. */
  readonly lifetimeMs: number;
}

/** Makes a service that may do some things only. */
export class CreateService extends Command<HandedOutCredential> {
  constructor(
    readonly wanted: NewService,
    readonly caller: Caller,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(CreateService)
export class CreateServiceHandler implements ICommandHandler<CreateService> {
  constructor(
    private readonly repository: Repository,
    private readonly registration: AccountRegistration,
    private readonly credentials: Credentials,
  ) {}

  async execute({ wanted, caller, context }: CreateService): Promise<HandedOutCredential> {
    const { username, scopes, lifetimeMs } = wanted;
    const sessionId = credentialIdOf(context);
    await this.repository.demandSameCommand(session, sessionStream(sessionId), context);
    const creation = (id: UserId): ServiceCreation => ({
      type: 'CreateService',
      id,
      username,
      scopes,
      grantedScopes: caller.scopes,
      credential: { sessionId, lifetimeMs },
      registeredBy: 'administrator',
      now: context.now,
    });
    const applicant = {
      identifiers: [{ kind: 'name', value: username } as const],
      draft: creation(asUserId('nobody yet')),
      prepare: (id: UserId) => Promise.resolve(creation(id)),
    };
    const [account] = await this.registration.register([applicant], context);
    if (account === undefined) throw new Refused('user-creation-abandoned');
    return this.credentials.open(account, sessionId, chosenId(context), caller.userId, context);
  }
}
