import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type UserId, asUserId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { userIterator, userIteratorStream } from '#domain/user-iterator/user-iterator.js';
import type { CommandContext } from '#event-store/envelope.js';
import { LOG_START, asPosition } from '#event-store/event-store.js';
import { Lanes } from '#event-store/lanes.js';
import { Repository } from '#event-store/repository.js';
import { ReadModelProgress } from '#read-models/progress.js';
import { users } from '#read-models/users/users.projection.js';
import { type FoundUser, UserQueries } from '#read-models/users/users.queries.js';
import { derivedId } from '../request-context.js';

/** ucloud-users-api §14. */
export const USERS_PER_PAGE = 1_000;

/** Begins a walk over all accounts. */
export class OpenUserIterator extends Command<string> {
  constructor(
    readonly caller: UserId,
    readonly context: CommandContext,
  ) {
    super();
  }
}

/** The next accounts of a walk, each handed out once; none when it has come to the end. */
export class FetchUsers extends Command<readonly FoundUser[]> {
  constructor(
    readonly id: string,
    readonly caller: UserId,
    readonly context: CommandContext,
  ) {
    super();
  }
}

export class CloseUserIterator extends Command<void> {
  constructor(
    readonly id: string,
    readonly caller: UserId,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(OpenUserIterator)
export class OpenUserIteratorHandler implements ICommandHandler<OpenUserIterator> {
  constructor(private readonly repository: Repository) {}

  async execute({ caller, context }: OpenUserIterator): Promise<string> {
    const id = derivedId(context.commandId, 'user iterator');
    const command = { type: 'OpenUserIterator', caller, now: context.now } as const;
    await this.repository.execute(userIterator, userIteratorStream(id), command, context);
    return id;
  }
}

@CommandHandler(FetchUsers)
export class FetchUsersHandler implements ICommandHandler<FetchUsers> {
  private readonly lanes = new Lanes();

  constructor(
    private readonly repository: Repository,
    private readonly queries: UserQueries,
    private readonly progress: ReadModelProgress,
  ) {}

  /** @throws Refused `iterator-unknown` */
  async execute(command: FetchUsers): Promise<readonly FoundUser[]> {
    // One after the other: of those who read the same page at once all but one would have read it for nothing.
    return this.lanes.inTurn(command.id, () => this.fetch(command));
  }

  private async fetch({ id, caller, context }: FetchUsers): Promise<readonly FoundUser[]> {
    const stream = userIteratorStream(id);
    const by = { caller, now: context.now };
    for (;;) {
      const ask = { type: 'ContinueUserIterator', ...by } as const;
      const { state, position } = await this.repository.execute(userIterator, stream, ask, context);
      if (state.status !== 'open') throw new Refused('iterator-unknown');
      // Before the first page its opening is the last thing in its stream.
      const asOf = asPosition(state.asOf ?? position ?? LOG_START);
      await this.progress.waitFor(users, asOf);
      const page = await this.queries.after(state.through, USERS_PER_PAGE);
      const last = page.at(-1);
      if (last === undefined) return [];
      const through = asUserId(last.id);
      try {
        const advance = { type: 'AdvanceUserIterator', from: state.through, through, asOf, ...by } as const;
        await this.repository.execute(userIterator, stream, advance, context);
        return page;
      } catch (error) {
        if (!(error instanceof Refused && error.code === 'iterator-advanced-meanwhile')) throw error;
      }
    }
  }
}

@CommandHandler(CloseUserIterator)
export class CloseUserIteratorHandler implements ICommandHandler<CloseUserIterator> {
  constructor(private readonly repository: Repository) {}

  async execute({ id, caller, context }: CloseUserIterator): Promise<void> {
    const command = { type: 'CloseUserIterator', caller, now: context.now } as const;
    await this.repository.execute(userIterator, userIteratorStream(id), command, context);
  }
}
