import { Injectable } from '@nestjs/common';
import { type AccountStreams, type SessionInContext, ownerIn, sessionInContext } from '#accounts/session-in-context.js';
import { type SessionId, type UserId, sessionStream, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { causeOfDeath } from '#domain/session/session-state.js';
import { session } from '#domain/session/session.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';

/**
 * Looks sessions up in the log, never in a read model: a decision must not be late (SEC-153). What another node has just done may
 * take a moment to be seen here, as long as news of it takes (design §3).
 */
@Injectable()
export class LiveSessions {
  private readonly streams: AccountStreams;

  constructor(repository: Repository) {
    this.streams = {
      session: (id) => repository.recent(session, sessionStream(id)),
      user: (id) => repository.recent(user, userStream(id)),
    };
  }

  find(id: SessionId, now: Date): Promise<SessionInContext> {
    return sessionInContext(this.streams, id, now);
  }

  ownerOf(id: UserId): Promise<{ owner: ActiveUser | null; position: Position | undefined }> {
    return ownerIn(this.streams, id);
  }

  /** Whether the session lives now. */
  async isAlive(id: SessionId, now: Date): Promise<boolean> {
    const found = await this.find(id, now);
    return causeOfDeath(id, found.session, found.surroundings, now) === null;
  }

  /** @throws Refused why it does not live */
  async demandAlive(id: SessionId, now: Date): Promise<void> {
    const found = await this.find(id, now);
    const death = causeOfDeath(id, found.session, found.surroundings, now);
    if (death !== null) throw new Refused(death);
  }
}
