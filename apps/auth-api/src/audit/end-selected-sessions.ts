import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { endSessions } from '#accounts/end-sessions.js';
import { Audit } from '#audit/audit.js';
import type { Moment } from '#audit/moments.js';
import { endable, foundSessions } from '#audit/session-search.js';
import { auditReading, auditReadingStream } from '#domain/audit/audit-reading.js';
import type { CommandContext } from '#event-store/envelope.js';
import { Repository } from '#event-store/repository.js';
import type { SessionFilter } from '#read-models/audit-trail/audit-sessions.queries.js';

/** Sessions that an administrator has looked at: what they asked for, and the place of the last opening that they could see. */
export interface Selection {
  readonly filter: SessionFilter;
  readonly criteria: Readonly<Record<string, string>>;
  /** All of them were opened before it. */
  readonly before: string;
}

/** Ends every session of a selection that is alive, but the one that it is done in. */
export class EndSelectedSessions extends Command<{ readonly ended: number }> {
  constructor(
    readonly selection: Selection,
    readonly reason: string,
    readonly now: Moment,
    readonly context: CommandContext,
  ) {
    super();
  }
}

@CommandHandler(EndSelectedSessions)
export class EndSelectedSessionsHandler implements ICommandHandler<EndSelectedSessions> {
  constructor(
    private readonly audit: Audit,
    private readonly repository: Repository,
  ) {}

  /** Why is in the log before the first has ended: a process that dies in between leaves no end without a reason. @throws Refused */
  async execute({ selection, reason, now, context }: EndSelectedSessions): Promise<{ readonly ended: number }> {
    const { filter, criteria, before } = selection;
    const order = { type: 'OrderEndOfSessions', reader: context.actor, criteria, reason } as const;
    await this.repository.execute(auditReading, auditReadingStream(context.actor), order, context);
    const place = { moment: now, before };
    const found = foundSessions(this.audit.source(false), this.audit.sessions, filter, place);
    return { ended: await endSessions(this.repository, endable(found, context.sessionId), context) };
  }
}
