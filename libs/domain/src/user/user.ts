import type { Decider } from '../decider.js';
import { readable } from '../personal.js';
import { Refused } from '../refused.js';
import { type ChangeEmail, type RequestEmailChange, emailChanged } from './email-change.js';
import { type ChangePassword, type RehashPassword, passwordChanged, passwordRehashed } from './password-change.js';
import {
  type ManageProvider,
  type RegisterProvider,
  providerClaimed,
  providerRegistered,
  providerRenewed,
} from './provider.js';
import { type ForgetUser, forgotten } from './erasure.js';
import {
  type CreateFederatedUser,
  type RecordAssertedProfile,
  demandOwnNames,
  federated,
  profileAsserted,
} from './federation.js';
import { type CreateService, type RotateCredential, credentialRotated, serviceCreated } from './service-account.js';
import { invalidated } from './session-epoch.js';
import { type AdministerUser, administered } from './user-administration.js';
import { type CreateUser, created } from './user-creation.js';
import { type UserEvent, userEvents } from './user-events.js';
import { type ActiveUser, type SparedSession, type User, evolve } from './user-state.js';
import { demandPlainText } from './username.js';

/** What makes an account. */
export type UserCreation = CreateUser | CreateFederatedUser | CreateService | RegisterProvider;

export type UserCommand =
  | UserCreation
  /** Makes sure that an unfinished creation can never be finished. */
  | { readonly type: 'AbandonUserCreation' }
  | { readonly type: 'InvalidateSessions'; readonly spare: SparedSession | null }
  | AdministerUser
  | ForgetUser
  /** All that is held about the person is being handed out. */
  | { readonly type: 'RecordExport' }
  | { readonly type: 'AcceptAgreement'; readonly version: number; readonly current: number }
  /** Null leaves a name, or the e-mail address, as it is. */
  | {
      readonly type: 'ChangeProfile';
      readonly firstNames: string | null;
      readonly lastName: string | null;
      readonly email: RequestEmailChange | null;
    }
  | RecordAssertedProfile
  | ChangePassword
  | RehashPassword
  | Exclude<ChangeEmail, RequestEmailChange>
  | RotateCredential
  | ManageProvider;

export type UserRefusal =
  | 'account-changed-meanwhile'
  | 'account-suspended'
  | 'agreement-not-current'
  | 'auditor-not-assignable'
  | 'claim-token-expired'
  | 'claim-token-unknown'
  | 'credential-ended'
  | 'credential-rotated-meanwhile'
  | 'credential-superseded'
  | 'credentials-too-many'
  | 'email-invalid'
  | 'email-token-expired'
  | 'email-token-unknown'
  | 'erasure-not-applicable'
  | 'erasure-unknown'
  | 'legal-hold'
  | 'name-asserted'
  | 'name-invalid'
  | 'own-account'
  | 'password-changed-meanwhile'
  | 'password-not-applicable'
  | 'password-wrong'
  | 'provider-id-invalid'
  | 'provider-renewed-meanwhile'
  | 'provider-token-unknown'
  | 'provider-unknown'
  | 'reason-invalid'
  | 'reset-token-unknown'
  | 'role-not-assignable'
  | 'session-ended'
  | 'user-creation-abandoned'
  | 'user-erased'
  | 'user-unknown'
  | 'username-invalid';

export const user: Decider<User, UserCommand, UserEvent> = {
  events: userEvents,
  initial: { status: 'none' },

  evolve,

  decide(state, command) {
    switch (command.type) {
      case 'CreateUser':
        return mayBeCreated(state) ? [created(command)] : [];
      case 'CreateFederatedUser':
        return mayBeCreated(state) ? federated(command) : [];
      case 'CreateService':
        return mayBeCreated(state) ? serviceCreated(command) : [];
      case 'RegisterProvider':
        return mayBeCreated(state) ? providerRegistered(command) : [];
      case 'AbandonUserCreation':
        return state.status === 'none' ? [{ type: 'UserCreationAbandoned', data: {} }] : [];
      case 'InvalidateSessions':
        return [invalidated(demandActive(state), command.spare)];
      case 'SuspendUser':
      case 'ReinstateUser':
      case 'DeleteUser':
      case 'AppointAuditor':
      case 'DismissAuditor':
      case 'RequirePasswordChange':
      case 'ChangeRole':
        return administered(demandActive(state), command);
      case 'EraseUser':
      case 'TakeErasureInventory':
      case 'CompleteErasure':
      case 'PlaceLegalHold':
      case 'LiftLegalHold':
        return forgotten(state, command);
      case 'RecordExport':
        return [{ type: 'SubjectDataExported', data: { userId: demandOnceThere(state).id } }];
      case 'AcceptAgreement': {
        const { id, acceptedAgreement } = demandActive(state);
        const { version, current } = command;
        if (version !== current)
          throw new Refused('agreement-not-current', `The current agreement is version ${current}.`);
        return acceptedAgreement === version ? [] : [{ type: 'AgreementAccepted', data: { userId: id, version } }];
      }
      case 'ChangeProfile': {
        const active = demandActive(state);
        const { email } = command;
        return [...renamed(active, command), ...(email === null ? [] : emailChanged(active, email))];
      }
      case 'RecordAssertedProfile':
        return profileAsserted(demandActive(state), command);
      case 'ChangePassword':
        return passwordChanged(demandActive(state), command);
      case 'RehashPassword':
        return passwordRehashed(demandActive(state), command);
      case 'ConfirmEmailChange':
      case 'UndoEmailChange':
      case 'YieldEmail':
        return emailChanged(demandActive(state), command);
      case 'RotateCredential':
        return credentialRotated(demandActive(state), command);
      case 'ClaimProvider':
        return providerClaimed(state, command);
      case 'RenewProvider':
        return providerRenewed(demandActive(state), command);
    }
  },
};

/** Whether it is still to be created. @throws Refused `user-creation-abandoned` */
function mayBeCreated({ status }: User): boolean {
  if (status === 'abandoned')
    throw new Refused('user-creation-abandoned', 'Creating this user took too long and was given up: try again.');
  return status === 'none';
}

/** @throws Refused `user-unknown` */
function demandActive(state: User): ActiveUser {
  if (state.status !== 'active') throw new Refused('user-unknown');
  return state;
}

/** @throws Refused `user-unknown` */
function demandOnceThere(state: User): Exclude<User, { status: 'none' | 'abandoned' }> {
  if (state.status === 'none' || state.status === 'abandoned') throw new Refused('user-unknown');
  return state;
}

function renamed(active: ActiveUser, command: Extract<UserCommand, { type: 'ChangeProfile' }>): UserEvent[] {
  const { id, claims } = active;
  const given = (name: string | null) => (name === null || name.trim() === '' ? null : name);
  const firstNames = given(command.firstNames) ?? claims.firstNames;
  const lastName = given(command.lastName) ?? claims.lastName;
  demandPlainText('firstNames', readable(firstNames) ?? '');
  demandPlainText('lastName', readable(lastName) ?? '');
  if (firstNames === claims.firstNames && lastName === claims.lastName) return [];
  demandOwnNames(active);
  return [{ type: 'ProfileChanged', data: { userId: id, firstNames, lastName } }];
}
