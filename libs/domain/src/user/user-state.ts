import type { CredentialId, SessionId, UserId } from '../ids.js';
import { type Personal, readable } from '../personal.js';
import type { Role } from '../role.js';
import { type Credentials, NO_CREDENTIALS, withIssued } from './credentials.js';
import type { ErasureGround, ErasureInventory, ErasureOutcome } from './erasure-report.js';
import { type FederatedPerson, evolveFederation, withConfirmed } from './federation.js';
import { type Provider, evolveProvider } from './provider.js';
import type { PrincipalKind, Registrar, UserEvent } from './user-events.js';

/** A living session to keep when the others are ended, and the epoch it was opened in; null to end all. */
export interface SparedSession {
  readonly id: SessionId;
  readonly epoch: number;
}

export type User =
  { readonly status: 'none' } | { readonly status: 'abandoned' } | ActiveUser | DeletedUser | ErasedUser;

export interface ActiveUser {
  readonly status: 'active';
  readonly id: UserId;
  readonly kind: PrincipalKind;
  readonly role: Role;
  readonly suspended: boolean;
  /** Null for who may not read the audit, unless their role says so. */
  readonly auditor: { readonly seesPersonalData: boolean } | null;
  /** Whether it must not be erased. */
  readonly legalHold: boolean;
  readonly credentialId: CredentialId | null;
  /** Whether its sessions can do no more than choose another password. */
  readonly mustChangePassword: boolean;
  /** The request by mail that the password was chosen with last; null before the first. */
  readonly lastResetId: string | null;
  /** Null while it is the first one. */
  readonly passwordChangedAt: Date | null;
  readonly registeredBy: Registrar;
  /** The version of the service licence agreement that was accepted last; 0 for none. */
  readonly acceptedAgreement: number;
  /** A session lives only if it was opened in this epoch, or is the spared one. */
  readonly sessionEpoch: number;
  readonly sparedSession: SessionId | null;
  /** What its sessions may do at most; null: everything. */
  readonly scopeLimit: readonly string[] | null;
  readonly credentials: Credentials;
  /** Of providers only. */
  readonly provider: Provider | null;
  /** Of those only who come from an identity provider. */
  readonly federation: FederatedPerson | null;
  /** What tokens say about the person. */
  readonly claims: {
    readonly username: Personal<string>;
    readonly email: Personal<string> | null;
    readonly firstNames: Personal<string> | null;
    readonly lastName: Personal<string> | null;
  };
  readonly requestedEmail: RequestedEmail | null;
  /** Oldest first. */
  readonly replacedEmails: readonly ReplacedEmail[];
}

/** Nobody can use it; what is known of its owner is still there. */
export type DeletedUser = Pick<ActiveUser, 'id' | 'kind' | 'legalHold'> & { readonly status: 'deleted' };

/** Nobody knows any more who that was. */
export interface ErasedUser {
  readonly status: 'erased';
  readonly id: UserId;
  readonly ground: ErasureGround;
  /** Where the request is on file; null for nowhere. */
  readonly ticket: string | null;
  readonly erasedAt: Date;
  /** Null until it was taken. */
  readonly inventory: ErasureInventory | null;
  /** Null until everything was destroyed. */
  readonly outcome: (ErasureOutcome & { readonly completedAt: Date }) | null;
}

/** An address that has not confirmed yet that it is the account's. */
export interface RequestedEmail {
  readonly changeId: string;
  readonly email: Personal<string>;
  readonly tokenHash: string;
  readonly expiresAt: Date;
}

/** An address that was the account's, and can take it back for a while. */
export interface ReplacedEmail {
  readonly changeId: string;
  readonly email: Personal<string>;
  readonly undoTokenHash: string;
  readonly undoUntil: Date;
}

/** What sessions need to know of the account they belong to. */
export type SessionOwner = Pick<
  ActiveUser,
  'id' | 'role' | 'sessionEpoch' | 'sparedSession' | 'scopeLimit' | 'credentials'
>;

/** The user name; the id once it was erased. */
export const nameOf = ({ id, claims }: Pick<ActiveUser, 'id' | 'claims'>): string => readable(claims.username) ?? id;

/** The account after one more event. */
export function evolve(state: User, event: UserEvent, occurredAt: Date): User {
  if (event.type === 'UserCreated') return created(event.data);
  if (event.type === 'UserCreationAbandoned') return { status: 'abandoned' };
  switch (state.status) {
    case 'active':
      return evolveActive(state, event, occurredAt);
    case 'deleted':
      return isErasing(event) ? evolveErasable(state, event, occurredAt) : state;
    case 'erased':
      return isErasing(event) ? evolveErased(state, event, occurredAt) : state;
    case 'none':
    case 'abandoned':
      return state;
  }
}

function created(data: Extract<UserEvent, { type: 'UserCreated' }>['data']): ActiveUser {
  const { userId: id, kind, role, credentialId, registeredBy, username, email, firstNames, lastName } = data;
  return {
    status: 'active',
    id,
    kind,
    role,
    suspended: false,
    auditor: null,
    legalHold: false,
    credentialId,
    mustChangePassword: false,
    lastResetId: null,
    passwordChangedAt: null,
    registeredBy,
    acceptedAgreement: 0,
    sessionEpoch: 0,
    sparedSession: null,
    scopeLimit: null,
    credentials: NO_CREDENTIALS,
    provider: null,
    federation: null,
    claims: { username, email, firstNames, lastName },
    requestedEmail: null,
    replacedEmails: [],
  };
}

type Erasing = Extract<UserEvent, { type: ErasingType }>;
type ErasingType = (typeof ERASING)[number];
const ERASING = [
  'ErasureInventoryTaken',
  'LegalHoldLifted',
  'LegalHoldPlaced',
  'UserErased',
  'UserErasureCompleted',
] as const;
const isErasing = (event: UserEvent): event is Erasing => ERASING.some((type) => type === event.type);

function evolveActive(state: ActiveUser, event: Exclude<UserEvent, Creation>, occurredAt: Date): User {
  const { id, kind, legalHold } = state;
  if (event.type === 'UserDeleted') return { status: 'deleted', id, kind, legalHold };
  if (event.type === 'SubjectDataExported') return state;
  return isErasing(event)
    ? evolveErasable(state, event, occurredAt)
    : { ...state, ...changed(state, event, occurredAt) };
}

function evolveErasable(state: ActiveUser | DeletedUser, { type, data }: Erasing, occurredAt: Date): User {
  switch (type) {
    case 'LegalHoldPlaced':
      return { ...state, legalHold: true };
    case 'LegalHoldLifted':
      return { ...state, legalHold: false };
    case 'UserErased': {
      const { ground, ticket = null } = data;
      return { status: 'erased', id: state.id, ground, ticket, erasedAt: occurredAt, inventory: null, outcome: null };
    }
    case 'ErasureInventoryTaken':
    case 'UserErasureCompleted':
      return state;
  }
}

function evolveErased(state: ErasedUser, { type, data }: Erasing, occurredAt: Date): User {
  switch (type) {
    case 'ErasureInventoryTaken': {
      const { userId: _, ...inventory } = data;
      return { ...state, inventory };
    }
    case 'UserErasureCompleted': {
      const { userId: _, ...outcome } = data;
      return { ...state, outcome: { ...outcome, completedAt: occurredAt } };
    }
    case 'LegalHoldPlaced':
    case 'LegalHoldLifted':
    case 'UserErased':
      return state;
  }
}

type Creation = { type: 'UserCreated' | 'UserCreationAbandoned' };
type Change = Exclude<UserEvent, Creation | { type: ErasingType | 'SubjectDataExported' | 'UserDeleted' }>;

function changed(state: ActiveUser, event: Change, occurredAt: Date): Partial<ActiveUser> {
  const { claims, credentials, federation, lastResetId, provider, replacedEmails } = state;
  const { type, data } = event;
  switch (type) {
    case 'SessionsInvalidated':
      return {
        sessionEpoch: data.epoch,
        sparedSession: data.spared,
        credentials: data.spared === null ? NO_CREDENTIALS : credentials,
        // Whoever asked for another address may be whom the owner shuts out.
        requestedEmail: null,
      };
    case 'UserSuspended':
      return { suspended: true };
    case 'UserReinstated':
      return { suspended: false };
    case 'RoleChanged':
      return { role: data.role };
    case 'AuditorAppointed':
      return { auditor: { seesPersonalData: data.seesPersonalData } };
    case 'AuditorDismissed':
      return { auditor: null };
    case 'PasswordChangeRequired':
      return { mustChangePassword: true };
    case 'ScopesLimited':
      return { scopeLimit: data.scopes };
    case 'CredentialIssued':
      return { credentials: withIssued(credentials, data, occurredAt) };
    case 'ProviderRegistered':
    case 'ProviderClaimed':
    case 'ProviderRenewed':
      return { provider: evolveProvider(provider, event) };
    case 'IdentityFederated':
    case 'AssertedProfileChanged':
      return evolveFederation(state, event);
    case 'AgreementAccepted':
      return { acceptedAgreement: data.version };
    case 'ProfileChanged':
      return { claims: { ...claims, firstNames: data.firstNames, lastName: data.lastName } };
    case 'PasswordChanged': {
      const { credentialId, resetId = lastResetId } = data;
      return { credentialId, mustChangePassword: false, lastResetId: resetId, passwordChangedAt: occurredAt };
    }
    case 'PasswordRehashed':
      return { credentialId: data.credentialId };
    case 'EmailChangeRequested': {
      const { changeId, email, tokenHash, expiresAt } = data;
      return { requestedEmail: { changeId, email, tokenHash, expiresAt: new Date(expiresAt) } };
    }
    case 'EmailChangeAbandoned':
      return { requestedEmail: null };
    case 'EmailChanged': {
      const { changeId, email, previousEmail, undoTokenHash, undoUntil } = data;
      const kept = replacedEmails.filter((replaced) => replaced.undoUntil > occurredAt);
      const replaced = { changeId, undoTokenHash, undoUntil: new Date(undoUntil) };
      return {
        claims: { ...claims, email },
        federation: withConfirmed(federation, email),
        requestedEmail: null,
        replacedEmails: previousEmail === null ? kept : [...kept, { ...replaced, email: previousEmail }],
      };
    }
    case 'EmailChangeUndone': {
      const undone = replacedEmails.findIndex(({ changeId }) => changeId === data.changeId);
      return {
        claims: { ...claims, email: data.email },
        federation: withConfirmed(federation, data.email),
        requestedEmail: null,
        // Those after it were given by whoever changed it.
        replacedEmails: replacedEmails.slice(0, Math.max(undone, 0)),
      };
    }
  }
}
