import { type GenerateKeyPairResult, generateKeyPair } from 'jose';
import type { HolderKey, HolderKeySource, SigningKeyPair } from '../access-token.js';

/** Keys of single accounts in memory. */
export class MemoryHolderKeys implements HolderKeySource {
  private readonly keys = new Map<string, HolderKey>();

  /** A key of this account from now on. */
  async add(kid: string, holder: HolderKey['holder']): Promise<SigningKeyPair & GenerateKeyPairResult> {
    const pair = await generateKeyPair('RS256', { modulusLength: 2_048, extractable: true });
    this.keys.set(kid, { alg: 'RS256', publicKey: pair.publicKey, holder });
    return { kid, alg: 'RS256', ...pair };
  }

  remove(kid: string): void {
    this.keys.delete(kid);
  }

  find(kid: string): Promise<HolderKey | undefined> {
    return Promise.resolve(this.keys.get(kid));
  }
}
