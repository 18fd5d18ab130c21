import type { UserId } from '../ids.js';
import { Refused } from '../refused.js';
import type { Role } from '../role.js';
import { credentialOf } from './password-change.js';
import { invalidated } from './session-epoch.js';
import { kindOf } from './user-creation.js';
import { type UserEvent, isOfPerson } from './user-events.js';
import type { EraseUser } from './erasure.js';
import type { ActiveUser, User } from './user-state.js';
import { demandPlainText } from './username.js';

/**
 * What administrators do with accounts other than their own. All sessions of the account end with it, unless it lets more people
 * in or changes what they may read, which holds from their next request on.
 */
export type AdministerUser = {
  readonly by: UserId;
  /** For those who read the log later; null for none. */
  readonly reason: string | null;
  /** Of the account as somebody looked at it before; nothing is decided if all its sessions have ended since. */
  readonly seenEpoch?: number;
} & (
  | { readonly type: 'SuspendUser' | 'ReinstateUser' | 'DeleteUser' | 'RequirePasswordChange' }
  | { readonly type: 'ChangeRole'; readonly role: Role }
  | { readonly type: 'AppointAuditor'; readonly seesPersonalData: boolean }
  | { readonly type: 'DismissAuditor' }
);

/** In code points. */
export const MAX_REASON_LENGTH = 500;

/** @throws Refused `reason-invalid` */
export const demandReason = (reason: string): void =>
  demandPlainText('reason', reason, { maxLength: MAX_REASON_LENGTH, code: 'reason-invalid' });

/**
 * What administrators do to others, nobody does to themselves: who shuts themselves out has nobody to let them in again,
 * and who has to have a second factor cannot do without (SEC-44).
 * @throws Refused `own-account`
 */
export function demandOtherAccount(id: UserId, by: UserId): void {
  if (id === by) throw new Refused('own-account', 'Ask another administrator to change your own account.');
}

/** @throws Refused */
export function administered(state: ActiveUser, command: AdministerUser): UserEvent[] {
  demandOtherAccount(state.id, command.by);
  const { reason, seenEpoch = state.sessionEpoch } = command;
  if (seenEpoch !== state.sessionEpoch) throw new Refused('account-changed-meanwhile');
  if (reason !== null) demandReason(reason);
  const data = { userId: state.id, ...(reason === null ? {} : { reason }) };
  switch (command.type) {
    case 'SuspendUser':
      return state.suspended ? [] : [{ type: 'UserSuspended', data }, invalidated(state)];
    case 'ReinstateUser':
      return state.suspended ? [{ type: 'UserReinstated', data }] : [];
    case 'DeleteUser':
      return [invalidated(state), { type: 'UserDeleted', data }];
    case 'AppointAuditor': {
      const { seesPersonalData } = command;
      if (!isOfPerson(state.kind))
        throw new Refused('auditor-not-assignable', `An account of type ${state.kind} cannot read the audit.`);
      if (state.auditor?.seesPersonalData === seesPersonalData) return [];
      return [{ type: 'AuditorAppointed', data: { ...data, seesPersonalData } }];
    }
    case 'DismissAuditor':
      return state.auditor === null ? [] : [{ type: 'AuditorDismissed', data }];
    case 'RequirePasswordChange':
      credentialOf(state);
      return state.mustChangePassword ? [] : [{ type: 'PasswordChangeRequired', data }, invalidated(state)];
    case 'ChangeRole': {
      const { role } = command;
      if (role === state.role) return [];
      if (kindOf(role) !== (isOfPerson(state.kind) ? 'password' : state.kind))
        throw new Refused('role-not-assignable', `An account of type ${state.kind} cannot have the role ${role}.`);
      // What was opened with the old role must not be used with the new one.
      return [{ type: 'RoleChanged', data: { ...data, role } }, invalidated(state)];
    }
  }
}

/** Whether it may administer now. */
export const isAdministrator = (state: User): state is ActiveUser =>
  state.status === 'active' && state.role === 'ADMIN' && !state.suspended;

/** Whether the change, unless it changes nothing, leaves one administrator fewer, now or once the account is reinstated. */
export function withdrawsAdministration({ role }: ActiveUser, { type }: AdministerUser | EraseUser): boolean {
  if (role !== 'ADMIN') return false;
  return type === 'SuspendUser' || type === 'DeleteUser' || type === 'EraseUser' || type === 'ChangeRole';
}
