import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';

/** @param commandId of the command that brings the users in: the same when it is repeated */
export const userImportStream = (commandId: string): StreamName => `import-${commandId}`;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export interface UserImportEvent {
  readonly type: 'UsersImported';
  readonly data: { readonly userIds: readonly UserId[] };
}

export const userImportEvents: EventCatalogue<UserImportEvent> = {
  UsersImported: { schema: 1 },
};

export interface UserImportCommand {
  readonly type: 'RecordImport';
  readonly userIds: readonly UserId[];
}

export interface UserImport {
  readonly recorded: boolean;
}

/** Which accounts came in together from elsewhere; by it a repeated import is known as one. */
export const userImport: Decider<UserImport, UserImportCommand, UserImportEvent> = {
  events: userImportEvents,
  initial: { recorded: false },

  evolve: () => ({ recorded: true }),

  decide({ recorded }, { userIds }) {
    return recorded || userIds.length === 0 ? [] : [{ type: 'UsersImported', data: { userIds } }];
  },
};
