import { type SessionId, asSessionId } from '#domain/ids.js';
import type { Personal } from '#domain/personal.js';
import type { Federation } from '#domain/session/federation.js';
import type { SessionEvent, SessionOpened } from '#domain/session/session-events.js';
import type { UserEvent } from '#domain/user/user-events.js';

/** A login, and what became of it. */
export interface SessionSummary {
  readonly id: SessionId;
  readonly origin: SessionOpened['origin'];
  readonly openedAt: Date;
  readonly ipAddress: Personal<string> | null;
  readonly userAgent: Personal<string> | null;
  readonly methods: readonly string[];
  /** Who vouched for the login; null where it was made here. */
  readonly federation: Federation | null;
  readonly scopes: readonly string[];
  readonly expiresAt: string;
  readonly lastRefreshedAt: Date | null;
  readonly endedAt: Date | null;
  readonly endedBecause: string | null;
}

type Ending = Extract<UserEvent, { type: 'SessionsInvalidated' }>['data'] & { readonly at: Date };

const END_OF_ALL = 'all-sessions-ended';

/** The sessions of a person; many end with one event of their owner. */
export class SessionSummaries {
  private readonly sessions = new Map<string, SessionSummary & { readonly epoch: number }>();
  private readonly endings: Ending[] = [];

  allEnded(data: Ending): void {
    this.endings.push(data);
  }

  add(id: string, { type, data }: SessionEvent, at: Date): void {
    switch (type) {
      case 'SessionOpened': {
        const { epoch, origin, ipAddress, userAgent, amr: methods, federation = null, scopes, expiresAt } = data;
        const opened = { id: asSessionId(id), epoch, origin, openedAt: at, ipAddress, userAgent, methods, scopes };
        this.sessions.set(id, {
          ...opened,
          federation,
          expiresAt,
          lastRefreshedAt: null,
          endedAt: null,
          endedBecause: null,
        });
        return;
      }
      case 'SessionRefreshed':
        return this.change(id, { lastRefreshedAt: at });
      case 'SessionEnded':
        return this.change(id, { endedAt: at, endedBecause: data.reason });
    }
  }

  result(): SessionSummary[] {
    return [...this.sessions.values()].map((session) => this.summaryOf(session));
  }

  private summaryOf({ epoch, ...session }: SessionSummary & { readonly epoch: number }): SessionSummary {
    const ending = this.endings.find((each) => each.epoch > epoch && each.spared !== session.id);
    if (session.endedAt !== null || ending === undefined) return session;
    return { ...session, endedAt: ending.at, endedBecause: END_OF_ALL };
  }

  private change(id: string, fields: Partial<SessionSummary>): void {
    const known = this.sessions.get(id);
    if (known !== undefined) this.sessions.set(id, { ...known, ...fields });
  }
}
