import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Grantee, demandFreshSecondFactor, demandUnrestrictedToken } from '#domain/access/access.js';
import { type AuditInquiry, auditReading, auditReadingStream } from '#domain/audit/audit-reading.js';
import type { UserId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { Clock } from '#host/clock.js';
import { auditTrail } from '#read-models/audit-trail/audit-trail.projection.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { RequestContexts } from '../request-context.js';
import { Consistency } from '../surfaces/ucloud/consistency.js';

/** Who may read the audit. */
export const AUDIT_READERS = ['ADMIN', 'AUDITOR'] as const satisfies readonly Grantee[];

/** Whoever looks for what happened just now wants to see it, and can wait. */
const FRESH_WITHIN_MS = 2_000;

/** Who reads the audit, allowed to, and in which command. */
export interface AuditReader {
  readonly caller: AuthenticatedCaller;
  readonly context: CommandContext;
}

/** What somebody asks, and of whom it is not known yet. */
export interface Asked {
  readonly caller: AuthenticatedCaller;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly inquiry: Omit<AuditInquiry, 'userId'>;
}

/** What was found, and what of it is recorded. */
export interface Findings<Answer> {
  readonly answer: Answer;
  /** Whose history was looked at; null where it is not that of one person. */
  readonly userId: UserId | null;
  /** How many events were seen. */
  readonly events: number;
}

/** Lets people read the audit, and keeps a record of what they read (SEC-164). */
@Injectable()
export class AuditAccess {
  constructor(
    private readonly repository: Repository,
    private readonly consistency: Consistency,
    private readonly contexts: RequestContexts,
    private readonly clock: Clock,
  ) {}

  /**
   * @param isPersonal whether they want to see what is personal
   * @throws Refused `extended-token-not-allowed`, `step-up-required`, `personal-data-not-allowed`
   */
  admit(caller: AuthenticatedCaller, request: FastifyRequest, isPersonal: boolean): AuditReader {
    demandUnrestrictedToken(caller);
    demandFreshSecondFactor(caller.session, this.clock.now());
    const mayBePersonal = caller.role === 'ADMIN' || caller.account.auditor?.seesPersonalData === true;
    if (isPersonal && !mayBePersonal) throw new Refused('personal-data-not-allowed');
    return { caller, context: this.contexts.by(request, caller) };
  }

  /**
   * Admits who asks, lets them look, and records that they did before they are answered.
   * @param look told how far the trail has come
   * @throws Refused, ReadModelBehind
   */
  async answer<Answer>(
    { caller, request, reply, inquiry }: Asked,
    look: (through: Position) => Promise<Findings<Answer>>,
  ): Promise<Answer> {
    const reader = this.admit(caller, request, inquiry.isPersonal);
    const { answer, userId, events } = await look(await this.freshTrail(reader, request, reply));
    await this.record(reader, { ...inquiry, userId }, events);
    return answer;
  }

  /** Before the answer is given. */
  async record({ caller, context }: AuditReader, inquiry: AuditInquiry, events: number | null): Promise<void> {
    const reading = { type: 'RecordReading', reader: caller.userId, inquiry, events } as const;
    await this.repository.execute(auditReading, auditReadingStream(caller.userId), reading, context);
  }

  /** Of an export, whose reader may have gone away. */
  async recordEnd({ caller, context }: AuditReader, events: number, isWhole: boolean): Promise<void> {
    const end = { type: 'RecordEndOfExport', reader: caller.userId, events, isWhole } as const;
    await this.repository.execute(auditReading, auditReadingStream(caller.userId), end, context);
  }

  /**
   * Waits a little until the trail has come to the end of the log.
   * @returns how far it has come: what is after that, an answer does not know
   * @throws ReadModelBehind if that is not even what the caller has done or seen
   */
  freshTrail({ caller }: AuditReader, request: FastifyRequest, reply: FastifyReply): Promise<Position> {
    return this.consistency.await(auditTrail, caller.position, request, reply, FRESH_WITHIN_MS);
  }
}
