import type { SignedHead } from '#domain/sealing/sealing.js';

/** A place outside that keeps heads: what was cut off the log, heads and all, can only be seen from there. */
export interface HeadSink {
  /** What people call it. */
  readonly name: string;
  /** The number of the last head that it has taken; 0 before the first. @throws HeadSinkUnusable */
  lastNumber(log: string): Promise<number>;
  /** Hands over the next head. The same one again is the same one. @throws Error if it did not take it */
  take(head: SignedHead): Promise<void>;
}

/** Heads cannot be handed out there; the message says why and what to do. */
export class HeadSinkUnusable extends Error {
  override readonly name = 'HeadSinkUnusable';
}
