import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { CredentialId, SessionId, UserId } from '../ids.js';
import type { Personal } from '../personal.js';
import { Refused } from '../refused.js';
import type { Role } from '../role.js';
import { demandEmail, demandPlainText, demandUsername } from './username.js';

/** How somebody logs in; the word is the wire's `type` and `principalType` (ucloud-users-api §10.1, §13.3). */
export type PrincipalKind = 'password' | 'service';

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type UserEvent =
  | {
      readonly type: 'UserCreated';
      readonly data: {
        readonly userId: UserId;
        readonly kind: PrincipalKind;
        readonly role: Role;
        readonly username: Personal<string>;
        readonly email: Personal<string> | null;
        readonly firstNames: Personal<string> | null;
        readonly lastName: Personal<string> | null;
        readonly organizationId: string | null;
        /** The password's row in the vault; null for who has no password. */
        readonly credentialId: CredentialId | null;
      };
    }
  /** The command that was to create this user died on the way; nobody will ever be this user. */
  | { readonly type: 'UserCreationAbandoned'; readonly data: Record<string, never> }
  /** Ends every session opened in an earlier epoch, except the spared one. */
  | {
      readonly type: 'SessionsInvalidated';
      readonly data: { readonly userId: UserId; readonly epoch: number; readonly spared: SessionId | null };
    };

export const userEvents: EventCatalogue<UserEvent> = {
  UserCreated: {
    schema: 1,
    personal: { fields: ['username', 'email', 'firstNames', 'lastName'], subject: (data) => data.userId },
  },
  UserCreationAbandoned: { schema: 1 },
  SessionsInvalidated: { schema: 1 },
};

export type UserCommand =
  | {
      readonly type: 'CreateUser';
      readonly id: UserId;
      readonly role: Role;
      readonly username: string;
      /** Null only for an administrator whom the installation makes. */
      readonly email: string | null;
      readonly firstNames: string | null;
      readonly lastName: string | null;
      readonly organizationId: string | null;
      readonly credentialId: CredentialId | null;
    }
  /** Makes sure that an unfinished creation can never be finished. */
  | { readonly type: 'AbandonUserCreation' }
  | {
      readonly type: 'InvalidateSessions';
      /** A living session to keep, and the epoch it was opened in; null to end all. */
      readonly spare: { readonly id: SessionId; readonly epoch: number } | null;
    };

export type User = { readonly status: 'none' } | { readonly status: 'abandoned' } | ActiveUser;

export interface ActiveUser {
  readonly status: 'active';
  readonly id: UserId;
  readonly kind: PrincipalKind;
  readonly role: Role;
  readonly credentialId: CredentialId | null;
  /** A session lives only if it was opened in this epoch, or is the spared one. */
  readonly sessionEpoch: number;
  readonly sparedSession: SessionId | null;
  /** What tokens say about the person; no rule reads it. */
  readonly claims: {
    readonly username: Personal<string>;
    readonly email: Personal<string> | null;
    readonly firstNames: Personal<string> | null;
    readonly lastName: Personal<string> | null;
  };
}

/** What sessions need to know of the account they belong to. */
export type SessionOwner = Pick<ActiveUser, 'id' | 'role' | 'sessionEpoch' | 'sparedSession'>;

export type UserRefusal =
  | 'email-invalid'
  | 'name-invalid'
  | 'role-not-assignable'
  | 'session-ended'
  | 'user-creation-abandoned'
  | 'user-unknown'
  | 'username-invalid';

/** The kind of account that a role makes. @throws Refused `role-not-assignable` for roles that no account can have */
export function kindOf(role: Role): PrincipalKind {
  switch (role) {
    case 'USER':
    case 'ADMIN':
      return 'password';
    case 'SERVICE':
      return 'service';
    case 'GUEST':
    case 'PROVIDER':
    case 'THIRD_PARTY_APP':
    case 'UNKNOWN':
      throw new Refused('role-not-assignable', `The role ${role} cannot be given: use USER, ADMIN or SERVICE.`);
  }
}

export const user: Decider<User, UserCommand, UserEvent> = {
  events: userEvents,
  initial: { status: 'none' },

  evolve(state, { type, data }) {
    switch (type) {
      case 'UserCreated': {
        const { userId, kind, role, credentialId, username, email, firstNames, lastName } = data;
        const claims = { username, email, firstNames, lastName };
        return { status: 'active', id: userId, kind, role, credentialId, sessionEpoch: 0, sparedSession: null, claims };
      }
      case 'UserCreationAbandoned':
        return { status: 'abandoned' };
      case 'SessionsInvalidated':
        return state.status === 'active' ? { ...state, sessionEpoch: data.epoch, sparedSession: data.spared } : state;
    }
  },

  decide(state, command) {
    switch (command.type) {
      case 'CreateUser':
        if (state.status === 'abandoned')
          throw new Refused('user-creation-abandoned', 'Creating this user took too long and was given up: try again.');
        return state.status === 'none' ? [created(command)] : [];
      case 'AbandonUserCreation':
        return state.status === 'none' ? [{ type: 'UserCreationAbandoned', data: {} }] : [];
      case 'InvalidateSessions': {
        if (state.status !== 'active') throw new Refused('user-unknown');
        const { spare } = command;
        // A session that is already dead must not come back to life by being spared.
        if (spare !== null && spare.epoch !== state.sessionEpoch && state.sparedSession !== spare.id)
          throw new Refused('session-ended');
        const epoch = state.sessionEpoch + 1;
        return [{ type: 'SessionsInvalidated', data: { userId: state.id, epoch, spared: spare?.id ?? null } }];
      }
    }
  },
};

function created(command: Extract<UserCommand, { type: 'CreateUser' }>): UserEvent {
  const { id, role, username, organizationId, credentialId } = command;
  const kind = kindOf(role);
  if (kind === 'service') {
    demandUsername(username, kind);
    const nobody = { email: null, firstNames: null, lastName: null, organizationId: null, credentialId: null };
    return { type: 'UserCreated', data: { userId: id, kind, role, username, ...nobody } };
  }
  const { email } = command;
  const named = [command.firstNames, command.lastName].every((name) => name !== null && name.trim() !== '');
  const firstNames = named ? command.firstNames : username;
  const lastName = named ? command.lastName : 'N/A';
  if (email !== null) demandEmail(email);
  demandUsername(username, kind);
  demandPlainText('firstnames', firstNames ?? '');
  demandPlainText('lastname', lastName ?? '');
  demandPlainText('orgId', organizationId ?? '');
  return {
    type: 'UserCreated',
    data: { userId: id, kind, role, username, email, firstNames, lastName, organizationId, credentialId },
  };
}
