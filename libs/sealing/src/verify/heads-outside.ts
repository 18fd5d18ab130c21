import type { SignedHead } from '#domain/sealing/sealing.js';
import type { Position } from '#event-store/event-store.js';
import type { StoredHead } from '../heads.js';
import type { HeadChain } from '../head-chain.js';
import { headHash } from '../signed-head.js';
import type { Fault } from './fault.js';
import { explainHead } from './heads-in-log.js';

/**
 * Compares heads that were handed out with those in the log: what was cut off, heads and all, is seen only from outside.
 * @param chain knows every key of the log; null if the log has none
 */
export async function compareOutside(
  outside: AsyncIterable<SignedHead>,
  inLog: AsyncIterable<StoredHead>,
  chain: HeadChain | null,
  logEnd: Position,
): Promise<{ readonly fault: Fault | null; readonly count: number }> {
  const own = inLog[Symbol.asyncIterator]();
  let current = await own.next();
  let count = 0;
  let agreedTo = '0';
  for await (const signed of outside) {
    const { head } = signed;
    if (chain === null) return { fault: cut(head, '0'), count };
    const behind = String(BigInt(agreedTo) + 1n);
    while (current.done !== true && current.value.signed.head.number < head.number) current = await own.next();
    if (current.done === true) {
      const isOurs = chain.faultIn(signed);
      // A key that was announced in what is gone cannot be known any more.
      if (isOurs !== null && isOurs !== 'unknown-key') return { fault: faulty(head.number, isOurs), count };
      return { fault: cut(head, logEnd), count };
    }
    const isFaulty = chain.faultIn(signed);
    if (isFaulty !== null) return { fault: faulty(head.number, isFaulty), count };
    if (headHash(head) !== headHash(current.value.signed.head)) {
      const message = `Head ${head.number} in the log is another one than the one that was handed out: the log was rewritten behind ${agreedTo}.`;
      return { fault: { kind: 'heads-differ', position: behind, message }, count };
    }
    agreedTo = head.position;
    count += 1;
  }
  return { fault: null, count };
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
