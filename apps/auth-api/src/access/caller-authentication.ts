import { Injectable } from '@nestjs/common';
import type { Caller } from '#domain/access/access.js';
import { Refused } from '#domain/refused.js';
import { type OpenSession, causeOfDeath, extendersOf } from '#domain/session/session-state.js';
import { type ActiveUser, nameOf } from '#domain/user/user-state.js';
import type { Position } from '#event-store/event-store.js';
import { Clock } from '#host/clock.js';
import { AccessTokens } from '#tokens/access-token.js';
import { LiveSessions } from './live-sessions.js';

/** A caller, with the session and account they were found as. */
export interface AuthenticatedCaller extends Caller {
  readonly session: OpenSession;
  readonly account: ActiveUser;
  /** Where the newest event of the session and the account stands: what the caller has done is before it. */
  readonly position: Position | undefined;
}

/** Finds out who is calling: the token must be valid, and its session must live at this moment (SEC-72). */
@Injectable()
export class CallerAuthentication {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly sessions: LiveSessions,
    private readonly clock: Clock,
  ) {}

  /** @throws Refused `access-token-invalid`, `session-ended` or `session-expired` */
  async authenticate(accessToken: string): Promise<AuthenticatedCaller> {
    const now = this.clock.now();
    const { sessionId, userId, scopes, expiresAt } = await this.accessTokens.verify(accessToken, now);
    const { session, surroundings, owner, position } = await this.sessions.find(sessionId, now);
    const death = causeOfDeath(sessionId, session, surroundings, now);
    if (death === 'session-ended' || death === 'session-expired') throw new Refused(death);
    if (death !== null || session.status !== 'open' || owner === null || owner.id !== userId)
      throw new Refused('access-token-invalid', 'The access token belongs to no session.');
    return {
      userId,
      sessionId,
      username: nameOf(owner),
      role: owner.role,
      isAuditor: owner.auditor !== null,
      scopes,
      extendedBy: extendersOf(session),
      tokenExpiresAt: expiresAt,
      session,
      account: owner,
      position,
    };
  }
}
