import type { Decider } from '../decider.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { CredentialId, StreamName } from '../ids.js';
import { Refused } from '../refused.js';

/** One stream for all heads: which head follows which is decided over all of them. Head n is its event number n. */
export const SEALING_HEADS: StreamName = 'sealing-heads';

/** An Ed25519 public key (RFC 8032), 32 bytes, base64url. */
export type SealingPublicKey = string;

/** The SHA-256 of a sealing key's 32 bytes, base64url: its name in heads. */
export type SealingKeyId = string;

/** What the log was at a moment: a signed tree head (RFC 9162 §4.10), and whom it follows. */
export interface Head {
  /** From 1, without gaps. */
  readonly number: number;
  /** The id of the first key that sealed this log, which names the log. */
  readonly log: SealingKeyId;
  /** How many leaves the tree has: the events of the log in its order, from the first. */
  readonly size: number;
  /** RFC 9162 §2.1.1, base64url. */
  readonly rootHash: string;
  /** Of the last event in the tree; a decimal number. */
  readonly position: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** The SHA-256 of the canonical JSON (RFC 8785) of the head before, base64url; null in the first. */
  readonly previousHead: string | null;
  /** Who signs it. */
  readonly keyId: SealingKeyId;
  /** Who signs from the next head on, where the key is replaced. */
  readonly nextKey: SealingPublicKey | null;
}

/** A head as it is kept in the log and handed out. */
export interface SignedHead {
  readonly head: Head;
  /** Ed25519 over the canonical JSON of the head, base64url. */
  readonly signature: string;
}

// Stored exactly as written: a changed type or field needs a new schema version and an upcaster.
export type SealingEvent =
  | {
      readonly type: 'SealingBegun';
      readonly data: {
        readonly keyId: SealingKeyId;
        readonly publicKey: SealingPublicKey;
        /** The private key's row in the vault. */
        readonly credentialId: CredentialId;
      };
    }
  | {
      readonly type: 'LogSealed';
      readonly data: SignedHead & {
        /** The SHA-256 of the head's canonical JSON, base64url: what the next one names. */
        readonly headHash: string;
        readonly nextKey: NextKey | null;
      };
    };

/** Of the key that the head announces. */
interface NextKey {
  readonly keyId: SealingKeyId;
  readonly credentialId: CredentialId;
}

export const sealingEvents: EventCatalogue<SealingEvent> = {
  LogSealed: { schema: 1 },
  SealingBegun: { schema: 1 },
};

export type SealingCommand =
  | {
      readonly type: 'BeginSealing';
      readonly keyId: SealingKeyId;
      readonly publicKey: SealingPublicKey;
      readonly credentialId: CredentialId;
    }
  | {
      readonly type: 'SealLog';
      readonly signed: SignedHead;
      readonly headHash: string;
      /** Where the head announces another key. */
      readonly nextKey: NextKey | null;
    };

export type SealingRefusal = 'head-out-of-order' | 'nothing-sealed' | 'position-not-sealed' | 'tree-size-unknown';

/** A key that signs heads, or has signed some. */
export interface SealingKey {
  readonly keyId: SealingKeyId;
  readonly publicKey: SealingPublicKey;
  readonly credentialId: CredentialId;
  /** The number of the head that announced it, under the key before; 0 for the first key. */
  readonly announcedBy: number;
}

interface LastHead {
  readonly number: number;
  readonly size: number;
  readonly rootHash: string;
  readonly position: string;
  readonly at: string;
  readonly hash: string;
}

/** Where the heads of the log stand. */
export type Sealing =
  | { readonly status: 'none' }
  | {
      readonly status: 'begun';
      readonly log: SealingKeyId;
      /** From the first to the one that signs the next head. */
      readonly keys: readonly [SealingKey, ...SealingKey[]];
      /** Null before the first. */
      readonly last: LastHead | null;
    };

/** Heads that follow each other; of two that seal at the same moment, one is refused and goes on from the other's. */
export const sealing: Decider<Sealing, SealingCommand, SealingEvent> = {
  events: sealingEvents,
  initial: { status: 'none' },
  // A head every ten seconds makes the stream long.
  foldVersion: 1,

  evolve(state, { type, data }) {
    switch (type) {
      case 'SealingBegun': {
        return { status: 'begun', log: data.keyId, keys: [{ ...data, announcedBy: 0 }], last: null };
      }
      case 'LogSealed': {
        if (state.status === 'none') return state;
        const { number, size, rootHash, position, at, nextKey: publicKey } = data.head;
        const last = { number, size, rootHash, position, at, hash: data.headHash };
        if (data.nextKey === null || publicKey === null) return { ...state, last };
        return { ...state, keys: [...state.keys, { ...data.nextKey, publicKey, announcedBy: number }], last };
      }
    }
  },

  decide(state, command) {
    switch (command.type) {
      case 'BeginSealing': {
        const { keyId, publicKey, credentialId } = command;
        return state.status === 'none' ? [{ type: 'SealingBegun', data: { keyId, publicKey, credentialId } }] : [];
      }
      case 'SealLog': {
        const { signed, headHash, nextKey } = command;
        if (state.status === 'none' || !follows(signed.head, state))
          throw new Refused('head-out-of-order', 'Another head was signed in the meantime.');
        return [{ type: 'LogSealed', data: { ...signed, headHash, nextKey } }];
      }
    }
  },
};

/** Who signs the next head. */
export const signingKeyOf = ({ keys }: Extract<Sealing, { status: 'begun' }>): SealingKey => keys.at(-1) ?? keys[0];

function follows(head: Head, state: Extract<Sealing, { status: 'begun' }>): boolean {
  const { log, last } = state;
  const isNext =
    head.log === log &&
    head.keyId === signingKeyOf(state).keyId &&
    head.number === (last?.number ?? 0) + 1 &&
    head.previousHead === (last?.hash ?? null);
  const before = last ?? { size: 0, position: '0', at: '' };
  const isLater = BigInt(head.position) >= BigInt(before.position) && head.at >= before.at;
  // The same tree again says nothing, but that another key signs from now on.
  const hasGrown = head.size > before.size || (head.size === before.size && head.nextKey !== null);
  return isNext && isLater && hasGrown;
}
