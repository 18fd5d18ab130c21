import { type AccountStreams, sessionInContext } from '#accounts/session-in-context.js';
import {
  type OneTimeTokenId,
  type SessionId,
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
import { LOG_START, hasReached } from '#event-store/event-store.js';
import type { EventSource } from './entries.js';
import type { Moment } from './moments.js';
import { type Cut, type EventPlace, type StateAt, replay } from './replay.js';

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

/** What accounts, sessions and tokens were, by their own rules. A stream that never was gives the state before its first event. */
export class Histories {
  constructor(private readonly source: EventSource) {}

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

const byPosition = (one: EventPlace, other: EventPlace) =>
  one.position === other.position || hasReached(other.position, one.position) ? -1 : 1;

/** As of a revision: when its event was the last one. */
const momentOf = (cut: Cut, since: EventPlace | null): Moment =>
  'through' in cut ? cut : { through: since?.position ?? LOG_START, time: since?.recordedAt ?? new Date(0) };
