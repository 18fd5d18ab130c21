import { Injectable } from '@nestjs/common';
import { type SessionId, type UserId, sessionStream, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { session } from '#domain/session/session.js';
import {
  type Session,
  type Surroundings,
  ancestorsOf,
  causeOfDeath,
  extendersOf,
} from '#domain/session/session-state.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { type Position, hasReached } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';

/** A session and everything its life depends on, as the log has it at this moment. */
export interface SessionInContext {
  readonly id: SessionId;
  readonly session: Session;
  readonly surroundings: Surroundings;
  readonly owner: ActiveUser | null;
  /** Where the newest event of the session and its owner stands. */
  readonly position: Position | undefined;
}

/**
 * Looks sessions up in the log, never in a read model: a decision must not be late (SEC-153). What another node has just done may
 * take a moment to be seen here, as long as news of it takes (design §3).
 */
@Injectable()
export class LiveSessions {
  constructor(private readonly repository: Repository) {}

  async find(id: SessionId, now: Date): Promise<SessionInContext> {
    const loaded = await this.repository.recent(session, sessionStream(id));
    const nobody = { owner: null, position: undefined };
    const { owner, position } = loaded.state.status === 'none' ? nobody : await this.ownerOf(loaded.state.userId);
    const ancestorsAlive = await this.ancestorsAlive(loaded.state, owner, now);
    return {
      id,
      session: loaded.state,
      surroundings: { owner, ancestorsAlive },
      owner,
      position: later(loaded.position, position),
    };
  }

  async ownerOf(id: UserId): Promise<{ owner: ActiveUser | null; position: Position | undefined }> {
    const { state, position } = await this.repository.recent(user, userStream(id));
    // A suspended account is as good as none: no session of it lives, and nobody logs in.
    return { owner: state.status === 'active' && !state.suspended ? state : null, position };
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

  private async ancestorsAlive(state: Session, owner: ActiveUser | null, now: Date): Promise<boolean> {
    if (state.status !== 'open') return true;
    for (const id of ancestorsOf(state)) {
      const above = await this.repository.recent(session, sessionStream(id));
      // Each is asked for itself; those above it are in the same list.
      if (causeOfDeath(id, above.state, { owner, ancestorsAlive: true }, now) !== null) return false;
    }
    // Its tokens are in the hands of these services: what is taken from them is not to be used on (SEC-64).
    for (const id of extendersOf(state)) if ((await this.ownerOf(id)).owner === null) return false;
    return true;
  }
}

/** The later of two places in the log. */
export function later(one: Position | undefined, other: Position | undefined): Position | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return hasReached(one, other) ? one : other;
}
