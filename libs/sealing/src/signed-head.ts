import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { Head, SealingKeyId, SealingPublicKey, SignedHead } from '#domain/sealing/sealing.js';
import { canonicalJson } from './canonical-json.js';
import { sha256 } from './merkle-tree.js';

/** A key that seals: what names it, and what is kept of it. */
export interface SealingKeyPair {
  readonly keyId: SealingKeyId;
  readonly publicKey: SealingPublicKey;
  /** PKCS #8, base64. */
  readonly privateKey: string;
}

const KEY_BYTES = 32;
/** An Ed25519 key as SubjectPublicKeyInfo is this and then the key (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export function newSealingKey(): SealingKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = asText(publicKey);
  return {
    keyId: keyIdOf(raw),
    publicKey: raw,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
}

export const keyIdOf = (key: SealingPublicKey): SealingKeyId =>
  sha256(Buffer.from(key, 'base64url')).toString('base64url');

/** @throws Error if it is no such key */
export const privateKeyFrom = (pkcs8: string): KeyObject =>
  createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' });

/** As a file has it that others verify with (RFC 7468 §13). */
export const asPem = (key: SealingPublicKey): string =>
  keyObject(key).export({ format: 'pem', type: 'spki' }).toString();

/** The key in a PEM file. @throws Error if there is none of Ed25519 in it */
export function publicKeyFromPem(pem: string): SealingPublicKey {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('It is no Ed25519 key.');
  return asText(key);
}

/** SHA-256 of what is signed, base64url: what the next head names. */
export const headHash = (head: Head): string => sha256(canonicalJson(head)).toString('base64url');

export const signHead = (head: Head, key: KeyObject): SignedHead => ({
  head,
  signature: sign(null, Buffer.from(canonicalJson(head)), key).toString('base64url'),
});

/** Whether a value from outside has the shape of a signed head; who signed it is another question. */
export function isSignedHead(value: unknown): value is SignedHead {
  if (typeof value !== 'object' || value === null || !('head' in value) || !('signature' in value)) return false;
  const { head, signature } = value;
  if (typeof head !== 'object' || head === null || typeof signature !== 'string') return false;
  const members: Partial<Record<keyof Head, unknown>> = head;
  const { number, size, position, previousHead, nextKey } = members;
  const texts = [members.log, members.rootHash, members.at, members.keyId, previousHead ?? '', nextKey ?? ''];
  return (
    Number.isSafeInteger(number) &&
    Number.isSafeInteger(size) &&
    typeof position === 'string' &&
    /^[0-9]{1,20}$/.test(position) &&
    texts.every((text) => typeof text === 'string')
  );
}

/** Whether this key has signed this head. */
export function isSignedBy({ head, signature }: SignedHead, key: SealingPublicKey): boolean {
  try {
    return verify(null, Buffer.from(canonicalJson(head)), keyObject(key), Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

function keyObject(key: SealingPublicKey): KeyObject {
  const raw = Buffer.from(key, 'base64url');
  if (raw.length !== KEY_BYTES) throw new Error('An Ed25519 key has 32 bytes.');
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}

const asText = (key: KeyObject): SealingPublicKey =>
  key.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length).toString('base64url');
