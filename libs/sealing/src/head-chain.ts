import type { SealingKeyId, SealingPublicKey, SignedHead } from '#domain/sealing/sealing.js';
import { headHash, isSignedBy, isSignedHead, keyIdOf } from './signed-head.js';

/** What can be wrong with a head. */
export type HeadFault = 'another-log' | 'unknown-key' | 'bad-signature' | 'head-does-not-follow';

/** Heads in their order, each checked against the one before, from the first key on; every key is announced under the one before. */
export class HeadChain {
  readonly log: SealingKeyId;
  private readonly keys = new Map<SealingKeyId, SealingPublicKey>();
  private signer: SealingKeyId;
  private readonly signers = new Set<SealingPublicKey>();
  private last: SignedHead | null = null;

  constructor(firstKey: SealingPublicKey) {
    this.log = keyIdOf(firstKey);
    this.signer = this.log;
    this.keys.set(this.log, firstKey);
  }

  /** The last head that followed. */
  get latest(): SignedHead | null {
    return this.last;
  }

  /**
   * Whether this key has signed a head, and so all that is before it; what is behind it is signed by those whom it has announced. Being
   * announced is not enough: anybody can announce the key of somebody else.
   */
  hasSigned = (key: SealingPublicKey): boolean => this.signers.has(key);

  /** Goes on to the next head; null if nothing is wrong with it. */
  follow(signed: SignedHead): HeadFault | null {
    const fault = this.faultIn(signed);
    if (fault !== null) return fault;
    const { head } = signed;
    if (head.keyId !== this.signer || !this.isNext(signed)) return 'head-does-not-follow';
    this.signers.add(this.keys.get(head.keyId) ?? '');
    if (head.nextKey !== null) {
      this.signer = keyIdOf(head.nextKey);
      this.keys.set(this.signer, head.nextKey);
    }
    this.last = signed;
    return null;
  }

  /** What is wrong with a head alone, wherever it comes from. */
  faultIn(signed: SignedHead): HeadFault | null {
    if (!isSignedHead(signed)) return 'bad-signature';
    if (signed.head.log !== this.log) return 'another-log';
    const key = this.keys.get(signed.head.keyId);
    if (key === undefined) return 'unknown-key';
    return isSignedBy(signed, key) ? null : 'bad-signature';
  }

  private isNext({ head }: SignedHead): boolean {
    const before = this.last?.head;
    if (before === undefined) return head.number === 1 && head.previousHead === null;
    return (
      head.number === before.number + 1 &&
      head.previousHead === headHash(before) &&
      head.size >= before.size &&
      BigInt(head.position) >= BigInt(before.position) &&
      head.at >= before.at
    );
  }
}
