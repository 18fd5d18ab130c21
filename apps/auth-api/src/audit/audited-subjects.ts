import { Injectable } from '@nestjs/common';
import { type Subject, streamsOf } from '#audit/histories.js';
import { type UserId, asOneTimeTokenId, asSessionId, asUserId, isUuid } from '#domain/ids.js';
import { type Refusal, Refused } from '#domain/refused.js';
import { Stores } from '#host/stores.js';
import { BadRequest } from '../bad-request.js';
import type { QueryParameters } from '../surfaces/ucloud/query-parameters.js';
import { Accounts } from '../user/accounts.js';
import { textIn } from './audit-parameters.js';

const UNKNOWN: Readonly<Record<Subject['kind'], readonly [code: Refusal, explanation?: string]>> = {
  account: [
    'user-unknown',
    'No account has this id, and none has this user name now. Who was erased is found by the id only.',
  ],
  session: ['session-unknown'],
  'one-time-token': ['one-time-token-unknown'],
};

/** Finds whose history is asked for: also accounts that were deleted or erased, which have nothing left but their ids. */
@Injectable()
export class AuditedSubjects {
  constructor(
    private readonly accounts: Accounts,
    private readonly stores: Stores,
  ) {}

  /** @param nameOrId a user name or the id of an account @throws Refused `user-unknown` */
  async userId(nameOrId: string): Promise<UserId> {
    const id = isUuid(nameOrId) ? asUserId(nameOrId) : await this.accounts.idOf(nameOrId);
    if (id === null) throw new Refused(...UNKNOWN.account);
    await this.demandHistory({ kind: 'account', id });
    return id;
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
    if ((await this.stores.eventStore.readEvent(stream, 0)) === undefined) throw new Refused(...UNKNOWN[subject.kind]);
    return subject;
  }
}

const PARAMETERS = [
  ['user', 'account'],
  ['session', 'session'],
  ['oneTimeToken', 'one-time-token'],
] as const;

/** The one subject that the parameters name. @throws BadRequest */
export function subjectIn(query: QueryParameters): { readonly kind: Subject['kind']; readonly nameOrId: string } {
  const named = PARAMETERS.flatMap(([name, kind]) => {
    const nameOrId = textIn(query, name);
    return nameOrId === null ? [] : [{ kind, nameOrId }];
  });
  const [subject] = named;
  if (subject === undefined || named.length > 1)
    throw new BadRequest('parameter-invalid', 'Give one of user, session and oneTimeToken.');
  return subject;
}
