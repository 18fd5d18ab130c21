import type { UserId } from '../ids.js';
import { type Personal, readable } from '../personal.js';
import { Refused } from '../refused.js';
import { demandEmail } from './email-address.js';
import { ownEmail } from './federation.js';
import { invalidated } from './session-epoch.js';
import type { UserEvent } from './user-events.js';
import type { ActiveUser } from './user-state.js';
import { normaliseIdentifier } from './username.js';

/** Asked for by the owner; a request before it is void. */
export interface RequestEmailChange {
  readonly type: 'RequestEmailChange';
  readonly email: string;
  /** Who has it at this moment; null for nobody. */
  readonly heldBy: UserId | null;
  readonly changeId: string;
  readonly tokenHash: string;
  readonly now: Date;
}

export type ChangeEmail =
  | RequestEmailChange
  /** By who reads the mail of the new address. */
  | {
      readonly type: 'ConfirmEmailChange';
      readonly presentedHash: string;
      readonly undoTokenHash: string;
      readonly now: Date;
    }
  /** By who reads the mail of the previous address. */
  | { readonly type: 'UndoEmailChange'; readonly presentedHash: string; readonly now: Date }
  /** Somebody else wants an address; whoever asked for it and did not confirm it makes room. */
  | { readonly type: 'YieldEmail'; readonly email: string };

/** How long a new address may take to confirm (SEC-51). */
export const EMAIL_CONFIRMATION_MS = 86_400_000;
/** How long the previous address can take the account back (SEC-63). */
export const EMAIL_UNDO_MS = 259_200_000;

const isSame = (one: Personal<string> | null, other: string) => {
  const text = readable(one);
  return text !== null && normaliseIdentifier(text) === normaliseIdentifier(other);
};

/** Whether the address is the account's, or was and can still be taken back: nobody else can have it. */
export const claimsEmail = (account: ActiveUser, email: string, now: Date): boolean =>
  isSame(ownEmail(account), email) ||
  account.replacedEmails.some((replaced) => replaced.undoUntil > now && isSame(replaced.email, email));

/** @throws Refused */
export function emailChanged(state: ActiveUser, command: ChangeEmail): UserEvent[] {
  const { id: userId, requestedEmail } = state;
  switch (command.type) {
    case 'RequestEmailChange': {
      const { email, heldBy, changeId, tokenHash, now } = command;
      demandEmail(email);
      if (readable(ownEmail(state)) === email) return [];
      const expiresAt = new Date(now.getTime() + EMAIL_CONFIRMATION_MS).toISOString();
      return [{ type: 'EmailChangeRequested', data: { userId, changeId, email, heldBy, tokenHash, expiresAt } }];
    }
    case 'ConfirmEmailChange': {
      const { presentedHash, undoTokenHash, now } = command;
      if (requestedEmail?.tokenHash !== presentedHash) throw new Refused('email-token-unknown');
      if (requestedEmail.expiresAt <= now) throw new Refused('email-token-expired');
      const { changeId, email } = requestedEmail;
      const undoUntil = new Date(now.getTime() + EMAIL_UNDO_MS).toISOString();
      const data = { userId, changeId, email, previousEmail: ownEmail(state), undoTokenHash, undoUntil };
      return [{ type: 'EmailChanged', data }];
    }
    case 'UndoEmailChange': {
      const { presentedHash, now } = command;
      const replaced = state.replacedEmails.find(({ undoTokenHash }) => undoTokenHash === presentedHash);
      if (replaced === undefined) throw new Refused('email-token-unknown');
      if (replaced.undoUntil <= now) throw new Refused('email-token-expired');
      const { changeId, email } = replaced;
      // Whoever changed the address has a session.
      return [{ type: 'EmailChangeUndone', data: { userId, changeId, email } }, invalidated(state)];
    }
    case 'YieldEmail':
      if (requestedEmail === null || !isSame(requestedEmail.email, command.email)) return [];
      return [{ type: 'EmailChangeAbandoned', data: { userId, changeId: requestedEmail.changeId } }];
  }
}
