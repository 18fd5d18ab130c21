import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Grantee, demandFreshSecondFactor, demandUnrestrictedToken } from '#domain/access/access.js';
import { type AuditInquiry, auditReading, auditReadingStream } from '#domain/audit/audit-reading.js';
import { Refused } from '#domain/refused.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { Clock } from '#host/clock.js';
import { Stores } from '#host/stores.js';
import { auditTrail } from '#read-models/audit-trail/audit-trail.projection.js';
import { ReadModelBehind, ReadModelProgress } from '#read-models/progress.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { RequestContexts } from '../request-context.js';
import { Consistency } from '../surfaces/ucloud/consistency.js';

/** Who may read the audit. */
export const AUDIT_READERS = ['ADMIN', 'AUDITOR'] as const satisfies readonly Grantee[];

/** Who reads the audit, allowed to, and in which command. */
export interface AuditReader {
  readonly caller: AuthenticatedCaller;
  readonly context: CommandContext;
}

/** Lets people read the audit, and keeps a record of what they read (SEC-164). */
@Injectable()
export class AuditAccess {
  constructor(
    private readonly repository: Repository,
    private readonly stores: Stores,
    private readonly progress: ReadModelProgress,
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
  async freshTrail({ caller }: AuditReader, request: FastifyRequest, reply: FastifyReply): Promise<Position> {
    const head = await this.stores.eventStore.head();
    await this.consistency.await(auditTrail, caller.position, request, reply);
    return this.progress.waitFor(auditTrail, head).catch((error: unknown) => {
      if (error instanceof ReadModelBehind) return this.progress.look(auditTrail);
      throw error;
    });
  }
}
