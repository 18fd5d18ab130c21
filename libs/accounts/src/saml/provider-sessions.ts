import type { SessionId, StreamName, UserId } from '#domain/ids.js';
import { sessionStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import {
  type OpenedSession,
  endedIn,
  isOpenIn,
  isOvertaken,
  providerSessions,
  providerSessionsStream,
} from '#domain/saml/provider-session.js';
import { SamlRefused } from '#domain/saml/saml-refused.js';
import type { ProviderNameId } from '#domain/session/federation.js';
import { session } from '#domain/session/session.js';
import type { CommandContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';
import type { IdentifierDigest } from '#vault/identifier-digest.js';
import { decidedEachTime } from '../decided-each-time.js';

/** Somebody, as an identity provider calls them. */
export interface ProviderSubject {
  /** Its entity id. */
  readonly identityProvider: string;
  readonly nameId: Pick<ProviderNameId, 'value' | 'nameQualifier'>;
}

/** A login that is about to open a session. */
export interface ProviderLogin {
  readonly identityProvider: string;
  readonly nameId: ProviderNameId;
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** The absolute end of the session. */
  readonly endsAt: Date;
  /** When the request was issued that began it. */
  readonly begunAt: Date;
}

/** So many are ended side by side. */
const TOGETHER = 50;

/**
 * Which sessions of ours were opened by which sessions at identity providers, for single logout. A login is registered before its
 * session opens and looked up once more after it, and a logout is recorded before it ends sessions: whichever way the two meet, the
 * session does not survive the logout.
 */
export class ProviderSessions {
  constructor(
    private readonly repository: Repository,
    private readonly digest: IdentifierDigest,
  ) {}

  /**
   * Before anything is made for somebody; a logout may still come after it.
   * @throws SamlRefused `session-over` as `register` does
   */
  async demandNotOver(subject: ProviderSubject, sessionIndex: string | null, begunAt: Date): Promise<void> {
    const { state } = await this.repository.load(providerSessions, this.streamOf(subject));
    const sessionIndexDigest = this.indexDigestOf(subject.identityProvider, sessionIndex);
    if (isOvertaken(state, { sessionIndexDigest, begunAt })) throw new SamlRefused('session-over');
  }

  /** @throws SamlRefused `session-over` if it was ended at the identity provider while the login was under way */
  async register(login: ProviderLogin, context: CommandContext): Promise<void> {
    const { identityProvider, nameId, userId, sessionId, endsAt, begunAt } = login;
    const sessionIndexDigest = this.indexDigestOf(identityProvider, nameId.sessionIndex);
    const command = { type: 'OpenProviderSession', userId, sessionId, sessionIndexDigest, endsAt, begunAt } as const;
    await this.repository.execute(providerSessions, this.streamOf(login), command, decidedEachTime(context));
  }

  /**
   * After the session was opened. A logout that came in between found none to end.
   * @throws SamlRefused `session-over`; then the session has ended
   */
  async confirm(login: ProviderLogin, context: CommandContext): Promise<void> {
    const { state } = await this.repository.load(providerSessions, this.streamOf(login));
    if (isOpenIn(state, login.sessionId)) return;
    await this.endOne(login, context);
    throw new SamlRefused('session-over');
  }

  /**
   * Ends the sessions of ours that these sessions at the identity provider have opened. Said again it ends what was left.
   * @param sessionIndexes what it calls them; none for all of the person
   * @returns those that were alive until now
   */
  async end(
    subject: ProviderSubject,
    sessionIndexes: readonly string[],
    context: CommandContext,
  ): Promise<readonly SessionId[]> {
    const { identityProvider } = subject;
    const digests = sessionIndexes.map((index) => this.indexDigest(identityProvider, index));
    const sessionIndexDigests = digests.length === 0 ? null : digests;
    const { state } = await this.repository.execute(
      providerSessions,
      this.streamOf(subject),
      { type: 'EndProviderSessions', sessionIndexDigests },
      decidedEachTime(context),
    );
    const ended: SessionId[] = [];
    const ending = endedIn(state, sessionIndexDigests);
    for (let first = 0; first < ending.length; first += TOGETHER)
      ended.push(...(await this.endTogether(ending.slice(first, first + TOGETHER), context)));
    return ended;
  }

  private async endTogether(sessions: readonly OpenedSession[], context: CommandContext): Promise<SessionId[]> {
    const outcomes = await Promise.all(sessions.map((each) => this.endOne(each, context)));
    return sessions.filter((_, index) => outcomes[index] === true).map(({ sessionId }) => sessionId);
  }

  /** @returns whether it was alive */
  private async endOne(
    { userId, sessionId }: Pick<OpenedSession, 'userId' | 'sessionId'>,
    context: CommandContext,
  ): Promise<boolean> {
    const command = { type: 'EndSession', owner: userId, reason: 'identity-provider-logout' } as const;
    try {
      const stream = sessionStream(sessionId);
      return (await this.repository.execute(session, stream, command, decidedEachTime(context))).events.length > 0;
    } catch (error) {
      // Registered and not opened so far: whoever opens it will find that it was ended.
      if (error instanceof Refused && error.code === 'session-unknown') return false;
      throw error;
    }
  }

  /** A name is of the identity provider itself unless it says of whom else (SAML core §2.2.2). */
  private streamOf({ identityProvider, nameId }: ProviderSubject): StreamName {
    const { value, nameQualifier } = nameId;
    const qualifier = nameQualifier ?? identityProvider;
    return providerSessionsStream(this.digest.exactly('name id', identityProvider, qualifier, value));
  }

  private indexDigestOf = (identityProvider: string, sessionIndex: string | null): string | null =>
    sessionIndex === null ? null : this.indexDigest(identityProvider, sessionIndex);

  private indexDigest(identityProvider: string, sessionIndex: string): string {
    return this.digest.exactly('session index', identityProvider, sessionIndex);
  }
}
