import type { EventCatalogue } from '../event-catalogue.js';
import type { CredentialId, SessionId, UserId } from '../ids.js';
import type { Personal } from '../personal.js';
import type { Role } from '../role.js';
import { type RecordedProfile, SEALED_FIELDS } from './asserted-profile.js';
import type { ErasureGround, ErasureInventory, ErasureOutcome } from './erasure-report.js';
import type { ProviderKey } from './provider.js';

/**
 * How somebody logs in; the word is the wire's `type` and `principalType` (ucloud-users-api §10.1, §13.3). There it has `wayf` for
 * everybody who comes from an identity provider, WAYF or another one.
 */
export type PrincipalKind = 'password' | 'wayf' | 'service' | 'provider';

/** Whether there is a person behind the account. */
export const isOfPerson = (kind: PrincipalKind): boolean => kind === 'password' || kind === 'wayf';

/**
 * Who had an account made: the installation itself, on the first start; an administrator; a service, for a person; or an identity
 * provider that somebody came from.
 */
export type Registrar = 'installation' | 'administrator' | 'service' | 'identity-provider';

/** Whether the password is one of those known from breaches could not be found out (SEC-06). */
export type SkippedBreachCheck = 'unavailable';

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
        readonly breachCheck?: SkippedBreachCheck;
      };
    }
  /** Whoever the identity provider means by this name logs in to the account. */
  | {
      readonly type: 'IdentityFederated';
      readonly data: {
        readonly userId: UserId;
        /** Its entity id. */
        readonly identityProvider: string;
        /** Compared to the letter. */
        readonly subject: Personal<string>;
      };
    }
  /** What the identity provider said of its owner at a login, all of it; earlier ones show who was the same person before. */
  | { readonly type: 'AssertedProfileChanged'; readonly data: { readonly userId: UserId } & RecordedProfile }
  /** The command that was to create this user died on the way; nobody will ever be this user. */
  | { readonly type: 'UserCreationAbandoned'; readonly data: Record<string, never> }
  /** Ends every session opened in an earlier epoch, except the spared one. */
  | {
      readonly type: 'SessionsInvalidated';
      readonly data: { readonly userId: UserId; readonly epoch: number; readonly spared: SessionId | null };
    }
  /** It cannot be used until it is reinstated. */
  | { readonly type: 'UserSuspended'; readonly data: Administered }
  | { readonly type: 'UserReinstated'; readonly data: Administered }
  | { readonly type: 'RoleChanged'; readonly data: Administered & { readonly role: Role } }
  /** It cannot be used any more, for good. What is known of its owner stays until it is erased. */
  | { readonly type: 'UserDeleted'; readonly data: Administered }
  /** It may read the audit, with or without what is personal in it. */
  | { readonly type: 'AuditorAppointed'; readonly data: Administered & { readonly seesPersonalData: boolean } }
  | { readonly type: 'AuditorDismissed'; readonly data: Administered }
  /** It must not be erased until the hold is lifted. */
  | { readonly type: 'LegalHoldPlaced'; readonly data: Administered }
  | { readonly type: 'LegalHoldLifted'; readonly data: Administered }
  /** Nobody is this user any more, for good; what is personal of them is destroyed next. */
  | {
      readonly type: 'UserErased';
      readonly data: { readonly userId: UserId; readonly ground: ErasureGround; readonly ticket?: string };
    }
  /** Before anything is destroyed, so that the report is right also if a process dies in between. */
  | { readonly type: 'ErasureInventoryTaken'; readonly data: { readonly userId: UserId } & ErasureInventory }
  /** Nothing of the person can be read any more. */
  | { readonly type: 'UserErasureCompleted'; readonly data: { readonly userId: UserId } & ErasureOutcome }
  /** All that is held about the person was handed to whoever is named as the actor. */
  | { readonly type: 'SubjectDataExported'; readonly data: { readonly userId: UserId } }
  /** Its next sessions can do no more than choose another password. */
  | { readonly type: 'PasswordChangeRequired'; readonly data: Administered }
  /** What its sessions may do at most, those that are to come, too. */
  | { readonly type: 'ScopesLimited'; readonly data: { readonly userId: UserId; readonly scopes: readonly string[] } }
  /** A service or a provider was given a refresh token to keep; those it had before may end earlier than they said. */
  | {
      readonly type: 'CredentialIssued';
      readonly data: {
        readonly userId: UserId;
        /** Of the session that it is. */
        readonly sessionId: SessionId;
        /** ISO 8601 UTC. */
        readonly expiresAt: string;
        /** When all earlier ones end at the latest, ISO 8601 UTC; null where it replaces none. */
        readonly othersEndAt: string | null;
      };
    }
  /** With its first key; whoever has the claim token gets its credential. */
  | {
      readonly type: 'ProviderRegistered';
      readonly data: ProviderKey & {
        readonly userId: UserId;
        /** SHA-256 of the claim token's secret, base64url. */
        readonly claimTokenHash: string;
        /** ISO 8601 UTC. */
        readonly claimableUntil: string;
      };
    }
  | { readonly type: 'ProviderClaimed'; readonly data: { readonly userId: UserId } }
  /** With another key; its claim token is void. */
  | { readonly type: 'ProviderRenewed'; readonly data: ProviderKey & { readonly userId: UserId } }
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
        /** What it takes the place of; events from before this was recorded do not say. */
        readonly replaced?: CredentialId;
        readonly cause: 'change' | 'reset';
        /** The request that its owner made by mail; it is good for one password. */
        readonly resetId?: string;
        readonly breachCheck?: SkippedBreachCheck;
      };
    }
  /** The same password under today's parameters; each is an algorithm with its cost, such as `pbkdf2-sha512 i=10000`. */
  | {
      readonly type: 'PasswordRehashed';
      readonly data: {
        readonly userId: UserId;
        readonly credentialId: CredentialId;
        readonly from: string;
        readonly to: string;
      };
    }
  /** Takes effect once the new address has confirmed it. */
  | {
      readonly type: 'EmailChangeRequested';
      readonly data: {
        readonly userId: UserId;
        readonly changeId: string;
        readonly email: Personal<string>;
        /** Whose it was at that moment; null for nobody's. They are told, and the answer says nothing of it (SEC-33). */
        readonly heldBy: UserId | null;
        /** SHA-256 of the token that is mailed to the new address, base64url. */
        readonly tokenHash: string;
        /** ISO 8601 UTC. */
        readonly expiresAt: string;
      };
    }
  /** The request took too long and lost the address to somebody else; it cannot be confirmed any more. */
  | {
      readonly type: 'EmailChangeAbandoned';
      readonly data: { readonly userId: UserId; readonly changeId: string };
    }
  | {
      readonly type: 'EmailChanged';
      readonly data: {
        readonly userId: UserId;
        readonly changeId: string;
        readonly email: Personal<string>;
        readonly previousEmail: Personal<string> | null;
        /** SHA-256 of the token that is mailed to the previous address, base64url. */
        readonly undoTokenHash: string;
        /** ISO 8601 UTC. */
        readonly undoUntil: string;
      };
    }
  /** The previous address took it back. */
  | {
      readonly type: 'EmailChangeUndone';
      readonly data: { readonly userId: UserId; readonly changeId: string; readonly email: Personal<string> };
    };

/** What an administrator did with an account, and why if they said so. */
interface Administered {
  readonly userId: UserId;
  readonly reason?: Personal<string>;
}

const subject = ({ userId }: { readonly userId: UserId }) => userId;
const administered = { schema: 1, personal: { fields: ['reason'], subject } } as const;

export const userEvents: EventCatalogue<UserEvent> = {
  UserCreated: {
    schema: 2,
    // Nobody said by whom; services register most people.
    upcasters: { 1: (data) => ({ ...data, registeredBy: 'service' }) },
    personal: { fields: ['username', 'email', 'firstNames', 'lastName'], subject },
  },
  IdentityFederated: { schema: 1, personal: { fields: ['subject'], subject } },
  AssertedProfileChanged: { schema: 1, personal: { fields: SEALED_FIELDS, subject } },
  UserCreationAbandoned: { schema: 1 },
  SessionsInvalidated: { schema: 1 },
  UserSuspended: administered,
  UserReinstated: administered,
  RoleChanged: administered,
  UserDeleted: administered,
  AuditorAppointed: administered,
  AuditorDismissed: administered,
  PasswordChangeRequired: administered,
  LegalHoldPlaced: administered,
  LegalHoldLifted: administered,
  UserErased: { schema: 1 },
  ErasureInventoryTaken: { schema: 1 },
  UserErasureCompleted: { schema: 1 },
  SubjectDataExported: { schema: 1 },
  ScopesLimited: { schema: 1 },
  CredentialIssued: { schema: 1 },
  ProviderRegistered: { schema: 1 },
  ProviderClaimed: { schema: 1 },
  ProviderRenewed: { schema: 1 },
  AgreementAccepted: { schema: 1 },
  ProfileChanged: { schema: 1, personal: { fields: ['firstNames', 'lastName'], subject } },
  PasswordChanged: { schema: 1 },
  PasswordRehashed: { schema: 1 },
  EmailChangeRequested: { schema: 1, personal: { fields: ['email'], subject } },
  EmailChangeAbandoned: { schema: 1 },
  EmailChanged: { schema: 1, personal: { fields: ['email', 'previousEmail'], subject } },
  EmailChangeUndone: { schema: 1, personal: { fields: ['email'], subject } },
};
