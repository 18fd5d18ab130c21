import { type CryptoKey, type GenerateKeyPairResult, generateKeyPair } from 'jose';
import type { SigningKeyPair, SigningKeySource } from '../access-token.js';

/** Signing keys in memory; the newest signs. */
export class MemorySigningKeys implements SigningKeySource {
  version = 0;
  private readonly pairs = new Map<string, GenerateKeyPairResult>();

  static async with(...kids: readonly string[]): Promise<MemorySigningKeys> {
    const keys = new MemorySigningKeys();
    for (const kid of kids) await keys.add(kid);
    return keys;
  }

  async add(kid: string): Promise<void> {
    this.pairs.set(kid, await generateKeyPair('ES256', { extractable: true }));
    this.version += 1;
  }

  remove(kid: string): void {
    this.pairs.delete(kid);
    this.version += 1;
  }

  active(): SigningKeyPair {
    const newest = [...this.pairs].at(-1);
    if (newest === undefined) throw new Error('no key');
    return { kid: newest[0], alg: 'ES256', privateKey: newest[1].privateKey };
  }

  verificationKey(kid: string): CryptoKey | undefined {
    return this.pairs.get(kid)?.publicKey;
  }
}
