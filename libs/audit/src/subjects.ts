import { type UserId, asOneTimeTokenId, asSessionId, asUserId, isUuid } from '#domain/ids.js';
import { type Refusal, Refused } from '#domain/refused.js';
import type { EventStore } from '#event-store/event-store.js';
import { type Subject, streamsOf } from './histories.js';

const UNKNOWN: Readonly<Record<Subject['kind'], readonly [code: Refusal, explanation?: string]>> = {
  account: [
    'user-unknown',
    'No account has this id, and none has this user name now. Who was erased is found by the id only.',
  ],
  session: ['session-unknown'],
  'one-time-token': ['one-time-token-unknown'],
};

/** Finds whose history is asked for: also accounts that were deleted or erased, which have nothing left but their ids. */
export class Subjects {
  /** @param idOf who holds a user name, also if the account may not be used */
  constructor(
    private readonly store: EventStore,
    private readonly idOf: (username: string) => Promise<UserId | null>,
  ) {}

  /** @param nameOrId a user name or the id of an account @throws Refused `user-unknown` */
  async userId(nameOrId: string): Promise<UserId> {
    const id = isUuid(nameOrId) ? asUserId(nameOrId) : await this.idOf(nameOrId);
    if (id === null) throw new Refused(...UNKNOWN.account);
    await this.demandHistory({ kind: 'account', id });
    return id;
  }

  /** Who acts: an account by its id or user name, or a part of authlog by its name. */
  async actor(nameOrId: string): Promise<string> {
    return isUuid(nameOrId) ? nameOrId : ((await this.idOf(nameOrId)) ?? nameOrId);
  }

  /** @throws Refused `user-unknown`, `session-unknown`, `one-time-token-unknown` */
  async find(kind: Subject['kind'], nameOrId: string): Promise<Subject> {
    switch (kind) {
      case 'account':
        return { kind, id: await this.userId(nameOrId) };
      case 'session':
        return this.demandHistory({ kind, id: asSessionId(nameOrId) });
      case 'one-time-token':
        return this.demandHistory({ kind, id: asOneTimeTokenId(nameOrId) });
    }
  }

  private async demandHistory(subject: Subject): Promise<Subject> {
    const [stream] = streamsOf(subject);
    if ((await this.store.readEvent(stream, 0)) === undefined) throw new Refused(...UNKNOWN[subject.kind]);
    return subject;
  }
}
