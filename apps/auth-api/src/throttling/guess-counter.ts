import type { FailedLogin } from '#domain/attempts/attempts.js';
import type { UserId } from '#domain/ids.js';

/** One of those that count a guess. It is asked again when the outcome is known: others may have been quicker. */
export interface GuessCounter {
  /** Guesses with the same one take turns. */
  readonly key: string;

  /** How many guesses may be under way now. @throws Refused `login-throttled` if none may */
  admit(): Promise<number>;

  /** Counts it. @throws Refused `login-throttled` if nobody may be told that the guess was wrong */
  failed(failure: FailedLogin): Promise<void>;

  /**
   * @param userId whose account it opens
   * @throws Refused `login-throttled` if nobody may be told that the guess was right
   */
  succeeded(userId: UserId): Promise<void>;
}
