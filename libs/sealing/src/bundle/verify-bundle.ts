import type { Head, SealingPublicKey, SignedHead } from '#domain/sealing/sealing.js';
import type { RecordedEvent } from '#event-store/event-store.js';
import { Frontier } from '../frontier.js';
import type { HeadFault } from '../head-chain.js';
import { LEAF_BYTES, countOf, leafAt, leavesOf, positionIn } from '../leaf.js';
import { isConsistent } from '../merkle-tree.js';
import { headHash, isSignedBy, keyIdOf } from '../signed-head.js';
import { compareLeaves } from '../verify/compare-leaves.js';
import { type Fault, type FaultKind, firstOf } from '../verify/fault.js';
import { explainHead } from '../verify/heads-in-log.js';
import { SignedStretches } from '../verify/signed-stretches.js';
import { type BundleEnd, type BundleStart, readLine, readStart } from './bundle-lines.js';

/** The file is no bundle at all. */
export class NoBundle extends Error {
  override readonly name = 'NoBundle';
}

export interface BundleVerdict {
  /** Null: everything in the bundle is as it was sealed. */
  readonly fault: Fault | null;
  readonly log: string;
  /** The ids of the keys that were believed. */
  readonly keys: readonly string[];
  readonly events: number;
  readonly heads: number;
  readonly from: string | null;
  readonly to: string | null;
  /** When the head was signed that covers all of it; null if there is none. */
  readonly sealedAt: string | null;
}

/**
 * Verifies a bundle by nothing but itself.
 * @param key that must have sealed the log; null to believe the keys in the bundle
 * @throws NoBundle
 */
export async function verifyBundle(
  lines: AsyncIterable<string>,
  key: SealingPublicKey | null,
  now: Date,
): Promise<BundleVerdict> {
  let bundle: BundleUnderTest | undefined;
  for await (const line of lines) {
    if (bundle === undefined) {
      const start = readStart(line);
      if (start === undefined) throw new NoBundle('It does not begin as a bundle of authlog does (format 1).');
      bundle = new BundleUnderTest(start, key, now);
    } else await bundle.take(line);
  }
  if (bundle === undefined) throw new NoBundle('It is empty.');
  return bundle.verdict();
}

interface BundleKey {
  readonly keyId: string;
  readonly publicKey: SealingPublicKey;
  /** It signs heads behind this number. */
  readonly after: number;
}

class BundleUnderTest {
  private readonly keys: BundleKey[] = [];
  private readonly faults: Fault[] = [];
  private readonly stretches: SignedStretches;
  private kept: Buffer = Buffer.alloc(0);
  private found: RecordedEvent[] = [];
  private lastHead: Head | null = null;
  private end: BundleEnd | null = null;
  private readonly counts = { leaves: 0, events: 0, heads: 0 };
  private lineNumber = 1;
  private first: string | null = null;
  private last: string | null = null;

  constructor(
    private readonly start: BundleStart,
    private readonly trusted: SealingPublicKey | null,
    private readonly now: Date,
  ) {
    this.stretches = new SignedStretches(frontierIn(start));
    this.learnKeys();
  }

  async take(text: string): Promise<void> {
    this.lineNumber += 1;
    const line = this.end === null ? readLine(text) : undefined;
    switch (line?.kind) {
      case 'leaves':
        await this.compare(undefined);
        if (line.leaves.length % LEAF_BYTES !== 0) return this.damaged();
        this.kept = line.leaves;
        return;
      case 'event':
        this.counts.events += 1;
        this.found.push(line.event);
        return;
      case 'head':
        return this.meet(line.signed);
      case 'end':
        await this.compare(undefined);
        this.end = line.end;
        return this.conclude(line.end);
      case undefined:
        return this.damaged();
    }
  }

  verdict(): BundleVerdict {
    if (this.end === null && this.trusted !== null && !this.keys.some(({ publicKey }) => publicKey === this.trusted))
      this.blame('unknown-key', null, `The key ${keyIdOf(this.trusted)} is none of those in the file.`);
    if (this.end === null)
      this.blame('cut-short', this.next(), `The file ends after line ${this.lineNumber}, before the bundle does.`);
    const { log } = this.start;
    return {
      fault: firstOf([...this.faults, this.stretches.fault]),
      log,
      keys: this.keys.map(({ keyId }) => keyId),
      events: this.counts.events,
      heads: this.counts.heads,
      from: this.first,
      to: this.last,
      sealedAt: this.end?.head.head.at ?? null,
    };
  }

  /** Each key is announced by a head that the one before has signed. */
  private learnKeys(): void {
    for (const { publicKey, announcedBy } of this.start.keys) {
      const keyId = keyIdOf(publicKey);
      const before = this.keys.at(-1);
      const isFirst = before === undefined && keyId === this.start.log;
      const isNext = announcedBy?.head.nextKey === publicKey && this.faultIn(announcedBy) === null;
      if (!isFirst && !isNext)
        return this.blame('unknown-key', null, `The key ${keyId} is not announced by the one before it.`);
      this.keys.push({ keyId, publicKey, after: before === undefined ? 0 : (announcedBy?.head.number ?? 0) });
    }
  }

  private async meet(signed: SignedHead): Promise<void> {
    const { head } = signed;
    this.counts.heads += 1;
    const fault = this.faultIn(signed) ?? (this.follows(head) ? null : 'head-does-not-follow');
    if (fault !== null) {
      await this.compare(undefined);
      return this.blame(fault, head.position, explainHead(head.number, fault));
    }
    this.lastHead = head;
    await this.compare(head);
    if (head.size > this.stretches.size)
      this.blame(
        'removed',
        this.next(),
        `Events from ${this.next()} on are missing, which head ${head.number} has signed.`,
      );
    else if (head.size < this.stretches.size)
      this.blame('head-does-not-follow', head.position, `Head ${head.number} stands behind what it has not signed.`);
  }

  /** A key signs from the head after the one that announced it to the one that announces the next. */
  private faultIn(signed: SignedHead): HeadFault | null {
    const { head } = signed;
    if (head.log !== this.start.log) return 'another-log';
    const key = this.keys.findLast(({ after }) => head.number > after);
    if (key?.keyId !== head.keyId) return 'unknown-key';
    return isSignedBy(signed, key.publicKey) ? null : 'bad-signature';
  }

  private follows = (head: Head): boolean =>
    this.lastHead === null ||
    (head.number === this.lastHead.number + 1 && head.previousHead === headHash(this.lastHead));

  /** Compares the leaves and the events that have come since, up to a head if one has signed them. */
  private async compare(head: Head | undefined): Promise<void> {
    const { kept, found } = this;
    this.kept = Buffer.alloc(0);
    this.found = [];
    this.counts.leaves += countOf(kept);
    if (kept.length > 0) {
      this.first ??= String(positionIn(kept));
      this.last = String(positionIn(leafAt(kept, countOf(kept) - 1)));
    }
    const heads = {
      next: head,
      async advance() {
        heads.next = undefined;
      },
    };
    await this.stretches.add(kept, compareLeaves(kept, leavesOf(found), null, this.now), heads);
  }

  private conclude({ end, head: signed, consistency }: BundleEnd): void {
    const { head } = signed;
    const isComplete = end.leaves === this.counts.leaves && end.events === this.counts.events;
    if (!isComplete || end.heads !== this.counts.heads)
      this.blame('removed', this.next(), 'There are fewer lines, or more, than were written.');
    const fault = this.faultIn(signed);
    if (fault !== null) return this.blame(fault, head.position, explainHead(head.number, fault));
    this.demandTrusted(head);
    const path = consistency.map((hash) => Buffer.from(hash, 'base64url'));
    const signedTree = { size: head.size, root: Buffer.from(head.rootHash, 'base64url') };
    const { size, root } = this.stretches;
    this.stretches.settle(head, isConsistent({ size, root }, signedTree, path));
  }

  /** The head over everything is signed by the given key, or by one that leads back to it: anybody can announce the key of somebody else. */
  private demandTrusted({ keyId }: Head): void {
    if (this.trusted === null) return;
    const trusted = this.keys.findIndex(({ publicKey }) => publicKey === this.trusted);
    const signer = this.keys.findIndex((key) => key.keyId === keyId);
    if (trusted < 0 || trusted > signer)
      this.blame('unknown-key', null, `The key ${keyIdOf(this.trusted)} has sealed nothing of this bundle.`);
  }

  private damaged(): void {
    const where =
      this.end === null ? `Line ${this.lineNumber} cannot be read.` : `Line ${this.lineNumber} follows the end.`;
    this.blame('damaged', this.next(), where);
  }

  /** The position behind the last that was in order. */
  private next = () => String(BigInt(this.last ?? '0') + 1n);

  private blame(kind: FaultKind, position: string | null, message: string): void {
    this.faults.push({ kind, position, message });
  }
}

/** @throws NoBundle */
function frontierIn({ leavesBefore, before }: BundleStart): Frontier {
  try {
    return Frontier.of(
      leavesBefore,
      before.map((hash) => Buffer.from(hash, 'base64url')),
    );
  } catch {
    throw new NoBundle('Its first line does not say what is before its events.');
  }
}
