import { randomBytes } from 'node:crypto';
import { type CryptoKey, exportPKCS8, exportSPKI, generateKeyPair, importPKCS8, importSPKI } from 'jose';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { type UserId, userStream } from '#domain/ids.js';
import { Refused } from '#domain/refused.js';
import { type ProviderKey, holderOf, providerKeyId } from '#domain/user/provider.js';
import { nameOf } from '#domain/user/user-state.js';
import { user } from '#domain/user/user.js';
import type { Repository } from '#event-store/repository.js';
import type { HolderKey, HolderKeySource, SigningKeyPair } from '#tokens/access-token.js';
import type { Vault } from '#vault/vault.js';

/** UCloud's providers read RSA keys only; SEC-81 asks for so many bits. */
const ALG = 'RS256';
const MODULUS_BITS = 3_072;

const KEY_ID_BYTES = 12;
const CACHED_KEYS = 1_000;

const generatePair = () => generateKeyPair(ALG, { modulusLength: MODULUS_BITS, extractable: true });

/** The keys that sign the tokens of providers, each its own: made here, kept in the vault, found by the names in tokens. */
export class ProviderKeys implements HolderKeySource {
  private readonly privateKeys = new LRUCache<string, CryptoKey>({ max: CACHED_KEYS });
  private readonly publicKeys = new LRUCache<string, CryptoKey>({ max: CACHED_KEYS });
  /** Making one takes a thread for half a second; tokens are signed by the same threads. */
  private readonly inTurn = pLimit(1);

  constructor(
    private readonly repository: Repository,
    private readonly vault: Vault,
    private readonly generate = generatePair,
  ) {}

  /** Makes a key pair. Its private part is in the vault before anything refers to it. */
  async make(holder: UserId): Promise<ProviderKey> {
    const pair = await this.inTurn(() => this.generate());
    const credentialId = await this.vault.keep('signing-key', holder, await exportPKCS8(pair.privateKey));
    return {
      kid: providerKeyId(holder, randomBytes(KEY_ID_BYTES).toString('base64url')),
      alg: ALG,
      publicKey: withoutArmour(await exportSPKI(pair.publicKey)),
      credentialId,
    };
  }

  /** Nobody can sign with it again. */
  async erase({ kid, credentialId }: ProviderKey): Promise<void> {
    await this.vault.erase(credentialId);
    this.privateKeys.delete(kid);
  }

  /** @throws Refused `session-ended` if it was replaced meanwhile: what was to be signed ended with it */
  async signingKey({ kid, alg, credentialId }: ProviderKey): Promise<SigningKeyPair> {
    const cached = this.privateKeys.get(kid);
    if (cached !== undefined) return { kid, alg, privateKey: cached };
    const secret = await this.vault.reveal(credentialId);
    if (secret === null) {
      if ((await this.find(kid)) === undefined) throw new Refused('session-ended');
      throw new Error(`the private part of the provider's key ${kid} is not in the vault`);
    }
    const privateKey = await importPKCS8(secret, alg);
    this.privateKeys.set(kid, privateKey);
    return { kid, alg, privateKey };
  }

  async find(kid: string): Promise<HolderKey | undefined> {
    const userId = holderOf(kid);
    if (userId === null) return undefined;
    const { state } = await this.repository.load(user, userStream(userId));
    const provider = state.status === 'active' ? state.provider : null;
    if (state.status !== 'active' || provider?.key.kid !== kid) return undefined;
    const holder = { userId, username: nameOf(state) };
    return { alg: provider.key.alg, publicKey: await this.imported(provider.key), holder };
  }

  private async imported({ kid, alg, publicKey }: ProviderKey): Promise<CryptoKey> {
    const key = this.publicKeys.get(kid) ?? (await importSPKI(withArmour(publicKey), alg));
    this.publicKeys.set(kid, key);
    return key;
  }
}

const withArmour = (base64: string) => `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----`;

/** One line of Base64, as UCloud's readers expect it (ucloud-users-api §17). */
const withoutArmour = (pem: string) => pem.replace(/-----[A-Z ]+-----|\s/g, '');
