import type { SignedHead } from '#domain/sealing/sealing.js';
import type { EventStore, Position } from '#event-store/event-store.js';
import { type StoredHead, headsFrom } from '../heads.js';
import type { HeadChain } from '../head-chain.js';
import { headHash, isSignedHead } from '../signed-head.js';
import type { Fault } from './fault.js';
import { explainHead } from './heads-in-log.js';

/**
 * Compares heads that were handed out with those in the log: what was cut off, heads and all, is seen only from outside.
 * @param chain knows every key of the log; null if the log has none
 */
export async function compareOutside(
  outside: AsyncIterable<SignedHead>,
  store: EventStore,
  chain: HeadChain | null,
  logEnd: Position,
): Promise<{ readonly fault: Fault | null; readonly count: number }> {
  const inLog = new HeadsByNumber(store);
  let count = 0;
  let agreedTo = '0';
  for await (const signed of outside) {
    const { head } = signed;
    if (chain === null) return { fault: cut(head, '0'), count };
    const own = await inLog.find(head.number);
    const wrong = chain.faultIn(signed);
    // A key that was announced in what is gone cannot be known any more.
    if (wrong !== null && !(wrong === 'unknown-key' && own === undefined))
      return { fault: faulty(head.number, wrong), count };
    if (own === undefined) return { fault: cut(head, logEnd), count };
    if (!isSignedHead(own) || headHash(own.head) !== headHash(head)) {
      const message = `Head ${head.number} in the log is another one than the one that was handed out: the log was rewritten behind ${agreedTo}.`;
      return { fault: { kind: 'heads-differ', position: String(BigInt(agreedTo) + 1n), message }, count };
    }
    agreedTo = head.position;
    count += 1;
  }
  return { fault: null, count };
}

/** The heads of the log, looked up mostly one after the other. */
class HeadsByNumber {
  private heads: AsyncIterator<StoredHead> | undefined;
  private current: StoredHead | undefined;

  constructor(private readonly store: EventStore) {}

  async find(number: number): Promise<SignedHead | undefined> {
    // Two processes that add to one file may have added the same heads.
    if (this.heads === undefined || (this.current?.revision ?? 0) > number)
      this.heads = headsFrom(this.store, number)[Symbol.asyncIterator]();
    else if (this.current?.revision === number) return this.current.signed;
    do {
      const { value, done } = await this.heads.next();
      this.current = done === true ? undefined : value;
    } while (this.current !== undefined && this.current.revision < number);
    if (this.current === undefined) this.heads = undefined;
    return this.current?.revision === number ? this.current.signed : undefined;
  }
}

const faulty = (number: number, kind: Parameters<typeof explainHead>[1]): Fault => ({
  kind,
  position: null,
  message: `Among the heads that were handed out: ${explainHead(number, kind)}`,
});

const cut = ({ number, position, at }: SignedHead['head'], logEnd: string): Fault => ({
  kind: 'cut',
  position: String(BigInt(logEnd) + 1n),
  message: `The log ends at ${logEnd}, but head ${number} of ${at} was handed out, which sealed it up to ${position}.`,
});
