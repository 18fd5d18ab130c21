import { hash, verify } from '@node-rs/argon2';
import pLimit, { type LimitFunction } from 'p-limit';

/** RFC 9106, at the floor of SEC-11: m = 19 456 KiB, t = 2, p = 1; a salt of 16 bytes for each hash. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Who comes when so many are waiting is sent away: some seconds of work on a small machine. */
const MAX_WAITING = 256;

/** Too many passwords are waiting to be checked; try again in a moment. */
export class HasherBusy extends Error {
  override readonly name = 'HasherBusy';
}

/**
 * Hashes and verifies passwords with argon2id off the event loop, a few at a time, so that a storm of logins slows nothing
 * else (SEC-16).
 */
export class PasswordHasher {
  private readonly limit: LimitFunction;
  private readonly decoy = hash('the password of nobody', ARGON2ID);

  /** @param threads how many passwords are worked on at a time */
  constructor(threads: number) {
    this.limit = pLimit(threads);
  }

  /** A PHC string. @throws HasherBusy */
  async hash(password: string): Promise<string> {
    return this.inTurn(() => hash(normalised(password), ARGON2ID));
  }

  /** @throws HasherBusy */
  async verify(phc: string, password: string): Promise<boolean> {
    return this.inTurn(() => verify(phc, normalised(password)));
  }

  /** Takes as long as verifying the password of an account that is there (SEC-32). @throws HasherBusy */
  async verifyNothing(password: string): Promise<false> {
    await this.verify(await this.decoy, password);
    return false;
  }

  /** How many passwords wait or are being worked on. */
  get length(): number {
    return this.limit.activeCount + this.limit.pendingCount;
  }

  private async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.limit.pendingCount >= MAX_WAITING) throw new HasherBusy('Too many passwords are waiting to be checked.');
    return this.limit(work);
  }
}

/** The same password typed on another keyboard is the same password (SEC-03). */
const normalised = (password: string) => password.normalize('NFKC');
