import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';

export const INSTALLATION: StreamName = 'settings-installation';

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export interface InstallationEvent {
  readonly type: 'InstallationBootstrapped';
  readonly data: { readonly administratorId: UserId; readonly bootstrapServiceId: UserId | null };
}

export const installationEvents: EventCatalogue<InstallationEvent> = {
  InstallationBootstrapped: { schema: 1 },
};

export interface InstallationCommand {
  readonly type: 'Bootstrap';
  readonly administratorId: UserId;
  readonly bootstrapServiceId: UserId | null;
}

export interface Installation {
  readonly bootstrapped: boolean;
}

export const installation: Decider<Installation, InstallationCommand, InstallationEvent> = {
  events: installationEvents,
  initial: { bootstrapped: false },

  evolve: () => ({ bootstrapped: true }),

  decide({ bootstrapped }, { administratorId, bootstrapServiceId }) {
    return bootstrapped ? [] : [{ type: 'InstallationBootstrapped', data: { administratorId, bootstrapServiceId } }];
  },
};
