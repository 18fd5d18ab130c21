import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { CredentialId, KeyId, StreamName } from '../ids.js';
import { Refused } from '../refused.js';

/** One stream for all keys: which key signs, and when one may go, is decided over all of them. */
export const KEY_RING: StreamName = 'key-ring';

/** A public key as JSON Web Key (RFC 7517). */
export type PublicJwk = Readonly<Record<string, string>>;

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type SigningKeyEvent =
  | {
      readonly type: 'SigningKeyAdded';
      readonly data: {
        readonly kid: KeyId;
        /** JWS algorithm (RFC 7518 §3.1). */
        readonly alg: 'ES256';
        readonly publicJwk: PublicJwk;
        /** The private key's row in the vault. */
        readonly credentialId: CredentialId;
        /** From when it signs; before, it is only published. ISO 8601 UTC. */
        readonly activatesAt: string;
      };
    }
  /** The newest key is to be replaced now, not only when it is old enough. */
  | { readonly type: 'SigningKeyRotationRequested'; readonly data: Readonly<Record<string, never>> }
  /** Every token it signed has expired. */
  | { readonly type: 'SigningKeyRetired'; readonly data: { readonly kid: KeyId } }
  /** It may have leaked: what it signed is void at once. */
  | { readonly type: 'SigningKeyRevoked'; readonly data: { readonly kid: KeyId } };

export const signingKeyEvents: EventCatalogue<SigningKeyEvent> = {
  SigningKeyAdded: { schema: 1 },
  SigningKeyRetired: { schema: 1 },
  SigningKeyRotationRequested: { schema: 1 },
  SigningKeyRevoked: { schema: 1 },
};

export type SigningKeyCommand =
  | {
      readonly type: 'AddSigningKey';
      readonly kid: KeyId;
      readonly alg: 'ES256';
      readonly publicJwk: PublicJwk;
      readonly credentialId: CredentialId;
      readonly now: Date;
    }
  | { readonly type: 'RequestSigningKeyRotation'; readonly now: Date }
  | { readonly type: 'RetireSigningKeys'; readonly now: Date }
  | { readonly type: 'RevokeSigningKey'; readonly kid: KeyId };

export interface SigningKey {
  readonly kid: KeyId;
  readonly alg: 'ES256';
  readonly publicJwk: PublicJwk;
  readonly credentialId: CredentialId;
  readonly activatesAt: Date;
  /** Somebody wants another one to sign. */
  readonly isToBeReplaced: boolean;
}

/** The keys that are published, oldest first. */
export type KeyRing = readonly SigningKey[];

export type SigningKeyRefusal = 'signing-key-unknown';

const HOUR = 3_600_000;

/** SEC-145: a key signs for 90 days, */
export const ROTATION_MS = 90 * 24 * HOUR;
/** is published so long before it signs, so that verifiers which cache the key set know it in time, */
export const PUBLISHED_AHEAD_MS = HOUR;
/** and stays published so long after its successor took over: the longest token's life and then some. */
export const PUBLISHED_AFTER_MS = HOUR;

/**
 * The key that signs now; undefined while there is none at all. If none has begun, because the clock was turned back or a key was
 * revoked, it is the one that verifiers have known longest.
 */
export const activeKey = (ring: KeyRing, now: Date): SigningKey | undefined =>
  ring.findLast((key) => key.activatesAt <= now) ?? ring[0];

/** Whether a new key is due: there is none, the newest will have signed long enough, or somebody wants another one. */
export function needsKey(ring: KeyRing, now: Date): boolean {
  const newest = ring.at(-1);
  if (newest === undefined || newest.isToBeReplaced) return true;
  return newest.activatesAt.getTime() + ROTATION_MS - PUBLISHED_AHEAD_MS <= now.getTime();
}

/** The keys whose last token has expired, because their successor has signed for long enough. */
const outlived = (ring: KeyRing, now: Date) =>
  ring.filter((_, index) => {
    const successor = ring[index + 1];
    return successor !== undefined && successor.activatesAt.getTime() + PUBLISHED_AFTER_MS <= now.getTime();
  });

export const signingKey: Decider<KeyRing, SigningKeyCommand, SigningKeyEvent> = {
  events: signingKeyEvents,
  initial: [],

  evolve(ring, { type, data }) {
    switch (type) {
      case 'SigningKeyAdded':
        return [...ring, { ...data, activatesAt: new Date(data.activatesAt), isToBeReplaced: false }];
      case 'SigningKeyRotationRequested':
        return ring.map((key, index) => ({ ...key, isToBeReplaced: index === ring.length - 1 }));
      case 'SigningKeyRetired':
      case 'SigningKeyRevoked':
        return ring.filter((key) => key.kid !== data.kid);
    }
  },

  decide(ring, command) {
    switch (command.type) {
      case 'AddSigningKey': {
        const { kid, alg, publicJwk, credentialId, now } = command;
        if (!needsKey(ring, now)) return [];
        const isFirst = ring.length === 0;
        const activatesAt = new Date(now.getTime() + (isFirst ? 0 : PUBLISHED_AHEAD_MS)).toISOString();
        return [{ type: 'SigningKeyAdded', data: { kid, alg, publicJwk, credentialId, activatesAt } }];
      }
      case 'RequestSigningKeyRotation': {
        const newest = ring.at(-1);
        // One that does not sign yet is the replacement.
        const isUnderWay = newest === undefined || newest.isToBeReplaced || newest.activatesAt > command.now;
        return isUnderWay ? [] : [{ type: 'SigningKeyRotationRequested', data: {} }];
      }
      case 'RetireSigningKeys':
        return outlived(ring, command.now).map(({ kid }) => ({ type: 'SigningKeyRetired', data: { kid } }));
      case 'RevokeSigningKey':
        if (!ring.some(({ kid }) => kid === command.kid)) throw new Refused('signing-key-unknown');
        return [{ type: 'SigningKeyRevoked', data: { kid: command.kid } }];
    }
  },
};
