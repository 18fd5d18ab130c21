import type { CredentialId } from '../ids.js';
import { Refused } from '../refused.js';
import { invalidated } from './session-epoch.js';
import type { SkippedBreachCheck, UserEvent } from './user-events.js';
import type { ActiveUser, SparedSession } from './user-state.js';

/** A request by mail: good once, and for the password that was forgotten, not for one that was chosen since. */
export interface AnsweredReset {
  readonly id: string;
  readonly requestedAt: Date;
}

/** Ends the sessions that were opened with the old password, too (SEC-09). */
export interface ChangePassword {
  readonly type: 'ChangePassword';
  /** What was verified: nobody changes a password that was changed meanwhile. Null for a reset. */
  readonly replaces: CredentialId | null;
  /** The request by mail that a reset answers; null for a reset by a service. */
  readonly reset: AnsweredReset | null;
  readonly credentialId: CredentialId;
  readonly breachCheck?: SkippedBreachCheck;
  readonly spare: SparedSession | null;
}

/** The same password, kept under other parameters; nothing ends (SEC-14). */
export interface RehashPassword {
  readonly type: 'RehashPassword';
  readonly replaces: CredentialId;
  readonly credentialId: CredentialId;
  /** Algorithm and cost. */
  readonly from: string;
  readonly to: string;
}

/** @throws Refused `password-not-applicable` */
export function credentialOf({ kind, credentialId }: ActiveUser): CredentialId {
  if (credentialId === null)
    throw new Refused('password-not-applicable', `An account of type ${kind} has no password.`);
  return credentialId;
}

/** @throws Refused */
export function passwordChanged(state: ActiveUser, command: ChangePassword): UserEvent[] {
  const { replaces, reset, credentialId, breachCheck, spare } = command;
  if (state.credentialId === credentialId) return [];
  const current = credentialOf(state);
  if (replaces !== null && replaces !== current) throw new Refused('password-changed-meanwhile');
  if (reset !== null && isSpent(state, reset)) throw new Refused('reset-token-unknown');
  const data = {
    userId: state.id,
    credentialId,
    replaced: current,
    cause: replaces === null ? 'reset' : 'change',
    ...(reset === null ? {} : { resetId: reset.id }),
    ...(breachCheck === undefined ? {} : { breachCheck }),
  } as const;
  return [{ type: 'PasswordChanged', data }, invalidated(state, spare)];
}

const isSpent = ({ lastResetId, passwordChangedAt }: ActiveUser, { id, requestedAt }: AnsweredReset): boolean =>
  id === lastResetId || (passwordChangedAt !== null && passwordChangedAt > requestedAt);

export function passwordRehashed(state: ActiveUser, { replaces, credentialId, from, to }: RehashPassword): UserEvent[] {
  // Another login or a change of the password was quicker.
  if (state.credentialId !== replaces) return [];
  return [{ type: 'PasswordRehashed', data: { userId: state.id, credentialId, from, to } }];
}
