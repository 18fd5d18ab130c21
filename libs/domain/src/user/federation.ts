import type { UserId } from '../ids.js';
import { type Personal, readable } from '../personal.js';
import { Refused } from '../refused.js';
import {
  type AssertedProfile,
  NOTHING_ASSERTED,
  type RecordedProfile,
  cleaned,
  firstMail,
  isKnown,
} from './asserted-profile.js';
import type { UserEvent } from './user-events.js';
import type { ActiveUser } from './user-state.js';
import { demandUsername } from './username.js';

/** Who somebody is to an identity provider, for good: compared as it is, to the letter (wayf-saml §1.5). */
export interface FederatedIdentity {
  /** Its entity id. */
  readonly identityProvider: string;
  /** Its name for the person, which it gives to nobody else: eduPersonTargetedID, or a persistent NameID. */
  readonly subject: string;
}

/** As one text, of which no other identity has the same. */
export const identityText = ({ identityProvider, subject }: FederatedIdentity): string =>
  JSON.stringify([identityProvider, subject]);

/** How somebody logs in through an identity provider, and what that says of them. */
export interface FederatedPerson {
  readonly identityProvider: string;
  readonly subject: Personal<string>;
  /** As of their last login. */
  readonly profile: RecordedProfile;
  /** The address that its owner has confirmed, which nobody else has; null before. */
  readonly confirmedEmail: Personal<string> | null;
}

/** Makes the account of who logs in for the first time. */
export interface CreateFederatedUser {
  readonly type: 'CreateFederatedUser';
  readonly id: UserId;
  readonly username: string;
  readonly identity: FederatedIdentity;
  readonly profile: AssertedProfile;
}

/** Somebody logs in again. */
export interface RecordAssertedProfile {
  readonly type: 'RecordAssertedProfile';
  readonly profile: AssertedProfile;
}

/** Names and addresses come with what is asserted; an address of theirs is one that they confirmed. @throws Refused `username-invalid` */
export function federated({ id: userId, username, identity, profile }: CreateFederatedUser): UserEvent[] {
  demandUsername(username, 'password');
  const nothing = { email: null, firstNames: null, lastName: null, organizationId: null, credentialId: null };
  const person = { userId, kind: 'wayf', role: 'USER', username, ...nothing } as const;
  const { identityProvider, subject } = identity;
  return [
    { type: 'UserCreated', data: { ...person, registeredBy: 'identity-provider' } },
    { type: 'IdentityFederated', data: { userId, identityProvider, subject } },
    { type: 'AssertedProfileChanged', data: { userId, ...cleaned(profile) } },
  ];
}

/**
 * What a login says takes the place of all that the one before it said: what is not said any more is not known any more.
 * @throws Refused `account-suspended`, and `user-unknown` for an account of another kind
 */
export function profileAsserted(state: ActiveUser, { profile }: RecordAssertedProfile): UserEvent[] {
  const { id: userId, federation, suspended } = state;
  if (suspended) throw new Refused('account-suspended');
  if (federation === null) throw new Refused('user-unknown');
  const said = cleaned(profile);
  return isKnown(federation.profile, said) ? [] : [{ type: 'AssertedProfileChanged', data: { userId, ...said } }];
}

/** @throws Refused `name-asserted` */
export function demandOwnNames({ federation }: ActiveUser): void {
  if (federation !== null) throw new Refused('name-asserted');
}

/** Who they are to their identity provider; null for an account of another kind, and once it cannot be read any more. */
export function identityOf({ federation }: Pick<ActiveUser, 'federation'>): FederatedIdentity | null {
  const subject = federation === null ? null : readable(federation.subject);
  return federation === null || subject === null ? null : { identityProvider: federation.identityProvider, subject };
}

/** The address that the account has alone: given by who registered it, or confirmed. What is asserted is none. */
export const ownEmail = ({ claims, federation }: Pick<ActiveUser, 'claims' | 'federation'>): Personal<string> | null =>
  federation === null ? claims.email : federation.confirmedEmail;

type Federating = Extract<UserEvent, { type: 'IdentityFederated' | 'AssertedProfileChanged' }>;

export function evolveFederation(
  { claims, federation }: ActiveUser,
  { type, data }: Federating,
): Pick<ActiveUser, 'claims' | 'federation'> {
  switch (type) {
    case 'IdentityFederated': {
      const { identityProvider, subject } = data;
      return { claims, federation: { identityProvider, subject, profile: NOTHING_ASSERTED, confirmedEmail: null } };
    }
    case 'AssertedProfileChanged': {
      const { userId: _, ...profile } = data;
      const { firstNames, lastName } = profile;
      const email = federation?.confirmedEmail ?? firstMail(profile);
      return {
        claims: { ...claims, firstNames, lastName, email },
        federation: federation === null ? null : { ...federation, profile },
      };
    }
  }
}

/** With an address that its owner has confirmed. */
export const withConfirmed = (federation: FederatedPerson | null, email: Personal<string>): FederatedPerson | null =>
  federation === null ? null : { ...federation, confirmedEmail: email };
