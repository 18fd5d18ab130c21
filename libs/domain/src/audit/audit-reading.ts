import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';
import type { Personal } from '../personal.js';
import { demandReason } from '../user/user-administration.js';

/** @param reader the account that reads, or the part of authlog that does so for an operator */
export const auditReadingStream = (reader: string): StreamName => `audit-${reader}`;

export type AuditRefusal = 'range-empty' | 'selection-unknown' | 'time-before-log' | 'time-beyond-log';

/** What can be asked of the audit. */
export type AuditQuestion = 'diff' | 'events' | 'export' | 'sessions' | 'state' | 'timeline' | 'view';

/** What somebody asks of the audit. */
export interface AuditInquiry {
  readonly question: AuditQuestion;
  /** Whose history it is; null where it is not that of one person. */
  readonly userId: UserId | null;
  /** What was asked for, as it was asked: names with values. */
  readonly criteria: Readonly<Record<string, string>>;
  /** Whether personal data was shown. */
  readonly isPersonal: boolean;
  /** Why, if the reader said so. */
  readonly reason: string | null;
}

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type AuditReadingEvent =
  | {
      readonly type: 'AuditRead';
      readonly data: Omit<AuditInquiry, 'criteria' | 'reason'> & {
        readonly reader: string;
        readonly criteria: Personal<Readonly<Record<string, string>>>;
        readonly reason: Personal<string> | null;
        /** How many events were shown; null of an export, whose end says so. */
        readonly events: number | null;
      };
    }
  /** All of them that are alive are ended after it, by the same command. */
  | {
      readonly type: 'SelectedSessionsEndOrdered';
      readonly data: {
        readonly reader: string;
        readonly criteria: Personal<Readonly<Record<string, string>>>;
        readonly reason: Personal<string>;
      };
    }
  /** By the same command as its beginning. */
  | {
      readonly type: 'AuditExportEnded';
      readonly data: { readonly reader: string; readonly events: number; readonly isWhole: boolean };
    };

export const auditReadingEvents: EventCatalogue<AuditReadingEvent> = {
  // Addresses may be asked for, and reasons may name somebody.
  AuditRead: { schema: 1, personal: { fields: ['criteria', 'reason'], subject: ({ reader }) => reader } },
  AuditExportEnded: { schema: 1 },
  SelectedSessionsEndOrdered: {
    schema: 1,
    personal: { fields: ['criteria', 'reason'], subject: ({ reader }) => reader },
  },
};

export type AuditReadingCommand =
  | {
      readonly type: 'RecordReading';
      readonly reader: string;
      readonly inquiry: AuditInquiry;
      readonly events: number | null;
    }
  | {
      readonly type: 'OrderEndOfSessions';
      readonly reader: string;
      readonly criteria: Readonly<Record<string, string>>;
      readonly reason: string;
    }
  | {
      readonly type: 'RecordEndOfExport';
      readonly reader: string;
      readonly events: number;
      readonly isWhole: boolean;
    };

/** What somebody has read of the audit: every look is a fact, before its answer is given (SEC-164). */
export const auditReading: Decider<null, AuditReadingCommand, AuditReadingEvent> = {
  events: auditReadingEvents,
  initial: null,
  foldVersion: 1,

  evolve: () => null,

  decide(_, command) {
    const { reader } = command;
    switch (command.type) {
      case 'RecordReading': {
        const { inquiry, events } = command;
        if (inquiry.reason !== null) demandReason(inquiry.reason);
        return [{ type: 'AuditRead', data: { reader, ...inquiry, events } }];
      }
      case 'RecordEndOfExport': {
        const { events, isWhole } = command;
        return [{ type: 'AuditExportEnded', data: { reader, events, isWhole } }];
      }
      case 'OrderEndOfSessions': {
        const { criteria, reason } = command;
        demandReason(reason);
        return [{ type: 'SelectedSessionsEndOrdered', data: { reader, criteria, reason } }];
      }
    }
  },
};
