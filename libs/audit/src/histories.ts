import { type AccountStreams, sessionInContext } from '#accounts/session-in-context.js';
import {
  type OneTimeTokenId,
  type SessionId,
  type StreamName,
  type UserId,
  oneTimeTokenStream,
  sessionStream,
  userStream,
} from '#domain/ids.js';
import { type OneTimeToken, oneTimeToken } from '#domain/one-time-token/one-time-token.js';
import { type SecondFactor, secondFactor, secondFactorStream } from '#domain/second-factor/second-factor.js';
import { type Session, causeOfDeath } from '#domain/session/session-state.js';
import { session } from '#domain/session/session.js';
import type { User } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { LOG_START, type RecordedEvent, hasReached } from '#event-store/event-store.js';
import { type TrailEvent, entryOf } from '#read-models/audit-trail/audit-trail.projection.js';
import type { TrailEntry } from '#read-models/audit-trail/audit-trail.queries.js';
import type { ProjectedEvent } from '#read-models/projection.js';
import type { EventSource } from './entries.js';
import type { Moment } from './moments.js';
import { type Cut, type EventPlace, type StateAt, isBeyond, replay } from './replay.js';

/** What an account was. */
export interface AccountState {
  readonly account: User;
  readonly secondFactor: SecondFactor;
}

/** What a session was, and whether it gave access. */
export interface SessionState {
  readonly session: Session;
  readonly isAlive: boolean;
  /** Why it gave none; null where it did. */
  readonly causeOfDeath: string | null;
}

/** What has a history that can be replayed. */
export type Subject =
  | { readonly kind: 'account'; readonly id: UserId }
  | { readonly kind: 'session'; readonly id: SessionId }
  | { readonly kind: 'one-time-token'; readonly id: OneTimeTokenId };

/** What accounts, sessions and tokens were, by their own rules. A stream that never was gives the state before its first event. */
export class Histories {
  constructor(private readonly source: EventSource) {}

  at(subject: Subject, cut: Cut): Promise<StateAt<SubjectState>> {
    switch (subject.kind) {
      case 'account':
        return this.accountAt(subject.id, cut);
      case 'session':
        return this.sessionAt(subject.id, cut);
      case 'one-time-token':
        return this.tokenAt(subject.id, cut);
    }
  }

  /** What happened to it after one moment and up to another, oldest first. */
  async between(subject: Subject, from: Moment, to: Moment): Promise<TrailEntry[]> {
    const recorded: RecordedEvent[] = [];
    for (const stream of streamsOf(subject))
      for await (const event of this.source.store.readStream(stream, 0)) {
        if (isBeyond(event, to)) break;
        if (isBeyond(event, from)) recorded.push(event);
      }
    const decoded = (await this.source.codec.decode(recorded)) as ProjectedEvent<TrailEvent>[];
    return decoded.map(entryOf).toSorted((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** As of a revision: when it was the account's last event. */
  async accountAt(id: UserId, cut: Cut): Promise<StateAt<AccountState>> {
    const { state: account, since, until } = await replay(this.source, user, userStream(id), cut);
    const then =
      'through' in cut ? cut : { through: since?.position ?? LOG_START, time: since?.recordedAt ?? new Date(0) };
    const factor = await replay(this.source, secondFactor, secondFactorStream(id), then);
    const both = [since, factor.since].filter((place) => place !== null).toSorted(byPosition);
    const next = [until, factor.until].filter((place) => place !== null).toSorted(byPosition);
    const state = { account, secondFactor: factor.state };
    return 'through' in cut ? { state, since: both.at(-1) ?? null, until: next[0] ?? null } : { state, since, until };
  }

  /** Its owner's account and the sessions that it was derived from say as much about its life as it does. */
  async sessionAt(id: SessionId, cut: Cut): Promise<StateAt<SessionState>> {
    const found = await replay(this.source, session, sessionStream(id), cut);
    const then = momentOf(cut, found.since);
    const context = await sessionInContext(this.streamsAt(then), id, then.time);
    const death = causeOfDeath(id, found.state, context.surroundings, then.time);
    return { ...found, state: { session: found.state, isAlive: death === null, causeOfDeath: death } };
  }

  tokenAt(id: OneTimeTokenId, cut: Cut): Promise<StateAt<OneTimeToken>> {
    return replay(this.source, oneTimeToken, oneTimeTokenStream(id), cut);
  }

  private streamsAt(moment: Moment): AccountStreams {
    const at = async <State>(found: Promise<StateAt<State>>) => {
      const { state, since } = await found;
      return { state, position: since?.position };
    };
    return {
      session: (id) => at(replay(this.source, session, sessionStream(id), moment)),
      user: (id) => at(replay(this.source, user, userStream(id), moment)),
    };
  }
}

/** What its history adds up to. */
export type SubjectState = AccountState | SessionState | OneTimeToken;

/** Whose it is; null where its history does not say. */
export function ownerOf(subject: Subject, state: SubjectState): UserId | null {
  if (subject.kind === 'account') return subject.id;
  const owned = 'session' in state ? state.session : state;
  return 'userId' in owned ? owned.userId : null;
}

/** The streams whose events are its history. */
export function streamsOf(subject: Subject): readonly [StreamName, ...StreamName[]] {
  switch (subject.kind) {
    case 'account':
      return [userStream(subject.id), secondFactorStream(subject.id)];
    case 'session':
      return [sessionStream(subject.id)];
    case 'one-time-token':
      return [oneTimeTokenStream(subject.id)];
  }
}

const byPosition = (one: EventPlace, other: EventPlace) =>
  one.position === other.position || hasReached(other.position, one.position) ? -1 : 1;

/** As of a revision: when its event was the last one. */
const momentOf = (cut: Cut, since: EventPlace | null): Moment =>
  'through' in cut ? cut : { through: since?.position ?? LOG_START, time: since?.recordedAt ?? new Date(0) };
