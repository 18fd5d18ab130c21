import type { UserId } from '../ids.js';
import { Refused } from '../refused.js';
import type { Role } from '../role.js';
import { invalidated } from './session-epoch.js';
import { kindOf } from './user-creation.js';
import type { UserEvent } from './user-events.js';
import type { ActiveUser } from './user-state.js';
import { demandPlainText } from './username.js';

/** What administrators do with accounts other than their own; each but reinstating ends all sessions of the account. */
export type AdministerUser = {
  readonly by: UserId;
  /** For those who read the log later; null for none. */
  readonly reason: string | null;
} & (
  | { readonly type: 'SuspendUser' | 'ReinstateUser' | 'DeleteUser' | 'RequirePasswordChange' }
  | { readonly type: 'ChangeRole'; readonly role: Role }
);

/** In code points. */
export const MAX_REASON_LENGTH = 500;

/** @throws Refused `name-invalid` */
export const demandReason = (reason: string): void => demandPlainText('reason', reason, MAX_REASON_LENGTH);

/** @throws Refused */
export function administered(state: ActiveUser, command: AdministerUser): UserEvent[] {
  // An administrator who shuts themselves out has nobody to let them in again.
  if (state.id === command.by)
    throw new Refused('own-account', 'Ask another administrator to change your own account.');
  const { reason } = command;
  if (reason !== null) demandReason(reason);
  const data = { userId: state.id, ...(reason === null ? {} : { reason }) };
  switch (command.type) {
    case 'SuspendUser':
      return state.suspended ? [] : [{ type: 'UserSuspended', data }, invalidated(state)];
    case 'ReinstateUser':
      return state.suspended ? [{ type: 'UserReinstated', data }] : [];
    case 'DeleteUser':
      return [invalidated(state), { type: 'UserDeleted', data }];
    case 'RequirePasswordChange':
      if (state.credentialId === null)
        throw new Refused('password-not-applicable', `An account of type ${state.kind} has no password.`);
      return state.mustChangePassword ? [] : [{ type: 'PasswordChangeRequired', data }, invalidated(state)];
    case 'ChangeRole': {
      const { role } = command;
      if (role === state.role) return [];
      if (kindOf(role) !== state.kind)
        throw new Refused('role-not-assignable', `An account of type ${state.kind} cannot have the role ${role}.`);
      // What was opened with the old role must not be used with the new one.
      return [{ type: 'RoleChanged', data: { ...data, role } }, invalidated(state)];
    }
  }
}
