import { type SessionId, sessionStream } from '#domain/ids.js';
import { readable } from '#domain/personal.js';
import type { ProviderNameId } from '#domain/session/federation.js';
import type { SessionOpened } from '#domain/session/session-events.js';
import type { EventCodec } from '#event-store/codec.js';
import type { EventStore } from '#event-store/event-store.js';

/** Whom a LogoutRequest of ours is about. */
export interface LogoutSubject {
  /** The entity id of who is asked to end its session, too. */
  readonly identityProvider: string;
  readonly nameId: ProviderNameId;
}

/**
 * Read from the event that opened the session, since it is personal and no state may keep it.
 * @returns null for a login that was made here, and for somebody who was erased
 */
export async function logoutSubjectOf(
  { store, codec }: { readonly store: EventStore; readonly codec: EventCodec },
  sessionId: SessionId,
): Promise<LogoutSubject | null> {
  const recorded = await store.readEvent(sessionStream(sessionId), 0);
  if (recorded?.type !== 'SessionOpened') return null;
  const [decoded] = await codec.decode([recorded]);
  const { federation, nameId = null } = (decoded?.event.data ?? {}) as Partial<SessionOpened>;
  const name = readable(nameId);
  return federation === undefined || name === null
    ? null
    : { identityProvider: federation.identityProvider, nameId: name };
}
