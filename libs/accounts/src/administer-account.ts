import { ADMINISTRATION, administration } from '#domain/administration/administration.js';
import { type UserId, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import type { EraseUser } from '#domain/user/erasure.js';
import { type AdministerUser, isAdministrator, withdrawsAdministration } from '#domain/user/user-administration.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Position } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';

type Change = AdministerUser | EraseUser;

/** So often somebody else may change the account in between. */
const MAX_TRIES = 5;

/**
 * Changes an account so that an administrator remains (SEC-175).
 * @returns where in the log it stands
 * @throws Refused
 */
export async function administerAccount(
  repository: Repository,
  userId: UserId,
  change: Change,
  context: CommandContext,
): Promise<Position | undefined> {
  for (let tries = 1; ; tries += 1)
    try {
      return await administerOnce(repository, userId, change, context);
    } catch (error) {
      const isOther = error instanceof Refused && error.code === 'account-changed-meanwhile';
      if (!isOther || tries === MAX_TRIES) throw error;
    }
}

/**
 * Two streams, so the order is what counts: what is refused is refused before anything is written, the administration is
 * withdrawn before the account changes, and the account changes only if it is still what it was withdrawn from.
 */
async function administerOnce(
  repository: Repository,
  userId: UserId,
  change: Change,
  context: CommandContext,
): Promise<Position | undefined> {
  const { state, position } = await repository.load(user, userStream(userId));
  const [event] = user.decide(state, change);
  if (event === undefined) return position;
  const isActive = state.status === 'active';
  if (isActive && change.by !== null && withdrawsAdministration(state, change))
    await withdraw(repository, state, change.by, context);
  const seen = isActive ? { ...change, seenEpoch: state.sessionEpoch } : change;
  return (await repository.execute(user, userStream(userId), seen, context)).position;
}

async function withdraw(
  repository: Repository,
  { id, sessionEpoch }: ActiveUser,
  by: UserId,
  context: CommandContext,
): Promise<void> {
  const { state } = await repository.load(user, userStream(by));
  await repository.execute(
    administration,
    ADMINISTRATION,
    {
      type: 'WithdrawAdministration',
      from: { userId: id, sessionEpoch },
      by: isAdministrator(state) ? { userId: by, sessionEpoch: state.sessionEpoch } : null,
    },
    context,
  );
}
