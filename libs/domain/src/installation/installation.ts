import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { StreamName, UserId } from '../ids.js';

export const INSTALLATION: StreamName = 'settings-installation';

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type InstallationEvent =
  /** Before anything else is in the log. `vaultId` is a fingerprint of the vault without which nobody can read what follows. */
  | { readonly type: 'InstallationFounded'; readonly data: { readonly vaultId: string } }
  | {
      readonly type: 'InstallationBootstrapped';
      readonly data: { readonly administratorId: UserId; readonly bootstrapServiceId: UserId | null };
    };

export const installationEvents: EventCatalogue<InstallationEvent> = {
  InstallationFounded: { schema: 1 },
  InstallationBootstrapped: { schema: 1 },
};

export type InstallationCommand =
  /** Binds a log that is bound to no vault yet. */
  | { readonly type: 'Found'; readonly vaultId: string }
  | { readonly type: 'Bootstrap'; readonly administratorId: UserId; readonly bootstrapServiceId: UserId | null };

export interface Installation {
  /** Null in a log from before this was recorded, and in a new one. */
  readonly vaultId: string | null;
  readonly bootstrapped: boolean;
}

export const installation: Decider<Installation, InstallationCommand, InstallationEvent> = {
  events: installationEvents,
  initial: { vaultId: null, bootstrapped: false },

  evolve(state, { type, data }) {
    switch (type) {
      case 'InstallationFounded':
        return { ...state, vaultId: data.vaultId };
      case 'InstallationBootstrapped':
        return { ...state, bootstrapped: true };
    }
  },

  decide(state, command) {
    switch (command.type) {
      case 'Found':
        return state.vaultId === null ? [{ type: 'InstallationFounded', data: { vaultId: command.vaultId } }] : [];
      case 'Bootstrap': {
        const { administratorId, bootstrapServiceId } = command;
        if (state.bootstrapped) return [];
        return [{ type: 'InstallationBootstrapped', data: { administratorId, bootstrapServiceId } }];
      }
    }
  },
};
