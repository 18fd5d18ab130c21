import { type SessionId, type UserId, sessionStream } from '#domain/ids.js';
import { session } from '#domain/session/session.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';

/** A session that is to end, and whose it is. */
export interface EndingSession {
  readonly id: SessionId;
  readonly owner: UserId;
}

/** So many are ended side by side. */
const TOGETHER = 50;

/**
 * Ends sessions of whomever, as an administrator does, as they come.
 * @returns how many were alive until then
 */
export async function endSessions(
  repository: Repository,
  sessions: AsyncIterable<EndingSession>,
  context: CommandContext,
): Promise<number> {
  let ended = 0;
  let batch: EndingSession[] = [];
  for await (const each of sessions) {
    batch.push(each);
    if (batch.length < TOGETHER) continue;
    ended += await endTogether(repository, batch, context);
    batch = [];
  }
  return ended + (await endTogether(repository, batch, context));
}

async function endTogether(repository: Repository, sessions: readonly EndingSession[], context: CommandContext) {
  const outcomes = await Promise.all(
    sessions.map(({ id, owner }) => {
      const command = { type: 'EndSession', owner, reason: 'ended-by-administrator' } as const;
      return repository.execute(session, sessionStream(id), command, context);
    }),
  );
  return outcomes.filter(({ events }) => events.length > 0).length;
}
