import { randomUUID } from 'node:crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import { COST_OF_TODAY, asKept, isHashAt, isHashOf, newHash } from './password-hash.js';

/** Who comes when so many are waiting is sent away: some seconds of work on a small machine. */
const MAX_WAITING = 256;

/** Too many passwords are waiting to be checked; try again in a moment. */
export class HasherBusy extends Error {
  override readonly name = 'HasherBusy';
}

/** As UCloud keeps passwords (ucloud-users-api §15.1); of none that anybody knows. */
const UCLOUD_DECOY = asKept({
  algorithm: 'pbkdf2-sha512',
  iterations: 10_000,
  salt: Buffer.alloc(16).toString('base64'),
  hash: Buffer.alloc(32).toString('base64'),
});

/**
 * Hashes passwords with argon2id, and verifies them by whatever they are kept as, off the event loop, a few at a time, so
 * that a storm of logins slows nothing else (SEC-16).
 */
export class PasswordHasher {
  private readonly limit: LimitFunction;
  private readonly decoy: Promise<string>;

  /** @param threads how many passwords are worked on at a time; @param cost of new hashes */
  constructor(
    threads: number,
    private readonly cost = COST_OF_TODAY,
  ) {
    this.limit = pLimit(threads);
    this.decoy = newHash(randomUUID(), cost);
  }

  /** A PHC string. @throws HasherBusy */
  async hash(password: string): Promise<string> {
    return this.inTurn(() => newHash(password, this.cost));
  }

  /**
   * A wrong password is compared twice, with a hash of today and one as UCloud has it, whichever of them the account has: the
   * time does not tell who was imported from there, nor who is not there at all (SEC-32). It tells of imported hashes that
   * cost something else, such as bcrypt, until their owners have logged in and they are replaced.
   * @param kept what the vault has of the password
   * @throws HasherBusy
   */
  async verify(kept: string, password: string): Promise<boolean> {
    return this.inTurn(async () => {
      if (await this.compare(kept, password)) return true;
      await this.compare(this.isOfToday(kept) ? UCLOUD_DECOY : await this.decoy, password);
      return false;
    });
  }

  /** Takes as long as verifying a wrong password of an account that is there (SEC-32). @throws HasherBusy */
  async verifyNothing(password: string): Promise<false> {
    await this.verify(await this.decoy, password);
    return false;
  }

  /** Whether it is what a new password would be kept as: it is not to be replaced (SEC-14). */
  isOfToday(kept: string): boolean {
    return isHashAt(this.cost, kept);
  }

  /** How many passwords wait or are being worked on. */
  get length(): number {
    return this.limit.activeCount + this.limit.pendingCount;
  }

  protected compare(kept: string, password: string): Promise<boolean> {
    return isHashOf(kept, password);
  }

  private async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.limit.pendingCount >= MAX_WAITING) throw new HasherBusy('Too many passwords are waiting to be checked.');
    return this.limit(work);
  }
}
