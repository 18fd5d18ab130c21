import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type CryptoKey, type JWK, exportJWK, generateKeyPair, importJWK } from 'jose';
import { type KeyId, asKeyId, categoryOf } from '#domain/ids.js';
import {
  KEY_RING,
  type KeyRing,
  type PublicJwk,
  type SigningKey,
  activeKey,
  needsKey,
  signingKey,
} from '#domain/signing-key/signing-key.js';
import type { Position } from '#event-store/event-store.js';
import { Repository } from '#event-store/repository.js';
import { systemContext } from '#event-store/envelope.js';
import { Clock } from '#host/clock.js';
import { Log } from '#host/log.js';
import { Stores } from '#host/stores.js';
import type { SigningKeyPair, SigningKeySource } from '#tokens/access-token.js';

const ALG = 'ES256';
const HOUR_MS = 3_600_000;
const RETRY_MS = 1_000;

interface UsableKey {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

/** The installation's signing keys: makes and retires them in time, and follows what other processes do with them. */
@Injectable()
export class SigningKeys implements SigningKeySource, OnApplicationBootstrap {
  version = 0;
  private ring: KeyRing = [];
  private readonly usable = new Map<string, UsableKey>();
  private readonly stopping = new AbortController();
  private maintenance: NodeJS.Timeout | undefined;
  private following: Promise<void> | undefined;

  constructor(
    private readonly repository: Repository,
    private readonly stores: Stores,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    // From here on; what stands before it is loaded below. A long log is not read again for a few keys.
    const head = await this.stores.eventStore.head();
    await this.maintain();
    this.following = this.follow(head);
    const again = () =>
      void this.maintain().catch((error: unknown) => this.log.error({ error }, 'key maintenance failed'));
    this.maintenance = setInterval(again, HOUR_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.maintenance);
    this.stopping.abort();
    await this.following;
  }

  active(): SigningKeyPair {
    const key = activeKey(this.ring, this.clock.now());
    const pair = key && this.usable.get(key.kid);
    if (key === undefined || pair === undefined) throw new Error('there is no signing key yet');
    return { kid: key.kid, alg: key.alg, privateKey: pair.privateKey };
  }

  verificationKey(kid: string): CryptoKey | undefined {
    return this.usable.get(kid)?.publicKey;
  }

  /** The public keys, as JSON Web Key Set (RFC 7517 §5). */
  keySet(): { keys: readonly PublicJwk[] } {
    return { keys: this.ring.map(({ kid, alg, publicJwk }) => ({ ...publicJwk, kid, alg, use: 'sig' })) };
  }

  /** Adds a key if one is due and retires those that have outlived their tokens. */
  private async maintain(): Promise<void> {
    const now = this.clock.now();
    const { state: ring } = await this.repository.load(signingKey, KEY_RING);
    if (needsKey(ring, now)) await this.addKey(now);
    await this.repository.execute(signingKey, KEY_RING, { type: 'RetireSigningKeys', now }, systemContext(now));
    await this.reload();
  }

  private async addKey(now: Date): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(ALG, { extractable: true });
    const kid = asKeyId(randomUUID());
    const secret = JSON.stringify(await exportJWK(privateKey));
    const credentialId = await this.stores.vault.keep('signing-key', kid, secret);
    const publicJwk = asPublicJwk(await exportJWK(publicKey));
    const command = { type: 'AddSigningKey', kid, alg: ALG, publicJwk, credentialId, now } as const;
    await this.repository.execute(signingKey, KEY_RING, command, systemContext(now));
  }

  /** Until it is stopped; a fault is reported, and the keys are looked at again. */
  private async follow(after: Position): Promise<void> {
    const { signal } = this.stopping;
    const categories = [categoryOf(KEY_RING)];
    let position = after;
    while (!signal.aborted) {
      try {
        for await (const slice of this.stores.eventStore.subscribeAll({ after: position, categories, signal })) {
          // What was revoked may leave nothing to sign with.
          if (slice.events.length > 0) await this.maintain();
          position = slice.through;
        }
      } catch (error) {
        if (signal.aborted) return;
        this.log.error({ error }, 'the signing keys could not be read; trying again');
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async reload(): Promise<void> {
    const { state: ring } = await this.repository.load(signingKey, KEY_RING);
    for (const key of ring) if (!this.usable.has(key.kid)) this.usable.set(key.kid, await this.import(key));
    const published = new Set<KeyId>(ring.map(({ kid }) => kid));
    for (const kid of this.usable.keys()) if (!published.has(asKeyId(kid))) this.usable.delete(kid);
    this.ring = ring;
    this.version += 1;
  }

  private async import({ kid, alg, publicJwk, credentialId }: SigningKey): Promise<UsableKey> {
    const secret = await this.stores.vault.reveal(credentialId);
    if (secret === null) throw new Error(`the private part of signing key ${kid} is not in the vault`);
    const imported = await Promise.all([importJWK(publicJwk, alg), importJWK(JSON.parse(secret) as JWK, alg)]);
    const [publicKey, privateKey] = imported;
    if (publicKey instanceof Uint8Array || privateKey instanceof Uint8Array)
      throw new Error(`signing key ${kid} is no asymmetric key`);
    return { publicKey, privateKey };
  }
}

/** The public members only (SEC-146). */
const asPublicJwk = ({ kty = '', crv = '', x = '', y = '' }: JWK): PublicJwk => ({ kty, crv, x, y });
