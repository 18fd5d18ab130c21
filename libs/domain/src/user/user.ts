import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { CredentialId, SessionId, UserId } from '../ids.js';
import { type Personal, readable } from '../personal.js';
import { Refused } from '../refused.js';
import type { Role } from '../role.js';
import { demandEmail, demandPlainText, demandUsername } from './username.js';

/** How somebody logs in; the word is the wire's `type` and `principalType` (ucloud-users-api §10.1, §13.3). */
export type PrincipalKind = 'password' | 'service';

/** Who had an account made: the installation itself, on the first start; an administrator; or a service, for a person. */
export type Registrar = 'installation' | 'administrator' | 'service';

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
        readonly registeredBy: Registrar;
      };
    }
  /** The command that was to create this user died on the way; nobody will ever be this user. */
  | { readonly type: 'UserCreationAbandoned'; readonly data: Record<string, never> }
  /** Ends every session opened in an earlier epoch, except the spared one. */
  | {
      readonly type: 'SessionsInvalidated';
      readonly data: { readonly userId: UserId; readonly epoch: number; readonly spared: SessionId | null };
    }
  /** It cannot be used until it is reinstated. */
  | { readonly type: 'UserSuspended'; readonly data: { readonly userId: UserId } }
  | { readonly type: 'UserReinstated'; readonly data: { readonly userId: UserId } }
  | { readonly type: 'RoleChanged'; readonly data: { readonly userId: UserId; readonly role: Role } }
  /** Versions count from 1; the current one is a setting. */
  | { readonly type: 'AgreementAccepted'; readonly data: { readonly userId: UserId; readonly version: number } }
  | {
      readonly type: 'ProfileChanged';
      readonly data: {
        readonly userId: UserId;
        readonly firstNames: Personal<string> | null;
        readonly lastName: Personal<string> | null;
      };
    }
  /** `change`: by who knew the old one; `reset`: by the recovery. */
  | {
      readonly type: 'PasswordChanged';
      readonly data: {
        readonly userId: UserId;
        readonly credentialId: CredentialId;
        readonly cause: 'change' | 'reset';
      };
    };

export const userEvents: EventCatalogue<UserEvent> = {
  UserCreated: {
    schema: 2,
    // Nobody said by whom; services register most people.
    upcasters: { 1: (data) => ({ ...data, registeredBy: 'service' }) },
    personal: { fields: ['username', 'email', 'firstNames', 'lastName'], subject: (data) => data.userId },
  },
  UserCreationAbandoned: { schema: 1 },
  SessionsInvalidated: { schema: 1 },
  UserSuspended: { schema: 1 },
  UserReinstated: { schema: 1 },
  RoleChanged: { schema: 1 },
  AgreementAccepted: { schema: 1 },
  ProfileChanged: { schema: 1, personal: { fields: ['firstNames', 'lastName'], subject: (data) => data.userId } },
  PasswordChanged: { schema: 1 },
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
      readonly registeredBy: Registrar;
    }
  /** Makes sure that an unfinished creation can never be finished. */
  | { readonly type: 'AbandonUserCreation' }
  | { readonly type: 'InvalidateSessions'; readonly spare: SparedSession | null }
  /** By administrators, of others than themselves; each but reinstating ends all sessions of the account. */
  | { readonly type: 'SuspendUser' | 'ReinstateUser'; readonly by: UserId }
  | { readonly type: 'ChangeRole'; readonly by: UserId; readonly role: Role }
  | { readonly type: 'AcceptAgreement'; readonly version: number; readonly current: number }
  /** Null leaves a name as it is. */
  | { readonly type: 'ChangeProfile'; readonly firstNames: string | null; readonly lastName: string | null }
  /** Ends the sessions that were opened with the old password, too (SEC-09). */
  | {
      readonly type: 'ChangePassword';
      /** What was verified: nobody changes a password that was changed meanwhile. Null for a reset. */
      readonly replaces: CredentialId | null;
      readonly credentialId: CredentialId;
      readonly spare: SparedSession | null;
    };

/** A living session to keep when the others are ended, and the epoch it was opened in; null to end all. */
export interface SparedSession {
  readonly id: SessionId;
  readonly epoch: number;
}

export type User = { readonly status: 'none' } | { readonly status: 'abandoned' } | ActiveUser;

export interface ActiveUser {
  readonly status: 'active';
  readonly id: UserId;
  readonly kind: PrincipalKind;
  readonly role: Role;
  readonly suspended: boolean;
  readonly credentialId: CredentialId | null;
  readonly registeredBy: Registrar;
  /** The version of the service licence agreement that was accepted last; 0 for none. */
  readonly acceptedAgreement: number;
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
  | 'agreement-not-current'
  | 'email-invalid'
  | 'email-not-changeable'
  | 'name-invalid'
  | 'own-account'
  | 'password-changed-meanwhile'
  | 'password-not-applicable'
  | 'password-wrong'
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
        const { userId: id, kind, role, credentialId, registeredBy, username, email, firstNames, lastName } = data;
        const claims = { username, email, firstNames, lastName };
        const sessions = { sessionEpoch: 0, sparedSession: null };
        const fresh = { suspended: false, acceptedAgreement: 0 };
        return { status: 'active', id, kind, role, credentialId, registeredBy, ...fresh, ...sessions, claims };
      }
      case 'UserCreationAbandoned':
        return { status: 'abandoned' };
      case 'SessionsInvalidated':
        return state.status === 'active' ? { ...state, sessionEpoch: data.epoch, sparedSession: data.spared } : state;
      case 'UserSuspended':
        return state.status === 'active' ? { ...state, suspended: true } : state;
      case 'UserReinstated':
        return state.status === 'active' ? { ...state, suspended: false } : state;
      case 'RoleChanged':
        return state.status === 'active' ? { ...state, role: data.role } : state;
      case 'AgreementAccepted':
        return state.status === 'active' ? { ...state, acceptedAgreement: data.version } : state;
      case 'ProfileChanged': {
        if (state.status !== 'active') return state;
        const { firstNames, lastName } = data;
        return { ...state, claims: { ...state.claims, firstNames, lastName } };
      }
      case 'PasswordChanged':
        return state.status === 'active' ? { ...state, credentialId: data.credentialId } : state;
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
      case 'InvalidateSessions':
        return [invalidated(demandActive(state), command.spare)];
      case 'SuspendUser': {
        const active = demandAnother(state, command.by);
        if (active.suspended) return [];
        return [{ type: 'UserSuspended', data: { userId: active.id } }, invalidated(active, null)];
      }
      case 'ReinstateUser': {
        const active = demandAnother(state, command.by);
        return active.suspended ? [{ type: 'UserReinstated', data: { userId: active.id } }] : [];
      }
      case 'ChangeRole': {
        const active = demandAnother(state, command.by);
        const { role } = command;
        if (role === active.role) return [];
        if (kindOf(role) !== active.kind)
          throw new Refused('role-not-assignable', `An account of type ${active.kind} cannot have the role ${role}.`);
        // What was opened with the old role must not be used with the new one.
        return [{ type: 'RoleChanged', data: { userId: active.id, role } }, invalidated(active, null)];
      }
      case 'AcceptAgreement': {
        const { id, acceptedAgreement } = demandActive(state);
        const { version, current } = command;
        if (version !== current)
          throw new Refused('agreement-not-current', `The current agreement is version ${current}.`);
        return acceptedAgreement === version ? [] : [{ type: 'AgreementAccepted', data: { userId: id, version } }];
      }
      case 'ChangeProfile':
        return renamed(demandActive(state), command);
      case 'ChangePassword': {
        const active = demandActive(state);
        const { replaces, credentialId, spare } = command;
        if (active.credentialId === credentialId) return [];
        if (active.credentialId === null)
          throw new Refused('password-not-applicable', `An account of type ${active.kind} has no password.`);
        if (replaces !== null && replaces !== active.credentialId) throw new Refused('password-changed-meanwhile');
        const cause = replaces === null ? 'reset' : 'change';
        return [
          { type: 'PasswordChanged', data: { userId: active.id, credentialId, cause } },
          invalidated(active, spare),
        ];
      }
    }
  },
};

/** @throws Refused `user-unknown` */
function demandActive(state: User): ActiveUser {
  if (state.status !== 'active') throw new Refused('user-unknown');
  return state;
}

/** An administrator who shuts themselves out has nobody to let them in again. @throws Refused */
function demandAnother(state: User, by: UserId): ActiveUser {
  const active = demandActive(state);
  if (active.id === by) throw new Refused('own-account', 'Ask another administrator to change your own account.');
  return active;
}

function invalidated({ id, sessionEpoch, sparedSession }: ActiveUser, spare: SparedSession | null): UserEvent {
  // A session that is already dead must not come back to life by being spared.
  if (spare !== null && spare.epoch !== sessionEpoch && sparedSession !== spare.id) throw new Refused('session-ended');
  return {
    type: 'SessionsInvalidated',
    data: { userId: id, epoch: sessionEpoch + 1, spared: spare?.id ?? null },
  };
}

function renamed({ id, claims }: ActiveUser, command: Extract<UserCommand, { type: 'ChangeProfile' }>): UserEvent[] {
  const given = (name: string | null) => (name === null || name.trim() === '' ? null : name);
  const firstNames = given(command.firstNames) ?? claims.firstNames;
  const lastName = given(command.lastName) ?? claims.lastName;
  demandPlainText('firstNames', readable(firstNames) ?? '');
  demandPlainText('lastName', readable(lastName) ?? '');
  if (firstNames === claims.firstNames && lastName === claims.lastName) return [];
  return [{ type: 'ProfileChanged', data: { userId: id, firstNames, lastName } }];
}

function created(command: Extract<UserCommand, { type: 'CreateUser' }>): UserEvent {
  const { id, role, username, organizationId, credentialId, registeredBy } = command;
  const kind = kindOf(role);
  if (kind === 'service') {
    demandUsername(username, kind);
    const nobody = { email: null, firstNames: null, lastName: null, organizationId: null, credentialId: null };
    return { type: 'UserCreated', data: { userId: id, kind, role, username, ...nobody, registeredBy } };
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
    data: {
      userId: id,
      kind,
      role,
      username,
      email,
      firstNames,
      lastName,
      organizationId,
      credentialId,
      registeredBy,
    },
  };
}
