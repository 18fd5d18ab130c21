import { type SessionId, type UserId } from '#domain/ids.js';
import {
  type Session,
  type Surroundings,
  ancestorsOf,
  causeOfDeath,
  extendersOf,
} from '#domain/session/session-state.js';
import type { ActiveUser, User } from '#domain/user/user-state.js';
import { type Position, hasReached } from '#event-store/event-store.js';

/** Where sessions and accounts are looked up: as they are, or as they were at some time. */
export interface AccountStreams {
  session(id: SessionId): Promise<Found<Session>>;
  user(id: UserId): Promise<Found<User>>;
}

interface Found<State> {
  readonly state: State;
  /** Where its last event stands; undefined for a stream that is not there. */
  readonly position: Position | undefined;
}

/** A session with what beside its own stream decides whether it lives. */
export interface SessionInContext {
  readonly id: SessionId;
  readonly session: Session;
  readonly surroundings: Surroundings;
  readonly owner: ActiveUser | null;
  /** Where the newest event of the session and its owner stands. */
  readonly position: Position | undefined;
}

export async function sessionInContext(streams: AccountStreams, id: SessionId, now: Date): Promise<SessionInContext> {
  const loaded = await streams.session(id);
  const nobody = { owner: null, position: undefined };
  const { owner, position } = loaded.state.status === 'none' ? nobody : await ownerIn(streams, loaded.state.userId);
  return {
    id,
    session: loaded.state,
    surroundings: { owner, ancestorsAlive: await areAncestorsAlive(streams, loaded.state, owner, now) },
    owner,
    position: later(loaded.position, position),
  };
}

/** A suspended account is as good as none: no session of it lives, and nobody logs in. */
export async function ownerIn(
  streams: AccountStreams,
  id: UserId,
): Promise<{ owner: ActiveUser | null; position: Position | undefined }> {
  const { state, position } = await streams.user(id);
  return { owner: state.status === 'active' && !state.suspended ? state : null, position };
}

async function areAncestorsAlive(
  streams: AccountStreams,
  state: Session,
  owner: ActiveUser | null,
  now: Date,
): Promise<boolean> {
  if (state.status !== 'open') return true;
  for (const id of ancestorsOf(state)) {
    const above = await streams.session(id);
    // Each is asked for itself; those above it are in the same list.
    if (causeOfDeath(id, above.state, { owner, ancestorsAlive: true }, now) !== null) return false;
  }
  // Its tokens are in the hands of these services: what is taken from them is not to be used on (SEC-64).
  for (const id of extendersOf(state)) if ((await ownerIn(streams, id)).owner === null) return false;
  return true;
}

/** The later of two places in the log. */
export function later(one: Position | undefined, other: Position | undefined): Position | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return hasReached(one, other) ? one : other;
}
