import type { CredentialId } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import {
  type Head,
  SEALING_HEADS,
  type Sealing,
  type SealingKey,
  type SignedHead,
  sealing,
  signingKeyOf,
} from '#domain/sealing/sealing.js';
import { systemContext } from '#event-store/envelope.js';
import type { Repository } from '#event-store/repository.js';
import { readLeaf } from './leaf.js';
import type { LeafStore } from './leaf-store.js';
import { EMPTY_ROOT, rangeHash } from './merkle-tree.js';
import { headHash, newSealingKey, privateKeyFrom, signHead } from './signed-head.js';

/** Where private keys are: the vault. */
export interface PrivateKeys {
  keep(kind: 'sealing-key', owner: string, secret: string): Promise<CredentialId>;
  reveal(id: CredentialId): Promise<string | null>;
  erase(id: CredentialId): Promise<void>;
}

export interface SealerParts {
  readonly repository: Repository;
  readonly leaves: LeafStore;
  readonly keys: PrivateKeys;
  readonly now: () => Date;
}

/** The leaves make another tree than the one that was signed: nothing more is sealed until somebody has looked. */
export class LeavesDiffer extends Error {
  override readonly name = 'LeavesDiffer';
}

/** The private part of the key that has to sign is not in the vault. */
export class SealingKeyMissing extends Error {
  override readonly name = 'SealingKeyMissing';
}

type Begun = Extract<Sealing, { status: 'begun' }>;

const SEALER = 'sealer';

/** Signs what the log is now. Several may: a head that does not follow the one before is refused, and its signer goes on. */
export class Sealer {
  /** The hash of the last head of which these leaves are known to make the tree. */
  private agreed: string | null = null;

  constructor(private readonly parts: SealerParts) {}

  /** The number of leaves in the last signed head. */
  async sealedSize(): Promise<number> {
    return (await this.current()).last?.size ?? 0;
  }

  /** Whether there is more to seal than the event of the last head, which every head adds to the log. */
  async isDue(size: number): Promise<boolean> {
    const { last } = await this.current();
    return last === null ? size > 0 : size > last.size + 1;
  }

  /**
   * Signs the tree of so many leaves.
   * @returns null if there is nothing new to seal, or another one was quicker
   * @throws LeavesDiffer, SealingKeyMissing
   */
  async seal(size: number): Promise<SignedHead | null> {
    const state = await this.current();
    const { last } = state;
    if (size <= (last?.size ?? 0)) return null;
    await this.demandAgreement(last);
    const rootHash = (await rangeHash(this.parts.leaves.subtrees(), 0, size)).toString('base64url');
    const { position } = readLeaf(await this.parts.leaves.leaf(size - 1));
    const signed = await this.sign(state, { size, rootHash, position, nextKey: null });
    const isTaken = await this.append(signed, null);
    if (isTaken) this.agreed = headHash(signed.head);
    return isTaken ? signed : null;
  }

  /**
   * Has another key sign from the next head on, and says so in a head under the one before.
   * @returns the id of the new key; null if another head was signed at the same moment
   */
  async rotateKey(): Promise<string | null> {
    const state = await this.current();
    const { keyId, publicKey, privateKey } = newSealingKey();
    const credentialId = await this.parts.keys.keep('sealing-key', keyId, privateKey);
    const { size, rootHash, position } = state.last ?? { ...NOTHING, position: '0' };
    const signed = await this.sign(state, { size, rootHash, position, nextKey: publicKey });
    if (await this.append(signed, { keyId, credentialId })) return keyId;
    await this.parts.keys.erase(credentialId);
    return null;
  }

  /** The first time, a key is made. */
  private async current(): Promise<Begun> {
    const { repository, keys, now } = this.parts;
    const { state } = await repository.load(sealing, SEALING_HEADS);
    if (state.status === 'begun') return state;
    const { keyId, publicKey, privateKey } = newSealingKey();
    const credentialId = await keys.keep('sealing-key', keyId, privateKey);
    const begin = { type: 'BeginSealing', keyId, publicKey, credentialId } as const;
    const begun = await repository.execute(sealing, SEALING_HEADS, begin, systemContext(now(), SEALER));
    if (begun.events.length === 0) await keys.erase(credentialId);
    return this.current();
  }

  private async demandAgreement(last: Begun['last']): Promise<void> {
    if (last === null || last.hash === this.agreed) return;
    const root = await rangeHash(this.parts.leaves.subtrees(), 0, last.size);
    if (root.toString('base64url') !== last.rootHash)
      throw new LeavesDiffer(`the leaves make another tree than head ${last.number} has sealed`);
    this.agreed = last.hash;
  }

  private async sign(
    state: Begun,
    tree: Pick<Head, 'size' | 'rootHash' | 'position' | 'nextKey'>,
  ): Promise<SignedHead> {
    const { log, last } = state;
    const key = signingKeyOf(state);
    const now = this.parts.now().toISOString();
    // A clock that was turned back does not keep the log from being sealed.
    const at = last !== null && last.at > now ? last.at : now;
    const number = (last?.number ?? 0) + 1;
    const { nextKey, ...sealed } = tree;
    const head: Head = { number, log, ...sealed, at, previousHead: last?.hash ?? null, keyId: key.keyId, nextKey };
    return signHead(head, privateKeyFrom(await this.secretOf(key)));
  }

  private async secretOf({ keyId, credentialId }: SealingKey): Promise<string> {
    const secret = await this.parts.keys.reveal(credentialId);
    if (secret === null) throw new SealingKeyMissing(`the private part of sealing key ${keyId} is not in the vault`);
    return secret;
  }

  private async append(
    signed: SignedHead,
    nextKey: { readonly keyId: string; readonly credentialId: CredentialId } | null,
  ): Promise<boolean> {
    const { repository, now } = this.parts;
    const command = { type: 'SealLog', signed, headHash: headHash(signed.head), nextKey } as const;
    try {
      await repository.execute(sealing, SEALING_HEADS, command, systemContext(now(), SEALER));
      return true;
    } catch (error) {
      if (error instanceof Refused && error.code === 'head-out-of-order') return false;
      throw error;
    }
  }
}

const NOTHING = { size: 0, rootHash: EMPTY_ROOT.toString('base64url') };
