import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { userImport, userImportStream } from '#domain/user-import/user-import.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { type ImportedUser, UserRegistration } from '#accounts/user-registration.js';

/** Whom an import brought in, in the order of its list. */
export interface ImportedAccounts {
  readonly accounts: readonly ActiveUser[];
  /** Where the log says so. */
  readonly position: Position | undefined;
}

/** Makes accounts for those who have a password elsewhere, all or none; nobody is logged in. */
export class ImportUsers extends Command<ImportedAccounts> {
  constructor(
    readonly users: readonly ImportedUser[],
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(ImportUsers)
export class ImportUsersHandler implements ICommandHandler<ImportUsers> {
  constructor(
    private readonly repository: Repository,
    private readonly registration: UserRegistration,
  ) {}

  /** @throws Refused, IdempotencyKeyReused */
  async execute({ users, context }: ImportUsers): Promise<ImportedAccounts> {
    const stream = userImportStream(context.commandId);
    await this.repository.demandSameCommand(userImport, stream, context);
    const accounts = await this.registration.register(users, context);
    const record = { type: 'RecordImport', userIds: accounts.map(({ id }) => id) } as const;
    const { position } = await this.repository.execute(userImport, stream, record, context);
    return { accounts, position };
  }
}
