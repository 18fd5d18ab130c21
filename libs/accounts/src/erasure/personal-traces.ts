import type { StreamName, UserId } from '#domain/ids.js';

/** What is not there yet will be; it is tried again. */
export class NotYetErased extends Error {
  override readonly name = 'NotYetErased';
}

/** Where something of a person is outside of the log and the vault. Each step may be repeated, and then changes nothing. */
export interface PersonalTraces {
  /** How many mails to the person lie here. */
  countMails(userId: UserId): Promise<number>;
  removeMails(userId: UserId): Promise<void>;
  /**
   * Once the read models know that the person was erased, what they had of them is gone from all their tables and files.
   * @returns their names
   * @throws NotYetErased while one of them is behind the log
   */
  clearReadModels(userId: UserId): Promise<readonly string[]>;
  /** The streams in which something happened to the person, besides their account and their second factor. */
  streamsOf(userId: UserId): Promise<readonly StreamName[]>;
}
