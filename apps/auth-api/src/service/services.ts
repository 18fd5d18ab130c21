import { Injectable } from '@nestjs/common';
import { userStream } from '#domain/ids.js';
import { noSuchService } from '#domain/user/service-account.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { Repository } from '#event-store/repository.js';
import { Accounts } from '../user/accounts.js';

/** Finds services, also suspended ones: in the log, where they are never late. */
@Injectable()
export class Services {
  constructor(
    private readonly repository: Repository,
    private readonly accounts: Accounts,
  ) {}

  /** @throws Refused `user-unknown` */
  async find(name: string): Promise<ActiveUser> {
    const id = await this.accounts.idOf(name);
    if (id === null) throw noSuchService();
    const { state } = await this.repository.load(user, userStream(id));
    if (state.status !== 'active' || state.kind !== 'service') throw noSuchService();
    return state;
  }
}
