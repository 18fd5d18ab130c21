import {
  SEALING_HEADS,
  type SealingKeyId,
  type SealingPublicKey,
  type SignedHead,
  sealing,
} from '#domain/sealing/sealing.js';
import { Refused } from '#domain/refused.js';
import type { EventStore, Position } from '#event-store/event-store.js';
import type { Repository } from '#event-store/repository.js';
import { headNumbered, headsFrom } from './heads.js';
import type { LeafStore } from './leaf-store.js';
import { consistencyPath, inclusionPath, leafHash } from './merkle-tree.js';
import { asPem } from './signed-head.js';

/** That an event is in the tree of a size (RFC 9162 §2.1.3); hashes are base64url. */
export interface InclusionProof {
  readonly position: Position;
  readonly index: number;
  readonly size: number;
  /** What is hashed to the leaf (RFC 9162 §2.1.1): see `leaf.ts`. */
  readonly leaf: string;
  readonly leafHash: string;
  readonly path: readonly string[];
}

/** That the tree of the second size begins as that of the first (RFC 9162 §2.1.4). */
export interface ConsistencyProof {
  readonly first: number;
  readonly second: number;
  readonly path: readonly string[];
}

/** A key that heads are verified with. */
export interface PublishedKey {
  readonly keyId: SealingKeyId;
  readonly publicKey: SealingPublicKey;
  readonly pem: string;
  /** The number of the first head that it may have signed. */
  readonly firstHead: number;
}

/** What anybody may ask about what was sealed. */
export class SealedLog {
  constructor(
    private readonly store: EventStore,
    private readonly repository: Repository,
    private readonly leaves: LeafStore,
  ) {}

  /** Null before the first. */
  async latestHead(): Promise<SignedHead | null> {
    const state = await this.state();
    if (state.status === 'none' || state.last === null) return null;
    return (await headNumbered(this.store, state.last.number)) ?? null;
  }

  /** Those behind a number, oldest first, at most so many. */
  async heads(after: number, limit: number): Promise<readonly SignedHead[]> {
    const page: SignedHead[] = [];
    for await (const { signed } of headsFrom(this.store, after + 1)) {
      if (page.length === limit) break;
      page.push(signed);
    }
    return page;
  }

  async keys(): Promise<readonly PublishedKey[]> {
    const state = await this.state();
    if (state.status === 'none') return [];
    return state.keys.map(({ keyId, publicKey, announcedBy }) => ({
      keyId,
      publicKey,
      pem: asPem(publicKey),
      firstHead: announcedBy + 1,
    }));
  }

  /**
   * @param size of the tree; left out, that of the latest head
   * @throws Refused `nothing-sealed`, `position-not-sealed`, `tree-size-unknown`
   */
  async inclusion(position: Position, size?: number): Promise<InclusionProof> {
    const inSize = await this.demandSize(size);
    const index = await this.leaves.indexOf(position);
    if (index === null || index >= inSize)
      throw new Refused('position-not-sealed', `No event at ${position} is in the tree of ${inSize} leaves.`);
    const leaf = await this.leaves.leaf(index);
    const path = await inclusionPath(this.leaves.subtrees(), index, inSize);
    return {
      position,
      index,
      size: inSize,
      leaf: leaf.toString('base64url'),
      leafHash: leafHash(leaf).toString('base64url'),
      path: path.map(asText),
    };
  }

  /**
   * @param second left out, the size of the latest head
   * @throws Refused `nothing-sealed`, `position-not-sealed`, `tree-size-unknown`
   */
  async consistency(first: number, second?: number): Promise<ConsistencyProof> {
    const to = await this.demandSize(second);
    if (!Number.isInteger(first) || first < 1 || first > to)
      throw new Refused('tree-size-unknown', `The first size must be a whole number from 1 to ${to}.`);
    const path = await consistencyPath(this.leaves.subtrees(), first, to);
    return { first, second: to, path: path.map(asText) };
  }

  private async state() {
    return (await this.repository.load(sealing, SEALING_HEADS)).state;
  }

  private async demandSize(size: number | undefined): Promise<number> {
    const state = await this.state();
    const sealed = state.status === 'none' ? 0 : (state.last?.size ?? 0);
    if (sealed === 0) throw new Refused('nothing-sealed', 'No head was signed yet.');
    if (size === undefined) return sealed;
    if (Number.isInteger(size) && size >= 1 && size <= sealed) return size;
    throw new Refused('tree-size-unknown', `A size must be a whole number from 1 to ${sealed}.`);
  }
}

const asText = (hash: Buffer) => hash.toString('base64url');
