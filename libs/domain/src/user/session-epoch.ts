import { Refused } from '../refused.js';
import type { UserEvent } from './user-events.js';
import type { ActiveUser, SparedSession } from './user-state.js';

/**
 * Ends every session of the account but the spared one: the next epoch begins (design §2).
 * @throws Refused `session-ended` if the session to be spared is dead: being spared must not bring it back to life
 */
export function invalidated(
  { id, sessionEpoch, sparedSession }: ActiveUser,
  spare: SparedSession | null = null,
): UserEvent {
  if (spare !== null && spare.epoch !== sessionEpoch && sparedSession !== spare.id) throw new Refused('session-ended');
  return {
    type: 'SessionsInvalidated',
    data: { userId: id, epoch: sessionEpoch + 1, spared: spare?.id ?? null },
  };
}
