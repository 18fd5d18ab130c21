import type { Head } from '#domain/sealing/sealing.js';
import type { StoredHead } from '../heads.js';
import type { HeadChain, HeadFault } from '../head-chain.js';
import type { Fault } from './fault.js';

const EXPLAINED: Readonly<Record<HeadFault, string>> = {
  'another-log': 'is of another log',
  'unknown-key': 'is signed by a key that no head before it has announced',
  'bad-signature': 'does not have the signature of its key',
  'head-does-not-follow': 'does not follow the head before it',
};

/** What is wrong with a head, in words. */
export const explainHead = (number: number, fault: HeadFault) => `Head ${number} ${EXPLAINED[fault]}.`;

/** The heads that stand in the log, one by one, up to the first that cannot be believed. */
export class HeadsInLog {
  next: Head | undefined;
  fault: Fault | null = null;
  /** How many could be believed. */
  count = 0;
  private readonly stored: AsyncIterator<StoredHead>;

  private constructor(
    heads: AsyncIterable<StoredHead>,
    /** Null where the log does not say what its first key is. */
    private readonly chain: HeadChain | null,
  ) {
    this.stored = heads[Symbol.asyncIterator]();
  }

  static async from(heads: AsyncIterable<StoredHead>, chain: HeadChain | null): Promise<HeadsInLog> {
    const inLog = new HeadsInLog(heads, chain);
    await inLog.advance();
    return inLog;
  }

  async advance(): Promise<void> {
    this.next = undefined;
    if (this.chain === null || this.fault !== null) return;
    const { value, done } = await this.stored.next();
    if (done === true) return;
    const { signed, position, revision } = value;
    const fault = this.chain.follow(signed);
    if (fault === null) {
      this.next = signed.head;
      this.count += 1;
    } else this.fault = { kind: fault, position, message: explainHead(revision, fault) };
  }
}
