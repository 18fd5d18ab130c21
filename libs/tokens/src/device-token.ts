import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { UserId } from '#domain/ids.js';
import { keyedHash } from './keyed-hash.js';

/** How long a browser is known that logs in no more. */
export const DEVICE_MS = 7_776_000_000;

const TOKEN = /^([0-9a-f-]{36})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})$/;

/**
 * What a browser keeps that has logged in to an account: `<device>.<seconds since 1970>.<HMAC-SHA-256 over both and the
 * account>`, so that nothing of it has to be stored. It opens nothing. Whoever shows it has guesses at the account's
 * password that strangers cannot use up (SEC-21), and no more of them than a stranger has. That is why it may outlive the
 * password: a thief has won some guesses, and its owner still gets in after a reset while strangers go on guessing.
 */
export class DeviceTokens {
  /** @param key 256 bits of the installation; see Vault.derivedKey */
  constructor(private readonly key: Uint8Array) {}

  /** Another device each time. */
  issue(userId: UserId, now: Date): string {
    const named = `${randomUUID()}.${Math.floor(now.getTime() / 1_000)}`;
    return `${named}.${this.mac(named, userId)}`;
  }

  /** The device that has logged in to this account within `DEVICE_MS`; null for any other text. */
  deviceOf(token: string, userId: UserId, now: Date): string | null {
    const [, device, issuedAt, mac] = TOKEN.exec(token) ?? [];
    if (device === undefined || mac === undefined) return null;
    const expected = this.mac(`${device}.${issuedAt}`, userId);
    if (!timingSafeEqual(Buffer.from(mac), Buffer.from(expected))) return null;
    return now.getTime() < Number(issuedAt) * 1_000 + DEVICE_MS ? device : null;
  }

  private mac = (named: string, userId: UserId) => keyedHash(this.key, named, userId).toString('base64url');
}
