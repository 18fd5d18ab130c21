import { Audit } from '#audit/audit.js';
import { type Point, pointOf } from '#audit/moments.js';
import { Subjects } from '#audit/subjects.js';
import {
  type AuditInquiry,
  type AuditQuestion,
  auditReading,
  auditReadingStream,
} from '#domain/audit/audit-reading.js';
import { asUserId } from '#domain/ids.js';
import { systemContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';
import { reservationsIn } from '#host/subject-rights.js';
import { type AddressRange, addressRange } from '#read-models/audit-trail/address-range.js';
import { auditTrail } from '#read-models/audit-trail/audit-trail.projection.js';
import { ReadModelBehind, ReadModelProgress } from '#read-models/progress.js';
import { CannotBeDone } from './cannot-be-done.js';
import { ACTOR } from './projection-control.js';
import { withStores } from './with-stores.js';

/** What every question of the audit takes. */
export interface Asking {
  /** Names, addresses and the like are shown, too. */
  readonly personal?: boolean;
  /** Why, for the record. */
  readonly reason?: string;
  readonly json?: boolean;
}

/** What a question works with. */
export interface Desk {
  readonly audit: Audit;
  readonly subjects: Subjects;
  readonly repository: Repository;
  /** The folder of the service. */
  readonly data: string;
  /** Where the log ended when it was asked. */
  readonly head: string;
  /** Before anything is shown. */
  readonly record: (userId: string | null, events: number | null) => Promise<void>;
}

/** @param criteria what is asked for, by names; all of it is recorded */
export async function asking(
  question: AuditQuestion,
  { personal, reason }: Asking,
  criteria: object,
  answer: (desk: Desk) => Promise<void>,
): Promise<void> {
  await withStores(async (stores) => {
    const { eventStore, vault, readModels, repository } = stores;
    const head = await eventStore.head();
    await new ReadModelProgress(readModels.reader).waitFor(auditTrail, head).catch(sayBehind);
    const record = async (userId: string | null, seen: number | null) => {
      const inquiry: AuditInquiry = {
        question,
        userId: userId === null ? null : asUserId(userId),
        criteria: asTexts(criteria),
        isPersonal: personal === true,
        reason: reason ?? null,
      };
      const reading = { type: 'RecordReading', reader: ACTOR, inquiry, events: seen } as const;
      await repository.execute(auditReading, auditReadingStream(ACTOR), reading, systemContext(new Date(), ACTOR));
    };
    const audit = new Audit(eventStore, vault, readModels.reader);
    const subjects = new Subjects(eventStore, (name) => reservationsIn(stores).holderOf({ kind: 'name', value: name }));
    await answer({ audit, subjects, repository, data: stores.settings.data, head, record });
  });
}

/** @throws what is no delay */
function sayBehind(error: unknown): void {
  if (!(error instanceof ReadModelBehind)) throw error;
  process.stderr.write(`${error.message}: what is after that is not in this answer.\n`);
}

export const asTexts = (criteria: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(criteria).flatMap(([name, value]) =>
      ['personal', 'reason', 'json'].includes(name) ? [] : [[name, String(value)]],
    ),
  );

/** Null when left out. @throws CannotBeDone */
export function pointIn(text: string | undefined): Point {
  const point = text === undefined ? null : pointOf(text);
  if (point !== undefined) return point;
  throw new CannotBeDone(
    `${JSON.stringify(text)} is neither a time such as 2026-01-31T14:05:00Z nor a position of the log.`,
  );
}

/** Null when left out. @throws CannotBeDone */
export function timeIn(text: string | undefined): Date | null {
  const point = pointIn(text);
  if (point === null || point instanceof Date) return point;
  throw new CannotBeDone(`${JSON.stringify(text)} is no time such as 2026-01-31T14:05:00Z.`);
}

/** @throws CannotBeDone */
export function demandRange(text: string): AddressRange {
  const range = addressRange(text);
  if (range !== null) return range;
  throw new CannotBeDone(
    `${JSON.stringify(text)} is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24.`,
  );
}
