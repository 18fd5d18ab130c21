import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type SessionId,
  type StreamName,
  type UserId,
  asSessionId,
  categoryOf,
  idIn,
  userStream,
} from '#domain/ids.js';
import { secondFactorStream } from '#domain/second-factor/second-factor.js';
import type { SessionEvent } from '#domain/session/session-events.js';
import { type Session, ancestorsOf, causeOfDeath } from '#domain/session/session-state.js';
import { session } from '#domain/session/session.js';
import type { ErasureOutcome } from '#domain/user/erasure-report.js';
import type { UserEvent } from '#domain/user/user-events.js';
import type { ActiveUser, User } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { type DecodedEvent, type EventCodec, holdsSealed } from '#event-store/codec.js';
import { type EventStore, type RecordedEvent, hasReached } from '#event-store/event-store.js';

/** A log in a file is read at once: after so many streams everybody else has a turn. */
const STREAMS_PER_TURN = 20;

/**
 * Counts in the log what became unreadable, and which sessions lived until then: the same at whatever time, also when much of it was
 * done by a process that died.
 */
export class ErasureCount {
  constructor(
    private readonly store: EventStore,
    private readonly codec: EventCodec,
  ) {}

  /** @param others the streams of the person besides the account and the second factor */
  async of(userId: UserId, others: readonly StreamName[]): Promise<Omit<ErasureOutcome, 'readModels'>> {
    const account = await this.read(userStream(userId));
    const moment = momentOf(await this.codec.decode(account));
    let sealedEvents = count(account) + count(await this.read(secondFactorStream(userId)));
    const sessions = new Map<SessionId, Session>();
    for (const [index, stream] of others.entries()) {
      if (index % STREAMS_PER_TURN === 0) await nextTurn();
      const events = await this.read(stream);
      sealedEvents += count(events);
      if (categoryOf(stream) === 'session')
        sessions.set(asSessionId(idIn(stream)), await this.sessionThen(events, moment));
    }
    return { sealedEvents, sessionsEnded: living(sessions, moment) };
  }

  private async read(stream: StreamName): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const event of this.store.readStream(stream, 0)) events.push(event);
    return events;
  }

  private async sessionThen(recorded: readonly RecordedEvent[], { erased }: Moment): Promise<Session> {
    const before = recorded.filter(({ position }) => erased !== undefined && !hasReached(position, erased.position));
    return (await this.codec.decode(before)).reduce<Session>(
      (state, { event, occurredAt }) => session.evolve(state, event as SessionEvent, occurredAt),
      session.initial,
    );
  }
}

const count = (events: readonly RecordedEvent[]) => events.filter(holdsSealed).length;

/** The account just before it was erased, and when that was. */
interface Moment {
  readonly owner: ActiveUser | null;
  readonly erased: DecodedEvent | undefined;
}

function momentOf(history: readonly DecodedEvent[]): Moment {
  const erased = history.find(({ event }) => event.type === 'UserErased');
  const command = erased?.metadata['commandId'];
  let state: User = user.initial;
  for (const { event, occurredAt, metadata } of history) {
    if (metadata['commandId'] === command) break;
    state = user.evolve(state, event as UserEvent, occurredAt);
  }
  return { owner: state.status === 'active' && !state.suspended ? state : null, erased };
}

function living(sessions: ReadonlyMap<SessionId, Session>, { owner, erased }: Moment): number {
  if (erased === undefined) return 0;
  const isAlive = (id: SessionId): boolean => {
    const state = sessions.get(id);
    if (state?.status !== 'open') return false;
    const surroundings = { owner, ancestorsAlive: ancestorsOf(state).every(isAlive) };
    return causeOfDeath(id, state, surroundings, erased.occurredAt) === null;
  };
  return [...sessions.keys()].filter(isAlive).length;
}
