import { Injectable } from '@nestjs/common';
import { userStream } from '#domain/ids.js';
import type { ActiveUser } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import { Repository } from '#event-store/repository.js';
import { Log } from '#host/log.js';
import { parametersOf } from '#vault/password-hash.js';
import { PasswordHasher } from '#vault/password-hasher.js';
import { Vault } from '#vault/vault.js';
import { type RequestContext, SYSTEM } from '../request-context.js';
import type { ProvenPassword } from './passwords.js';

/** Hashes passwords anew that were hashed elsewhere, or at a lower cost: at a login, where alone they are at hand (SEC-14). */
@Injectable()
export class PasswordUpgrade {
  constructor(
    private readonly repository: Repository,
    private readonly vault: Vault,
    private readonly hasher: PasswordHasher,
    private readonly log: Log,
  ) {}

  /**
   * Never fails: whoever has shown the right password is let in, and it is tried again at their next login.
   * @param password the right one
   */
  async atLogin({ account, kept }: ProvenPassword, password: string, request: RequestContext): Promise<void> {
    if (this.hasher.isOfToday(kept)) return;
    try {
      await this.upgrade(account, kept, password, request);
    } catch (error) {
      const { correlationId } = request;
      this.log.warn(
        { error, userId: account.id, correlationId },
        'a password is kept as before: it was not hashed anew',
      );
    }
  }

  private async upgrade(account: ActiveUser, kept: string, password: string, request: RequestContext) {
    const { id, credentialId: old } = account;
    // Another login may have been quicker.
    if (old === null || (await this.vault.reveal(old)) === null) return;
    const next = await this.hasher.hash(password);
    const credentialId = await this.vault.keep('password', id, next);
    const [from, to] = [parametersOf(kept), parametersOf(next)];
    const command = { type: 'RehashPassword', replaces: old, credentialId, from, to } as const;
    const { events } = await this.repository.execute(user, userStream(id), command, { ...request, ...SYSTEM });
    await this.vault.erase(events.length > 0 ? old : credentialId);
  }
}
